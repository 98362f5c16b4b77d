import type { Fleet } from '../../core/fleet.ts';

/** Why silence of other DHCP servers says nothing here; undefined where somebody listens for them. */
export function radarGap({ services }: Fleet): string | undefined {
  const { radar } = services;
  if (radar?.is === 'off' || radar?.is === 'failed') return `not listened for (${radar.why})`;
  return radar?.is === 'ok' && radar.listens === '' ? 'no interface to listen on' : undefined;
}

import type { Fleet } from '../../core/fleet.ts';
import { freshRivals } from '../../core/rivals.ts';
import type { TimeMs } from '../../core/time.ts';
import { renderSpan } from '../format/duration.ts';

/** Why silence of other DHCP servers says nothing here; undefined where somebody listens for them. */
export function radarGap({ services }: Fleet): string | undefined {
  const { radar } = services;
  if (radar?.is === 'off' || radar?.is === 'failed') return `not listened for (${radar.why})`;
  return radar?.is === 'ok' && radar.listens === '' ? 'no interface to listen on' : undefined;
}

/** Whoever waits for an address asks again within so long. */
export const LISTEN_MS = 30_000;

export interface RadarWord {
  /** `unknown`: nobody listens, and what was not heard says nothing. */
  readonly state: 'done' | 'working' | 'failed' | 'waiting' | 'unknown';
  readonly note: string;
}

/** Whether this wire has another DHCP server, as far as it is known; quiet alone is no answer before it was listened to. */
export function radarWord(fleet: Fleet, nowMs: TimeMs): RadarWord {
  const [rival] = freshRivals(fleet, nowMs);
  if (rival !== undefined) return { state: 'failed', note: `${rival.server} answers too` };
  const gap = radarGap(fleet);
  if (gap !== undefined) return { state: 'unknown', note: gap };
  if (fleet.services['radar'] === undefined) return { state: 'waiting', note: '' };
  const past = Object.values(fleet.rivals).sort((a, b) => b.lastAt - a.lastAt)[0];
  if (past !== undefined)
    return { state: 'unknown', note: `${past.server} answered ${renderSpan(nowMs - past.lastAt)} ago` };
  const heardMs = Math.max(0, nowMs - fleet.startedAt);
  return heardMs < LISTEN_MS
    ? { state: 'working', note: `listened ${renderSpan(heardMs)} of ${renderSpan(LISTEN_MS)}` }
    : { state: 'done', note: `listened ${renderSpan(heardMs)}, none heard` };
}

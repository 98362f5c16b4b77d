import { causeOf } from './cause.ts';
import type { Health, NodeState } from './node.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

/** The same name is the same trouble: how it is told may change while it lasts. */
export const troubleName = (health: Health): string => (health.is === 'ok' ? '' : `${health.is} ${health.code}`);

/** That a cause is gone need not mean that all is well: firmware that is given another offer has its time anew. */
export function troubleText(before: Health, { health, phase }: NodeState, at: TimeMs): string {
  if (health.is === 'ok')
    return before.is === 'ok'
      ? `nothing is wrong with it any more; it is in ${phase.is}`
      : `no longer ${before.code}, after ${Math.round((at - before.since) / SECOND_MS)} s; it is in ${phase.is}`;
  const detail = health.detail === '' ? '' : ` ${health.detail}`;
  return `${health.is.toUpperCase()} ${health.code}: ${causeOf(health.code)}${detail}`;
}

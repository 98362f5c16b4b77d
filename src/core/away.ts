import type { NodeState } from './node.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

/** Nothing was heard of it since this program started: what it did or asked before that, nobody may have heard. */
export const isUnheard = ({ phase, seen }: NodeState, startedAt: TimeMs): boolean =>
  Math.max(phase.since, seen.lastAt ?? 0) < startedAt;

/** As the end of a line that says how long nothing came. */
export const awayText = (startedAt: TimeMs, at: TimeMs): string =>
  `; this program was away in between, and has listened again for ${Math.round((at - startedAt) / SECOND_MS)} s`;

import type { Fleet } from './fleet.ts';
import { fleetText, parseFleet } from './fleet-json.ts';
import { aheadOf } from './host-clock.ts';
import type { TimeMs } from './time.ts';

/** All that is a time here is called so; what is written down before this century is none. */
const IS_TIME = /(?:^at|At|^since|Since|^until|Until)$/;
const CENTURY = 946_684_800_000;

/**
 * At a start whose clock is behind the journal: everything keeps its age, and whatever is to end keeps no more time than it
 * had left. Else all of it would lie in the future, a job would live on until that is reached, and no hang would be named.
 */
export function movedBack(fleet: Fleet, byMs: number): Fleet {
  const isTime = (value: unknown): value is number => typeof value === 'number' && value > CENTURY;
  const move = (key: string, value: unknown): unknown => {
    if (key === 'failedBoots' && Array.isArray(value)) return value.map((one) => (isTime(one) ? one - byMs : one));
    return isTime(value) && IS_TIME.test(key) ? value - byMs : value;
  };
  const moved = parseFleet(JSON.parse(fleetText(fleet), move));
  if (!moved.ok) throw new Error(moved.error);
  return moved.value;
}

/** By how much the clock is behind the journal, by what it says itself and by its last event. */
export function setBackSince(fleet: Fleet, now: TimeMs): number {
  return Math.max(0, aheadOf(fleet), fleet.at > now ? fleet.at - now + 1 : 0);
}

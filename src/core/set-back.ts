import type { Fleet } from './fleet.ts';
import { fleetText, parseFleet } from './fleet-json.ts';
import { aheadOf } from './host-clock.ts';
import type { TimeMs } from './time.ts';

/** All that is a time here is called so; what is written down before this century is none. */
const IS_TIME = /(?:^at|At|^since|Since|^until|Until)$/;
const CENTURY = 946_684_800_000;

/**
 * At a start whose clock is behind the journal, or before it: everything keeps its age, and whatever is to end keeps no more time than it
 * had left. Else all of it would lie in the future, a job would live on until that is reached, and no hang would be named.
 */
export function movedBack(fleet: Fleet, byMs: number): Fleet {
  const isTime = (value: unknown): value is number => typeof value === 'number' && value > CENTURY;
  const move = (key: string, value: unknown): unknown => {
    if (key === 'reported') return withOwnTimes(value, byMs);
    if (key === 'failedBoots' && Array.isArray(value)) return value.map((one) => (isTime(one) ? one - byMs : one));
    return isTime(value) && IS_TIME.test(key) ? value - byMs : value;
  };
  const moved = parseFleet(JSON.parse(fleetText(fleet), move));
  if (!moved.ok) throw new Error(moved.error);
  return moved.value;
}

/** Talos tells its events by the clock of its machine, and what is told again is known by that. A reviver sees it moved. */
function withOwnTimes(reported: unknown, byMs: number): unknown {
  if (!isRecord(reported) || !Array.isArray(reported['events'])) return reported;
  const events = reported['events'].map((mark: unknown) => {
    if (!isRecord(mark) || typeof mark['at'] !== 'number') return mark;
    const own = mark['at'] + byMs;
    return own > CENTURY ? { ...mark, at: own } : mark;
  });
  return { ...reported, events };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/**
 * By how much the clock is behind the journal, by what it says itself and by its last event; less than nothing where it is
 * before it, because it was set forward under the engine that wrote it.
 */
export function setBackSince(fleet: Fleet, now: TimeMs): number {
  const ahead = aheadOf(fleet);
  return fleet.at > now ? Math.max(ahead, fleet.at - now + 1) : ahead;
}

import type { EventOf } from './event.ts';
import type { Fleet } from './fleet.ts';
import { fleetText, parseFleet } from './fleet-json.ts';
import { endingEarlier } from './host-clock.ts';

/** All that is a time here is called so. */
const IS_TIME = /(?:^at|At|^since|Since|^until|Until)$/;
/** A host without a clock of its own begins in 1970: whatever is not none is a time. */
const isAny = (value: number): boolean => value !== 0;
/** As older versions had it, whose journals replay as they were. */
const isOfThisCentury = (value: number): boolean => value > 946_684_800_000;

/** The time of the engine that starts is that of the host's clock again, whatever it was in the run before. */
export function takenOver(
  fleet: Fleet,
  { setBackMs = 0, endsEarlierMs = 0, boot, spanUnknown }: EventOf<'engine.started'>,
): Fleet {
  const ending = endingEarlier(fleet, endsEarlierMs);
  if (setBackMs === 0) return ending;
  return movedBack(ending, setBackMs, boot === undefined && spanUnknown === undefined ? isOfThisCentury : isAny);
}

/**
 * At a start whose clock is behind the journal, or before it: everything keeps its age, and whatever is to end keeps no more time than it
 * had left. Else all of it would lie in the future, a job would live on until that is reached, and no hang would be named.
 */
export function movedBack(fleet: Fleet, byMs: number, isOne = isAny): Fleet {
  const isTime = (value: unknown): value is number => typeof value === 'number' && isOne(value);
  const move = (key: string, value: unknown): unknown => {
    if (key === 'reported') return withOwnTimes(value, byMs, isOne);
    if (key === 'failedBoots' && Array.isArray(value)) return value.map((one) => (isTime(one) ? one - byMs : one));
    return isTime(value) && IS_TIME.test(key) ? value - byMs : value;
  };
  const moved = parseFleet(JSON.parse(fleetText(fleet), move));
  if (!moved.ok) throw new Error(moved.error);
  return moved.value;
}

/** Talos tells its events by the clock of its machine, and what is told again is known by that. A reviver sees it moved. */
function withOwnTimes(reported: unknown, byMs: number, isOne: (value: number) => boolean): unknown {
  if (!isRecord(reported) || !Array.isArray(reported['events'])) return reported;
  const events = reported['events'].map((mark: unknown) => {
    if (!isRecord(mark) || typeof mark['at'] !== 'number') return mark;
    const own = mark['at'] + byMs;
    return mark['at'] !== 0 && isOne(own) ? { ...mark, at: own } : mark;
  });
  return { ...reported, events };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { fleetText } from '../core/fleet-json.ts';
import type { LogLine as SourcedLine } from '../core/ports.ts';
import { reduce } from '../core/reduce.ts';
import type { TimeMs } from '../core/time.ts';
import { createTroubleLog } from '../engine/trouble-log.ts';
import type { Recording } from './replay-source.ts';

/** The recorded events with the state after each of them, through the same reducer as the engine's. */
export interface Timeline {
  readonly count: number;
  readonly fromMs: TimeMs;
  readonly toMs: TimeMs;
  /** The state after the first `index` events. */
  readonly fleetAfter: (index: number) => Fleet;
  readonly eventAt: (index: number) => Event | undefined;
  /** When an event is shown. Never before the one ahead of it, though a clock may have been set back. */
  readonly timeOf: (index: number) => TimeMs;
  /** How many events had happened by then. */
  readonly countUntil: (at: TimeMs) => number;
  /** Causes that begin and end, in order, as far as the replay ever was. */
  readonly troubles: readonly Trouble[];
  /** What came to light on the way: the snapshot told otherwise, an event of another release. */
  readonly notes: () => readonly string[];
}

export interface Trouble {
  /** It follows from the first so many events. */
  readonly after: number;
  readonly line: SourcedLine;
}

/** States share what did not change, so a marker costs little; going back means at most so many steps again. */
const MARK_EVERY = 512;

export function createTimeline(recording: Recording): Timeline {
  const { events, start } = recording;
  const times = monotonicTimes(events.map((one) => one.event.time));
  const marks: Fleet[] = [start];
  const notes: string[] = [];
  const troubles: Trouble[] = [];
  let at = { index: 0, fleet: start };
  let furthest = 0;
  const follow = createTroubleLog(start, (line) => troubles.push({ after: furthest, line }));

  const advance = (state: { index: number; fleet: Fleet }): void => {
    const recorded = events[state.index];
    if (recorded === undefined) return;
    state.fleet = step(recording, state.index, state.fleet, notes);
    state.index += 1;
    if (state.index > furthest) {
      furthest = state.index;
      follow(recorded.event, state.fleet);
    }
    if (state.index % MARK_EVERY === 0) marks[state.index / MARK_EVERY] ??= state.fleet;
  };

  return {
    count: events.length,
    fromMs: times[0] ?? start.at,
    toMs: times.at(-1) ?? start.at,
    fleetAfter(index) {
      const wanted = Math.max(0, Math.min(index, events.length));
      const mark = Math.min(Math.floor(wanted / MARK_EVERY), marks.length - 1);
      const marked = marks[mark];
      if ((wanted < at.index || mark * MARK_EVERY > at.index) && marked !== undefined)
        at = { index: mark * MARK_EVERY, fleet: marked };
      while (at.index < wanted) advance(at);
      return at.fleet;
    },
    eventAt: (index) => events[index]?.event,
    timeOf: (index) => times[index] ?? times.at(-1) ?? start.at,
    countUntil: (time) => countUntil(times, time),
    troubles,
    notes: () => notes,
  };
}

function step(recording: Recording, index: number, before: Fleet, notes: string[]): Fleet {
  const recorded = recording.events[index];
  if (recorded === undefined) return before;
  const after = reduceOrKeep(before, recorded.event, recorded.seq, notes);
  const { snapshot } = recording;
  if (snapshot?.afterIndex !== index) return after;
  if (fleetText(after) === fleetText(snapshot.fleet)) return after;
  note(
    notes,
    `from record ${recorded.seq} on the state is that of the snapshot, which says more than the journal does`,
  );
  return snapshot.fleet;
}

/** A journal of another release may hold what this reducer does not know. The rest of the story is still worth seeing. */
function reduceOrKeep(before: Fleet, event: Event, seq: number, notes: string[]): Fleet {
  try {
    return reduce(before, event)[0];
  } catch {
    note(notes, `record ${seq} (${event.type}) is not understood by this release and was passed over`);
    return before;
  }
}

function note(notes: string[], text: string): void {
  if (!notes.includes(text) && notes.length < 100) notes.push(text);
}

function monotonicTimes(times: readonly TimeMs[]): readonly TimeMs[] {
  let latest = Number.NEGATIVE_INFINITY;
  return times.map((time) => {
    latest = Math.max(latest, time);
    return latest;
  });
}

function countUntil(times: readonly TimeMs[], time: TimeMs): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

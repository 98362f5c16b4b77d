import type { Effect } from '../core/effect.ts';
import type { Event, EventBody, EventOf, EventType } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { isUnderWay } from '../core/may-power.ts';
import type { EnginePort } from '../core/ports.ts';
import { reduce } from '../core/reduce.ts';
import type { Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';
import type { EffectPort, JournalPort } from './engine-ports.ts';
import { createWhenDurable } from './when-durable.ts';

export interface EngineParts {
  readonly fleet: Fleet;
  readonly journal: JournalPort;
  readonly effects: EffectPort;
  readonly now: () => TimeMs;
}

type EffectOf<T extends Effect['type']> = Extract<Effect, { readonly type: T }>;

export interface Engine extends EnginePort {
  /** Emits and answers when the event is on disk, or with why it is not. */
  readonly emitDurably: (bodies: readonly EventBody[]) => Promise<Result<void>>;
  /** What waits for the disk is not done any more: nothing may be emitted once the journal is closed. */
  readonly letGo: () => void;
  /** Every event in order, with the fleet after it. Returns how to stop. */
  readonly follow: (listener: (event: Event, fleet: Fleet) => void) => () => void;
}

/** Progress that a later report replaces: the journal may drop these first when it cannot write. */
const RATES: ReadonlySet<EventType> = new Set(['loader.progressed', 'image.progressed', 'bmc.powerRead']);

/**
 * The only writer: one queue, one event after the other through `reduce`. `emit` has reduced before it returns, so that
 * a server's next answer sees what it just did; events that arise while one is reduced wait their turn.
 */
export function createEngine({ fleet: found, journal, effects, now }: EngineParts): Engine {
  let fleet = found;
  let draining = false;
  let lastSeq = 0;
  const queue: Event[] = [];
  const whenDurable = createWhenDurable(journal);
  const listeners = new Set<(event: Event, fleet: Fleet) => void>();

  const take = (event: Event): readonly Effect[] => {
    const [next, orders] = reduce(fleet, event);
    fleet = next;
    lastSeq = journal.append(event, RATES.has(event.type) ? 'rate' : 'event');
    for (const listener of listeners) listener(event, fleet);
    return orders;
  };

  const give = (event: Event, effect: Effect): void => {
    if (effect.type === 'job.store') whenDurable.add(lastSeq, () => tellStored(effect));
    else if (event.type === 'job.stored') whenDurable.add(lastSeq, () => begin(event, effect));
    else effects.run(effect, emit);
  };

  const tellStored = ({ node, job }: EffectOf<'job.store'>): void => {
    if (nodeOf(fleet, node)?.job?.id === job) emit({ type: 'job.stored', node, job });
  };

  /** Nothing leaves for a job before its arming is on disk, and that it is so: a start ends what was never answered. */
  const begin = ({ node: name, job, time }: EventOf<'job.stored'>, effect: Effect): void => {
    const node = nodeOf(fleet, name);
    // A disk that was slow: its job may be over, or a person booted it meanwhile.
    if (node?.job?.id === job && !isUnderWay(node, time)) effects.run(effect, emit);
  };

  const drain = () => {
    draining = true;
    try {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
        for (const effect of take(event)) give(event, effect);
      }
    } finally {
      draining = false;
    }
  };

  const emit = (body: EventBody): void => {
    queue.push({ ...body, time: now() });
    if (!draining) drain();
  };

  return {
    fleet: () => fleet,
    now,
    emit,
    async emitDurably(bodies) {
      for (const body of bodies) emit(body);
      return await journal.durable(lastSeq);
    },
    letGo: whenDurable.stop,
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

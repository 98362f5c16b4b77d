import type { Effect } from '../core/effect.ts';
import type { Event, EventBody, EventType } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import type { EnginePort } from '../core/ports.ts';
import { reduce } from '../core/reduce.ts';
import type { Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';
import type { EffectPort, JournalPort } from './engine-ports.ts';

export interface EngineParts {
  readonly fleet: Fleet;
  readonly journal: JournalPort;
  readonly effects: EffectPort;
  readonly now: () => TimeMs;
}

export interface Engine extends EnginePort {
  /** Emits and answers when the event is on disk, or with why it is not. */
  readonly emitDurably: (bodies: readonly EventBody[]) => Promise<Result<void>>;
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
  const listeners = new Set<(event: Event, fleet: Fleet) => void>();

  const take = (event: Event): readonly Effect[] => {
    const [next, orders] = reduce(fleet, event);
    fleet = next;
    lastSeq = journal.append(event, RATES.has(event.type) ? 'rate' : 'event');
    for (const listener of listeners) listener(event, fleet);
    return orders;
  };

  const drain = () => {
    draining = true;
    try {
      for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
        for (const effect of take(event)) effects.run(effect, emit);
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
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { renderFleet } from '../core/fleet-json.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { Carrier, FromClient, FromEngine } from './link-protocol.ts';
import { SENT_AT_ONCE } from './urgent-events.ts';

export interface Following {
  /** The client took what it was sent last. */
  readonly took: () => void;
  readonly stop: () => void;
}

interface Followed {
  readonly engine: Engine;
  readonly bytesPerSecond: () => number;
}

const SLOWEST_MS = 1000;
const FASTEST_MS = 20;
/** A screen reduces these in some 10 ms; then a key has its turn. */
const MOST_AT_ONCE = 1_000;
/** A second of a DHCP flood, some MB. Whoever is further behind has the state anew, which takes less. */
const MOST_WAITING = 20_000;
const PIECE_CHARS = 256 * 1024;

/**
 * The state once, then what happens, in batches; each when the one before was taken. So a client that falls behind never
 * has more of the engine's memory than `MOST_WAITING` events: beyond them they are forgotten, and it gets the state again.
 * Differences of states instead of events were tried: they cost this thread four times as much.
 */
export function followEngine(
  { engine, bytesPerSecond }: Followed,
  carrier: Carrier<FromEngine, FromClient>,
  wishedMs: number,
): Following {
  let pieces: Iterator<FromEngine> | undefined;
  let waiting: Event[] = [];
  let rate = 0;
  let isBehind = true;
  let isUrgent = false;
  let isOut = false;

  const nextMessage = (): FromEngine | undefined => {
    if (isBehind) pieces = renderState(engine.fleet(), engine.now());
    isBehind = false;
    const piece = pieces?.next();
    if (piece?.done === false) return piece.value;
    pieces = undefined;
    const now = bytesPerSecond();
    if (waiting.length === 0 && now === rate) return undefined;
    rate = now;
    isUrgent = false;
    return { t: 'events', at: engine.now(), events: waiting.splice(0, MOST_AT_ONCE), bytesPerSecond: rate };
  };
  const tell = () => {
    const message = isOut ? undefined : nextMessage();
    if (message === undefined) return;
    isOut = true;
    if (!carrier.send(message)) carrier.close();
  };
  const timer = setInterval(tell, Math.max(FASTEST_MS, Math.min(wishedMs, SLOWEST_MS)));
  const unfollow = engine.follow((event) => {
    if (isBehind) return;
    waiting.push(event);
    if (waiting.length > MOST_WAITING) {
      waiting = [];
      isBehind = true;
    } else if (SENT_AT_ONCE.has(event.type)) {
      isUrgent = true;
      queueMicrotask(tell);
    }
  });
  tell();
  return {
    took: () => {
      isOut = false;
      if (isBehind || isUrgent || pieces !== undefined || waiting.length >= MOST_AT_ONCE) tell();
    },
    stop: () => {
      clearInterval(timer);
      unfollow();
    },
  };
}

/** In pieces that are made when they are wanted: nothing waits for the whole. */
function* renderState(fleet: Fleet, at: number): Generator<FromEngine> {
  let text = '';
  let first = true;
  for (const fragment of renderFleet(fleet)) {
    text += fragment;
    if (text.length < PIECE_CHARS) continue;
    yield { t: 'fleet', text, first, last: false, at };
    text = '';
    first = false;
  }
  yield { t: 'fleet', text, first, last: true, at };
}

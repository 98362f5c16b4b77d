import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { fleetText } from '../../src/core/fleet-json.ts';
import { fail, ok } from '../../src/core/result.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import { connectLink } from '../../src/link/connect-link.ts';
import type { Carrier, FromClient, FromEngine } from '../../src/link/link-protocol.ts';
import { createLinkServer } from '../../src/link/serve-link.ts';
import { EVENT_SAMPLES, specOf, T0 } from '../core/kit.ts';

const EVERY_MS = 100;
const hex = (value: number): string => value.toString(16).padStart(2, '0');
const NODES = Array.from({ length: 400 }, (_, index) =>
  specOf(`node-${index}`, { identity: { macs: [`52:54:00:00:${hex(index >> 8)}:${hex(index & 255)}`] } }),
);

/** An engine and a screen on one link, whose messages lie there until the screen takes them. */
interface Stand {
  readonly engine: Engine;
  /** What the engine has sent and the screen has not looked at. */
  readonly untaken: readonly FromEngine[];
  /** Takes all of that, and what comes of it. */
  readonly takeAll: () => Promise<void>;
  /** Takes one message. */
  readonly takeOne: () => Promise<void>;
  readonly shown: () => Fleet | undefined;
  readonly events: () => number;
}

let stand: Stand;
beforeEach(async () => {
  vi.useFakeTimers();
  stand = await openStand();
});
afterEach(() => vi.useRealTimers());

async function openStand(): Promise<Stand> {
  const engine = createEngine({
    fleet: emptyFleet(T0),
    journal: { append: () => 1, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => T0 + Math.floor(performance.now()),
  });
  engine.emit({ type: 'inventory.loaded', nodes: NODES, site: 'lab', hash: 'h', warnings: [] });
  const untaken: FromEngine[] = [];
  let toEngine: ((message: FromClient) => void) | undefined;
  let toScreen: ((message: FromEngine) => void) | undefined;
  const ends = { onClose: () => undefined, close: () => undefined };
  const engineSide: Carrier<FromEngine, FromClient> = {
    ...ends,
    send: (message) => untaken.push(JSON.parse(JSON.stringify(message))) > 0,
    onMessage: (take) => {
      toEngine = take;
    },
  };
  const screenSide: Carrier<FromClient, FromEngine> = {
    ...ends,
    send: (message) => {
      toEngine?.(message);
      return true;
    },
    onMessage: (take) => {
      toScreen = take;
    },
  };
  const takeOne = async () => {
    const message = untaken.shift();
    if (message !== undefined) toScreen?.(message);
    await Promise.resolve();
  };
  const answer = async () => fail('not asked for here');
  createLinkServer({ engine, program: 'test', bytesPerSecond: () => 0, answer }).take(engineSide);
  const connecting = connectLink(screenSide, { user: 'ada', from: 'tty1', screen: 'test', write: false });
  await takeOne();
  const client = await connecting;
  if (!client.ok) throw new Error(client.error);
  let shown: Fleet | undefined;
  let events = 0;
  client.value.follow((fleet, batch) => {
    shown = fleet;
    events += batch.length;
  }, EVERY_MS);
  const takeAll = async () => {
    while (untaken.length > 0) await takeOne();
  };
  return { engine, untaken, takeAll, takeOne, shown: () => shown, events: () => events };
}

const ask = (index: number, xid: number) =>
  stand.engine.emit({ ...EVENT_SAMPLES['dhcp.firmwareAsked'][0], node: `node-${index % 400}`, xid } as EventBody);
const isTrue = () => expect(fleetText(stand.shown() ?? emptyFleet(0)) === fleetText(stand.engine.fleet())).toBe(true);

test('a screen has the state at once, piece by piece as it takes them', async () => {
  expect(stand.untaken).toHaveLength(1);
  await stand.takeOne();
  expect(stand.untaken).toHaveLength(1);
  await stand.takeAll();
  isTrue();
});

test('then it has what happens, and nothing while nothing happens', async () => {
  await stand.takeAll();
  for (let index = 0; index < 300; index++) ask(index, index);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  await stand.takeAll();
  expect(stand.events()).toBe(300);
  isTrue();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stand.untaken).toHaveLength(0);
});

test('what happened while the first state was on its way comes after it', async () => {
  await stand.takeOne();
  for (let index = 0; index < 300; index++) ask(index, index);
  await stand.takeAll();
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  await stand.takeAll();
  isTrue();
});

test('a screen that takes nothing is sent nothing more; then it catches up in batches that leave room for keys', async () => {
  await stand.takeAll();
  for (let index = 0; index < 5_000; index++) {
    ask(index, index);
    if (index % 100 === 0) await vi.advanceTimersByTimeAsync(EVERY_MS);
  }
  expect(stand.untaken).toHaveLength(1);
  const sizes: number[] = [];
  while (stand.untaken.length > 0) {
    const [message] = stand.untaken;
    if (message?.t === 'events') sizes.push(message.events.length);
    await stand.takeOne();
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  await stand.takeAll();
  expect(stand.events()).toBe(5_000);
  isTrue();
});

test('one that is too far behind has the state again instead of what it missed, also half way through the state', async () => {
  await stand.takeAll();
  const flood = (count: number) => {
    for (let index = 0; index < count; index++) ask(index, index);
  };
  flood(25_000);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  expect(stand.untaken.map((message) => message.t)).toEqual(['fleet']);
  await stand.takeOne();
  flood(25_000);
  await stand.takeAll();
  expect(stand.events()).toBe(0);
  flood(10);
  await vi.advanceTimersByTimeAsync(EVERY_MS);
  await stand.takeAll();
  expect(stand.events()).toBe(10);
  isTrue();
});

test('what is urgent waits for no turn', async () => {
  await stand.takeAll();
  for (let index = 0; index < 3; index++)
    stand.engine.emit({ type: 'talos.panicked', node: `node-${index}`, message: 'oops' });
  await vi.advanceTimersByTimeAsync(0);
  await stand.takeAll();
  expect(stand.events()).toBe(3);
  isTrue();
});

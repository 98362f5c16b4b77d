import { expect, test } from 'vitest';
import { readLeftOrders, takeOverOrders } from '../../src/cli/take-over-orders.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet, nodesOf } from '../../src/core/fleet.ts';
import { lackedOrders } from '../../src/core/noted-order.ts';
import { reduce } from '../../src/core/reduce.ts';
import { ok } from '../../src/core/result.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { tellUnkept } from '../../src/core/unkept.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { keepOrders } from '../../src/engine/keep-orders.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openOrderReserve } from '../../src/store/order-reserve.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { ACTOR, at, planOf, specOf } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { createMemoryDisk, type MemoryDisk } from '../store/memory-disk.ts';

/** What was noted beside the journal is taken over once: a second time it might undo what came after it. */

const DIR = '/state';
const NAMES = ['node-01', 'node-02', 'node-03'];
const panic = (on: boolean, seconds: number): Event => ({
  type: 'site.panicSwitched',
  on,
  by: ACTOR,
  time: at(seconds),
});

const inventory = (nodes: readonly NodeSpec[], follows = false): EventBody => ({
  type: 'inventory.loaded',
  nodes,
  site: 'l',
  hash: 'h',
  warnings: [],
  remembers: true,
  ...(follows && { follows }),
});
const SPECS = NAMES.map((name) => specOf(name));

async function start(disk: MemoryDisk, nodes: readonly NodeSpec[] = SPECS) {
  const journal = await openJournal<Event>(DIR, { disk, session: 'run', retryMinMs: 1, retryMaxMs: 5 });
  const reserve = await openOrderReserve<Event>(DIR, disk);
  if (!journal.ok || !reserve.ok) throw new Error('the state cannot be opened');
  let fleet: Fleet = emptyFleet(at(0));
  const noted = lackedOrders(reserve.value.found, 0);
  for await (const item of readJournal<Event>(DIR, undefined, disk)) {
    if (item.kind !== 'record' || item.seq > journal.value.found.lastSeq) continue;
    [fleet] = reduce(fleet, item.record);
    noted.see(item.seq, item.record, fleet);
  }
  const lacked = noted.left();
  const left = await readLeftOrders({ reserve: reserve.value, journal: journal.value, lacked, fleet, nodes });
  if (!left.ok) {
    await journal.value.close();
    throw new Error(left.error);
  }
  let seconds = 100;
  const now = () => {
    seconds += 1;
    return at(seconds);
  };
  const engine = createEngine({ fleet, journal: journal.value, effects: { run: () => undefined }, now });
  engine.emit({ type: 'engine.started', version: '1', simulated: true });
  const orders = takeOverOrders(engine, journal.value, left.value, inventory(nodes));
  const { notes } = left.value;
  const asKept = { ...journal.value, coveredSeq: () => 0 };
  const keeper = keepOrders(engine, asKept, reserve.value, orders);
  return { journal: journal.value, reserve: reserve.value, engine, fleet: engine.fleet(), keeper, notes, orders };
}

const full = (disk: MemoryDisk) => {
  disk.fault = (operation, path) => (operation === 'write' && path.includes('journal-') ? 'ENOSPC' : undefined);
};
const mend = (disk: MemoryDisk) => {
  disk.fault = () => undefined;
};

/** A run that a full disk kept from saving anything but its notes. */
async function leaveNotes(disk: MemoryDisk): Promise<void> {
  const run = await start(disk);
  await run.journal.durable(run.journal.lastSeq());
  full(disk);
  for (let n = 0; n < 5; n++) run.journal.append({ type: 'clock.ticked', time: at(n) });
  const seq = run.journal.append(panic(true, 10));
  await run.reserve.keep([{ seq, record: panic(true, 10) }]);
  await run.journal.close();
}

test('what was noted is obeyed by the next start, and is in its journal', async () => {
  const disk = createMemoryDisk();
  await leaveNotes(disk);
  mend(disk);
  const next = await start(disk);
  expect(next.fleet.switches.panic?.since).toBe(at(102));
  expect(next.notes).toEqual(['taken over from the run before, which could not save it in its journal: PANIC']);
  await next.journal.close();
  const later = await start(disk);
  expect([later.fleet.switches.panic?.since, later.orders, later.notes]).toEqual([at(102), [], []]);
  await later.journal.close();
});

test('a start that cannot save either leaves it to the one after', async () => {
  const disk = createMemoryDisk();
  await leaveNotes(disk);
  for (let n = 0; n < 3; n++) {
    const next = await start(disk);
    expect(next.fleet.switches.panic?.since).toBe(at(102));
    await next.journal.close();
  }
  mend(disk);
  expect((await start(disk)).fleet.switches.panic?.since).toBe(at(102));
});

test('what the journal has by now is not taken over again, whatever is still noted', async () => {
  const disk = createMemoryDisk();
  await leaveNotes(disk);
  mend(disk);
  const next = await start(disk);
  await waitFor('the order', () => next.journal.durableSeq() >= next.journal.lastSeq());
  full(disk);
  next.journal.append(panic(false, 20));
  await next.journal.close();
  mend(disk);
  const later = await start(disk);
  expect([later.orders, later.fleet.switches.panic?.since]).toEqual([[], at(102)]);
  const struck = await openOrderReserve<Event>(DIR, disk);
  expect(struck.ok && struck.value.found).toEqual([]);
  await later.journal.durable(later.journal.append(panic(false, 30)));
  await later.journal.close();
  expect((await start(disk)).fleet.switches.panic).toBeUndefined();
});

test('where it cannot be noted under its new number, there is no start', async () => {
  const disk = createMemoryDisk();
  await leaveNotes(disk);
  disk.fault = (operation, path) => (operation === 'write' && path.includes('orders') ? 'EIO' : undefined);
  await expect(start(disk)).rejects.toThrow('the disk reports an I/O error');
});

test.each([
  [
    'cannot note it',
    (disk: MemoryDisk) => expect(start(disk)).rejects.toThrow(/I\/O error.*no start without the orders .*: PANIC$/),
  ],
  [
    'are killed while they read the journal',
    async (disk: MemoryDisk) => {
      const journal = await openJournal<Event>(DIR, { disk, session: 'run' });
      expect(journal.ok && (await journal.value.close()).ok).toBe(true);
    },
  ],
])('many starts that %s leave it to the next one', async (_what, fails) => {
  const disk = createMemoryDisk();
  await leaveNotes(disk);
  disk.fault = (operation, path) => (operation === 'write' && path.includes('orders') ? 'EIO' : undefined);
  for (let n = 0; n < 20; n++) await fails(disk);
  mend(disk);
  const next = await start(disk);
  expect(next.fleet.switches.panic).toBeDefined();
  expect(next.notes.join()).toContain('PANIC');
  await next.journal.close();
});

const machine = (name: string, of: string): NodeSpec => ({ ...specOf(of), name });
const held = (node: string): EventBody => ({ type: 'operator.held', node, why: 'smoke', by: ACTOR });
const kept = (node: string): EventBody => ({ type: 'operator.protected', node, by: ACTOR });
const FREED: EventBody = { type: 'operator.released', node: 'node-09', by: ACTOR };

/** What stands on each machine: `node-01 held`. */
const standing = (fleet: Fleet): readonly string[] =>
  nodesOf(fleet).flatMap(({ name, intent, guard }) => [
    ...(intent.is === 'hold' ? [`${name} held`] : []),
    ...(guard === undefined ? [] : [`${name} protected`]),
  ]);

/** Files are edited and orders given while the disk is full; the end is that of a kill. */
async function orderOnFullDisk(disk: MemoryDisk, given: readonly EventBody[]): Promise<Fleet> {
  const run = await start(disk);
  await run.journal.durable(run.journal.lastSeq());
  const stop = run.keeper.follow();
  full(disk);
  expect((await run.engine.emitDurably(given)).ok).toBe(false);
  expect(await run.keeper.areNoted(given.filter(({ type }) => type !== 'inventory.loaded'))).toBe(true);
  stop();
  await run.journal.close();
  mend(disk);
  return run.engine.fleet();
}

const EXCHANGED = [...SPECS.slice(0, 2), machine('node-03', 'node-09'), machine('node-09', 'node-03')];

test.each<readonly [string, readonly EventBody[], readonly NodeSpec[], readonly string[]]>([
  [
    'that came',
    [inventory([...SPECS, specOf('node-09')]), kept('node-09')],
    [...SPECS, specOf('node-09')],
    ['node-09 protected'],
  ],
  [
    'that was renamed',
    [inventory([...SPECS.slice(1), machine('node-11', 'node-01')]), held('node-11'), held('node-02')],
    [...SPECS.slice(1), machine('node-11', 'node-01')],
    ['node-02 held', 'node-11 held'],
  ],
  [
    'that was renamed after it',
    [inventory([...SPECS, specOf('node-09')]), held('node-09'), inventory([...SPECS, machine('node-99', 'node-09')])],
    [...SPECS, machine('node-99', 'node-09')],
    ['node-99 held'],
  ],
  [
    'that exchanged its name with another one after it',
    [inventory([...SPECS, specOf('node-09')]), held('node-09'), inventory(EXCHANGED, true)],
    EXCHANGED,
    ['node-03 held'],
  ],
  [
    'whose name another one has now',
    [held('node-01'), inventory([...SPECS.slice(1), machine('node-11', 'node-01')]), kept('node-11')],
    [...SPECS.slice(1), machine('node-11', 'node-01')],
    ['node-11 held', 'node-11 protected'],
  ],
  [
    'that left after it',
    [inventory([...SPECS.slice(1), machine('node-11', 'node-01')]), held('node-11'), inventory(SPECS.slice(1))],
    SPECS.slice(1),
    [],
  ],
])(
  'a machine %s while the disk was full is as it was told, before anything can be armed',
  async (_what, given, files, expected) => {
    const disk = createMemoryDisk();
    await (await start(disk)).journal.close();
    expect(standing(await orderOnFullDisk(disk, given))).toEqual(expected);
    const next = await start(disk, files);
    expect(standing(next.fleet)).toEqual(expected);
    expect(next.notes.join()).not.toContain('NOT taken over');
    // Of one that left this is remembered.
    next.engine.emit(inventory(SPECS));
    if (expected.length === 0) expect(standing(next.engine.fleet())).toEqual(['node-01 held']);
    await next.journal.close();
  },
);

test('an order to a machine that no file names is told by name, stays noted, and is obeyed when a file names it', async () => {
  const disk = createMemoryDisk();
  await (await start(disk)).journal.close();
  await orderOnFullDisk(disk, [
    inventory([...SPECS, specOf('node-09')]),
    held('node-09'),
    kept('node-09'),
    { type: 'operator.unprotected', node: 'node-09', by: ACTOR },
    held('node-01'),
    { type: 'operator.cancelled', node: 'node-09', by: ACTOR },
  ]);
  for (const taken of [/: cancel node-09; hold node-01$/, undefined]) {
    const next = await start(disk);
    expect(next.notes.filter((note) => !note.startsWith('NOT'))).toEqual(
      taken === undefined ? [] : [expect.stringMatching(taken)],
    );
    expect(next.notes.at(-1)).toBe(
      'NOT taken over from the run before, as no file of the inventory has that name: hold node-09; kept in orders.reserve, and obeyed as soon as one has it',
    );
    const stop = next.keeper.follow();
    await next.journal.durable(next.journal.lastSeq());
    await next.keeper.flush();
    stop();
    await next.journal.close();
  }
  const last = await start(disk);
  const stop = last.keeper.follow();
  last.engine.emit(inventory([...SPECS, specOf('node-09')]));
  expect(standing(last.engine.fleet())).toEqual(['node-01 held', 'node-09 held']);
  await last.journal.durable(last.journal.lastSeq());
  await last.keeper.flush();
  await last.engine.emitDurably([FREED]);
  stop();
  await last.journal.close();
  const after = await start(disk, [...SPECS, specOf('node-09')]);
  expect([after.orders, standing(after.fleet)]).toEqual([[], ['node-01 held']]);
  await after.journal.close();
});

test('of what is taken over that for which there is no room is told as lost at an end', async () => {
  const disk = createMemoryDisk();
  const opened = await openJournal<Event>(DIR, { disk });
  const reserve = await openOrderReserve<Event>(DIR, disk);
  if (!opened.ok || !reserve.ok) throw new Error('the state cannot be opened');
  full(disk);
  const small = { ...reserve.value, found: [], keep: async () => ok(1), close: async () => undefined };
  const lacked = ['node-01', 'node-02'].map((name, n) => ({ seq: n + 1, record: { ...held(name), time: at(n) } }));
  const journal = opened.value;
  const fleet = emptyFleet(at(0));
  const left = await readLeftOrders({ reserve: small, journal, lacked, fleet, nodes: SPECS });
  if (!left.ok) throw new Error(left.error);
  const engine = createEngine({ fleet, journal, effects: { run: () => undefined }, now: () => at(9) });
  const orders = takeOverOrders(engine, journal, left.value, inventory(SPECS));
  const keeper = keepOrders(engine, { ...journal, coveredSeq: () => 0 }, small, orders);
  expect([tellUnkept(keeper.noted()), tellUnkept(keeper.unkept())]).toEqual(['hold node-01', 'hold node-02']);
  await journal.close();
});

test.each<readonly [string, readonly (readonly [number, Event])[], readonly Event['type'][]]>([
  ['says it under its number', [[7, panic(true, 1)]], []],
  ['takes it back, and let go of it', [[9, panic(false, 2)]], []],
  ['said it before', [[5, panic(true, 1)]], ['site.panicSwitched']],
  ['has something else there', [[7, { type: 'clock.ticked', time: at(1) }]], ['site.panicSwitched']],
])('an order is in a journal that %s, and else it is not', (_what, records, expected) => {
  const lacked = lackedOrders([{ seq: 7, record: panic(true, 1) }], 4);
  for (const [seq, record] of records) lacked.see(seq, record);
  expect(lacked.left().map(({ record }) => record.type)).toEqual(expected);
});

test.each<readonly [string, readonly EventBody[]]>([
  [
    'its member and then it',
    [
      { type: 'operator.cancelled', node: 'node-01', by: ACTOR },
      { type: 'site.waveCancelled', wave: 'w', by: ACTOR },
    ],
  ],
  ['its member', [{ type: 'operator.held', node: 'node-01', why: 'smoke', by: ACTOR }]],
  ['all its members', NAMES.map((node) => ({ type: 'operator.protected', node, by: ACTOR }))],
])('a wave of which a full disk kept that %s was ended arms nobody by a start', async (_what, orders) => {
  const disk = createMemoryDisk();
  const run = await start(disk);
  run.engine.emit({
    type: 'inventory.loaded',
    nodes: NAMES.map((name) => specOf(name)),
    site: 'l',
    hash: 'h',
    warnings: [],
  });
  const plan = planOf('reinstall');
  await run.engine.emitDurably([
    {
      type: 'site.waveStarted',
      wave: 'w',
      canary: 0,
      width: 1,
      stopAfterFailures: 9,
      by: ACTOR,
      kind: 'reinstall',
      nodes: NAMES.map((node) => ({ node, job: `job-${node}`, plan, confirmed: node })),
    },
  ]);
  const armedIn = (fleet: Fleet) => nodesOf(fleet).flatMap(({ name, job }) => (job === undefined ? [] : [name]));
  expect(armedIn(run.engine.fleet())).toEqual(['node-01']);
  full(disk);
  const given = orders.map((body) => ({
    seq: run.journal.append({ ...body, time: at(10) }),
    record: { ...body, time: at(10) },
  }));
  await run.reserve.keep(given);
  await run.journal.close();
  mend(disk);
  const next = await start(disk);
  expect(next.orders).toHaveLength(orders.length);
  expect(armedIn(next.fleet)).toEqual([]);
  expect(next.fleet.waves['w']?.state).not.toBe('running');
  await next.journal.close();
});

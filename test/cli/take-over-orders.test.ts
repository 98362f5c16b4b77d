import { expect, test } from 'vitest';
import { readLeftOrders, takeOverOrders } from '../../src/cli/take-over-orders.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet, nodesOf } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
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

async function start(disk: MemoryDisk) {
  const journal = await openJournal<Event>(DIR, { disk, session: 'run', retryMinMs: 1, retryMaxMs: 5 });
  const reserve = await openOrderReserve<Event>(DIR, disk);
  if (!journal.ok || !reserve.ok) throw new Error('the state cannot be opened');
  let fleet: Fleet = emptyFleet(at(0));
  for await (const item of readJournal<Event>(DIR, undefined, disk))
    if (item.kind === 'record' && item.seq <= journal.value.found.lastSeq) [fleet] = reduce(fleet, item.record);
  const left = await readLeftOrders(reserve.value, journal.value);
  if (!left.ok) throw new Error(left.error);
  let seconds = 100;
  const now = () => {
    seconds += 1;
    return at(seconds);
  };
  const engine = createEngine({ fleet, journal: journal.value, effects: { run: () => undefined }, now });
  engine.emit({ type: 'engine.started', version: '1', simulated: true });
  const orders = takeOverOrders(engine, journal.value, left.value.orders);
  return { journal: journal.value, reserve: reserve.value, engine, fleet: engine.fleet(), ...left.value, orders };
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

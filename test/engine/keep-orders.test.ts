import { expect, test } from 'vitest';
import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import { lackedOrders } from '../../src/core/noted-order.ts';
import { reduce } from '../../src/core/reduce.ts';
import { fail } from '../../src/core/result.ts';
import { standingOrder } from '../../src/core/standing-order.ts';
import { tellUnkept, unkeptIn } from '../../src/core/unkept.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { keepOrders } from '../../src/engine/keep-orders.ts';
import { watchSaving } from '../../src/engine/watch-saving.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openOrderReserve } from '../../src/store/order-reserve.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { ACTOR, armed, specOf, T0 } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { createMemoryDisk } from '../store/memory-disk.ts';

/** What a person forbade while the disk was full must be told as lost for as long as it would be. */

const by = ACTOR;
const held: EventBody = { type: 'operator.held', node: 'node-01', why: 'smoke', by };
const panic = (on: boolean): EventBody => ({ type: 'site.panicSwitched', on, by });

async function open(room: 'none' | 'reserve' = 'none') {
  const disk = createMemoryDisk();
  const opened = await openJournal<Event>('/state', { disk, retryMinMs: 1, retryMaxMs: 5, maxWaitingRecords: 50 });
  if (!opened.ok) throw new Error(opened.error);
  const snapshot = { seq: 0 };
  const journal = { ...opened.value, coveredSeq: () => snapshot.seq };
  const engine = createEngine({ fleet: emptyFleet(T0), journal, effects: { run: () => undefined }, now: () => T0 });
  const events: string[] = [];
  engine.follow((event) => events.push(event.type));
  const unwatch = watchSaving(engine, journal);
  const reserve = await openOrderReserve<Event>('/state', disk);
  if (!reserve.ok) throw new Error(reserve.error);
  const notes = room === 'none' ? { keep: async () => fail('full') } : reserve.value;
  const keeper = keepOrders(engine, journal, notes);
  /** The journal's files alone: the bytes of the reserve are taken already. */
  const fill = (code = 'ENOSPC') => {
    disk.fault = (operation, path) => (operation === 'write' && path.includes('journal-') ? code : undefined);
  };
  const unfollow = keeper.follow();
  const stop = () => {
    unwatch();
    unfollow();
  };
  const nodes = [specOf('node-01'), specOf('node-02')];
  await engine.emitDurably([{ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [] }]);
  const told = () => tellUnkept(unkeptIn(engine.fleet()));
  const found = async () => {
    const again = await openOrderReserve<Event>('/state', disk);
    return again.ok ? tellUnkept(again.value.found.flatMap(({ record }) => standingOrder(record) ?? [])) : again.error;
  };
  return { disk, journal, engine, keeper, stop, told, events, fill, found, snapshot };
}

test('orders that wait for a full disk are told by name, and no more when they are saved', async () => {
  const { disk, journal, engine, keeper, told } = await open();
  await engine.emitDurably([held]);
  expect(told()).toBe('');
  disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
  await engine.emitDurably([panic(true)]);
  await waitFor('the first', () => told() === 'PANIC');
  await engine.emitDurably([
    { type: 'operator.cancelled', node: 'node-02', by },
    { type: 'operator.retried', node: 'node-02', by },
    { type: 'operator.protected', node: 'node-01', by },
    { type: 'operator.cancelled', node: 'node-01', by },
  ]);
  await waitFor('the others', () => told() === 'PANIC; cancel node-02, node-01; protect node-01');
  await engine.emitDurably([panic(false), { type: 'operator.unprotected', node: 'node-01', by }]);
  // Whoever does not know them has nothing to take back.
  await waitFor('the taken back', () => told() === 'cancel node-02, node-01');
  expect(tellUnkept(keeper.unkept())).toBe(told());
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  expect([told(), keeper.unkept()]).toEqual(['', []]);
  await journal.close();
});

test('what lifts is told as lost where the disk has what it lifts, however often it changed since', async () => {
  const { disk, journal, engine, told } = await open();
  const on: EventBody = { type: 'operator.protected', node: 'node-01', by };
  const off: EventBody = { type: 'operator.unprotected', node: 'node-01', by };
  await engine.emitDurably([panic(true), on]);
  disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
  // Pressed again, and protected anew.
  await engine.emitDurably([panic(true), panic(false), on, off]);
  await waitFor('both', () => told() === 'end of PANIC; unprotect node-01');
  await engine.emitDurably([panic(true), on]);
  await waitFor('the forbidding', () => told() === 'PANIC; protect node-01');
  await engine.emitDurably([panic(false), off]);
  await waitFor('both again', () => told() === 'end of PANIC; unprotect node-01');
  // Of another machine the disk knows nothing.
  await engine.emitDurably([
    { ...on, node: 'node-02' },
    { ...off, node: 'node-02' },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(told()).toBe('end of PANIC; unprotect node-01');
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await journal.close();
});

test('a thousand that are held together are one event, and a retry that fails again is none', async () => {
  const { disk, journal, engine, events, told } = await open();
  disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
  for (let n = 0; n < 1_000; n++) engine.emit({ type: 'operator.held', node: `n${n}`, why: 'x', by });
  await waitFor('it', () => told() !== '');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(events.filter((type) => type === 'store.ordersUnkept')).toHaveLength(1);
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await journal.close();
});

test('who was stopped keeps in mind what the disk did not take', async () => {
  const { disk, journal, engine, keeper, stop } = await open();
  disk.fault = (operation) => (operation === 'write' ? 'EROFS' : undefined);
  await engine.emitDurably([held]);
  stop();
  expect((await journal.close()).ok).toBe(false);
  expect(tellUnkept(keeper.unkept())).toBe('hold node-01');
});

test('a run whose end saved that it does not save is followed by one that does', async () => {
  const { disk, journal, engine, stop } = await open();
  disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
  await engine.emitDurably([held]);
  await waitFor('failing', () => engine.fleet().saving.is === 'failing');
  stop();
  const left = engine.fleet();
  disk.fault = () => undefined;
  await journal.close();
  const opened = await openJournal<Event>('/state', { disk });
  if (!opened.ok) throw new Error(opened.error);
  const next = createEngine({ fleet: left, journal: opened.value, effects: { run: () => undefined }, now: () => T0 });
  watchSaving(next, opened.value);
  expect(next.fleet().saving).toEqual({ is: 'ok' });
  await opened.value.close();
});

test('what the reserve took is not told as lost, and is on disk when the order is answered', async () => {
  const { disk, journal, engine, keeper, told, fill } = await open('reserve');
  fill();
  const orders: readonly EventBody[] = [
    panic(true),
    held,
    { type: 'operator.poweredBy', node: 'node-01', action: 'off', by },
  ];
  expect((await engine.emitDurably(orders)).ok).toBe(false);
  expect(await keeper.areNoted(orders)).toBe(true);
  const again = await openOrderReserve<Event>('/state', disk);
  expect(again.ok && again.value.found.map(({ record }) => record.type)).toEqual([
    'site.panicSwitched',
    'operator.held',
  ]);
  await waitFor('failing', () => engine.fleet().saving.is === 'failing');
  expect([told(), tellUnkept(keeper.noted())]).toEqual(['', 'PANIC; hold node-01']);
  expect(await keeper.areNoted([{ type: 'operator.retried', node: 'node-01', by }])).toBe(false);
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await keeper.flush();
  const after = await openOrderReserve<Event>('/state', disk);
  expect(after.ok && after.value.found).toEqual([]);
  await journal.close();
});

test('what lifts is noted only behind what it lifts', async () => {
  const { disk, journal, engine, told, fill, keeper } = await open('reserve');
  await engine.emitDurably([held, panic(true)]);
  fill();
  const lifted: readonly EventBody[] = [{ type: 'operator.released', node: 'node-01', by }, panic(false)];
  await engine.emitDurably(lifted);
  expect(await keeper.areNoted(lifted)).toBe(false);
  await waitFor('them', () => told() === 'release node-01; end of PANIC');
  const both: readonly EventBody[] = [
    { ...held, node: 'node-02' },
    { type: 'operator.released', node: 'node-02', by },
  ];
  await engine.emitDurably(both);
  expect(await keeper.areNoted(both)).toBe(true);
  expect(told()).toBe('release node-01; end of PANIC');
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await journal.close();
});

test('where not all has room, PANIC and cancels go before holds of armed machines, and those before all others', async () => {
  const { disk, journal, engine, keeper, told, fill, found } = await open('reserve');
  const armedFor = (node: string, id: string): EventBody => ({
    ...armed('wipe', { node, job: id, confirmed: node, expiresAt: T0 + 3_600_000 }),
  });
  await engine.emitDurably([armedFor('node-01', 'job-1'), armedFor('node-02', 'job-2')]);
  expect(['node-01', 'node-02'].map((name) => nodeOf(engine.fleet(), name)?.job?.kind)).toEqual(['wipe', 'wipe']);
  fill();
  const idle = Array.from(
    { length: 1_200 },
    (_, n): EventBody => ({ ...held, node: `idle-${n}`, why: 'room 7 is warm' }),
  );
  await engine.emitDurably(idle);
  await waitFor('failing', () => engine.fleet().saving.is === 'failing');
  const urgent: readonly EventBody[] = [held, panic(true), { type: 'operator.cancelled', node: 'node-02', by }];
  await engine.emitDurably(urgent);
  expect(await keeper.areNoted(urgent)).toBe(true);
  const noted = await found();
  expect(noted).toMatch(/^PANIC; cancel node-02; hold node-01, idle-0, idle-1, /);
  expect(noted).not.toMatch(/idle-1199/);
  await waitFor('the others', () => told().includes('idle-1199'));
  expect(told()).toMatch(/^hold idle-\d+, /);
  expect(told()).not.toMatch(/PANIC|cancel|node-01/);
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await journal.close();
});

test('a reserve that cannot be written either is told, and one more order tries it again', async () => {
  const { disk, journal, engine, told, fill, keeper } = await open('reserve');
  disk.fault = (operation) => (operation === 'write' ? 'EIO' : undefined);
  await engine.emitDurably([held]);
  expect(await keeper.areNoted([held])).toBe(false);
  await waitFor('it', () => told() === 'hold node-01');
  fill();
  await engine.emitDurably([panic(true)]);
  expect(await keeper.areNoted([panic(true)])).toBe(true);
  await waitFor('both noted', () => told() === '');
  expect(tellUnkept(keeper.noted())).toBe('hold node-01; PANIC');
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await journal.close();
});

test('a disk that hangs is not asked for a note: its thread would be missed', async () => {
  const { engine } = await open();
  let asked = 0;
  const hung = {
    lastSeq: () => 9,
    durableSeq: () => 0,
    isLost: () => false,
    coveredSeq: () => 0,
    durable: async () => fail('hangs'),
    state: () => ({ kind: 'failing', hangs: true as const }),
    onState: () => () => undefined,
  };
  const keeper = keepOrders(engine, hung, { keep: async () => fail(String(++asked)) });
  keeper.follow();
  engine.emit(held);
  expect(await keeper.areNoted([held])).toBe(false);
  expect([asked, tellUnkept(keeper.unkept())]).toEqual([0, 'hold node-01']);
});

test('what the journal let go stays noted until a snapshot knows it, or it was undone', async () => {
  const { disk, engine, fill, found, journal, keeper, snapshot, stop } = await open('reserve');
  fill();
  await engine.emitDurably([panic(true), held]);
  await waitFor('the note', () => tellUnkept(keeper.noted()) === 'PANIC; hold node-01');
  for (let n = 0; n < 200; n++)
    engine.emit({ type: 'service.changed', service: `s${n}`, state: { is: 'ok', listens: 'x' } });
  // What is tried just now may still be saved: it is given back by the next failure, and let go.
  let failures = 0;
  disk.fault = (operation, path) => {
    if (operation !== 'write' || !path.includes('journal-')) return undefined;
    failures += 1;
    return 'ENOSPC';
  };
  await waitFor('two more failures', () => failures > 1);
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await keeper.flush();
  expect([tellUnkept(keeper.noted()), await found()]).toEqual(['PANIC; hold node-01', 'PANIC; hold node-01']);
  // A start takes them over, though the journal has passed their numbers.
  const reserve = await openOrderReserve<Event>('/state', disk);
  const lacked = lackedOrders(reserve.ok ? reserve.value.found : [], 0);
  for await (const item of readJournal<Event>('/state', undefined, disk))
    if (item.kind === 'record') lacked.see(item.seq, item.record);
  expect(lacked.left().map(({ record }) => record.type)).toEqual(['site.panicSwitched', 'operator.held']);
  await engine.emitDurably([{ type: 'operator.released', node: 'node-01', by }]);
  await waitFor('the end of the hold', () => tellUnkept(keeper.noted()) === 'PANIC');
  await keeper.flush();
  expect(await found()).toBe('PANIC');
  snapshot.seq = journal.lastSeq();
  await keeper.flush();
  expect([tellUnkept(keeper.noted()), await found()]).toEqual(['', '']);
  stop();
});

test('an order to a machine whose inventory the journal let go stays noted, though the journal has the order', async () => {
  const { disk, engine, fill, journal, keeper, stop } = await open('reserve');
  fill();
  const nodes = [specOf('node-01'), specOf('node-09')];
  engine.emit({ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h2', warnings: [] });
  for (let n = 0; n < 49; n++)
    engine.emit({ type: 'service.changed', service: `s${n}`, state: { is: 'ok', listens: 'x' } });
  await engine.emitDurably([{ ...held, node: 'node-09' }]);
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  await keeper.flush();
  expect(journal.isLost(journal.lastSeq())).toBe(false);
  expect(tellUnkept(keeper.noted())).toBe('hold node-09');
  const reserve = await openOrderReserve<Event>('/state', disk);
  const lacked = lackedOrders(reserve.ok ? reserve.value.found : [], 0);
  let fleet = emptyFleet(T0);
  for await (const item of readJournal<Event>('/state', undefined, disk)) {
    if (item.kind !== 'record') continue;
    [fleet] = reduce(fleet, item.record);
    lacked.see(item.seq, item.record, fleet);
  }
  expect(lacked.left()).toMatchObject([{ record: { node: 'node-09' }, machine: specOf('node-09').identity }]);
  stop();
});

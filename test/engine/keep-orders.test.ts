import { expect, test } from 'vitest';
import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import { tellUnkept, unkeptIn } from '../../src/core/unkept.ts';
import { createEngine } from '../../src/engine/create-engine.ts';
import { keepOrders } from '../../src/engine/keep-orders.ts';
import { watchSaving } from '../../src/engine/watch-saving.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { ACTOR, specOf, T0 } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { createMemoryDisk } from '../store/memory-disk.ts';

/** What a person forbade while the disk was full must be told as lost for as long as it would be. */

const by = ACTOR;
const held: EventBody = { type: 'operator.held', node: 'node-01', why: 'smoke', by };
const panic = (on: boolean): EventBody => ({ type: 'site.panicSwitched', on, by });

async function open() {
  const disk = createMemoryDisk();
  const opened = await openJournal<Event>('/state', { disk, retryMinMs: 1, retryMaxMs: 5 });
  if (!opened.ok) throw new Error(opened.error);
  const journal = opened.value;
  const engine = createEngine({ fleet: emptyFleet(T0), journal, effects: { run: () => undefined }, now: () => T0 });
  const events: string[] = [];
  engine.follow((event) => events.push(event.type));
  const unwatch = watchSaving(engine, journal);
  const keeper = keepOrders(engine, journal);
  const unfollow = keeper.follow();
  const stop = () => {
    unwatch();
    unfollow();
  };
  const nodes = [specOf('node-01'), specOf('node-02')];
  await engine.emitDurably([{ type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [] }]);
  const told = () => tellUnkept(unkeptIn(engine.fleet()));
  return { disk, journal, engine, keeper, stop, told, events };
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
  await waitFor('the taken back', () => told().includes('end of PANIC'));
  expect(told()).toBe('cancel node-02, node-01; end of PANIC; unprotect node-01');
  expect(tellUnkept(keeper.unkept())).toBe(told());
  disk.fault = () => undefined;
  await waitFor('saving', () => engine.fleet().saving.is === 'ok');
  expect([told(), keeper.unkept()]).toEqual(['', []]);
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

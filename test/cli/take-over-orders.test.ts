import { expect, test } from 'vitest';
import { takeOverOrders } from '../../src/cli/take-over-orders.ts';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { openOrderReserve } from '../../src/store/order-reserve.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { ACTOR, at } from '../core/kit.ts';
import { waitFor } from '../store/journal-kit.ts';
import { createMemoryDisk, type MemoryDisk } from '../store/memory-disk.ts';

/** What was noted beside the journal is taken over once: a second time it might undo what came after it. */

const DIR = '/state';
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
  const taken = await takeOverOrders(reserve.value, journal.value, fleet);
  if (!taken.ok) throw new Error(taken.error);
  return { journal: journal.value, reserve: reserve.value, ...taken.value };
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
  expect(next.fleet.switches.panic?.since).toBe(at(10));
  expect(next.notes).toEqual(['taken over from the run before, which could not save it in its journal: PANIC']);
  await next.journal.close();
  const later = await start(disk);
  expect([later.fleet.switches.panic?.since, later.orders, later.notes]).toEqual([at(10), [], []]);
  await later.journal.close();
});

test('a start that cannot save either leaves it to the one after', async () => {
  const disk = createMemoryDisk();
  await leaveNotes(disk);
  for (let n = 0; n < 3; n++) {
    const next = await start(disk);
    expect(next.fleet.switches.panic?.since).toBe(at(10));
    await next.journal.close();
  }
  mend(disk);
  expect((await start(disk)).fleet.switches.panic?.since).toBe(at(10));
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
  expect([later.orders, later.fleet.switches.panic?.since]).toEqual([[], at(10)]);
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

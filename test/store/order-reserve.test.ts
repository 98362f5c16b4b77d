import { expect, test } from 'vitest';
import { openOrderReserve, RESERVE_NAME, type Reserved } from '../../src/store/order-reserve.ts';
import { createRandom } from '../seeded-random.ts';
import { createMemoryDisk, type MemoryDisk } from './memory-disk.ts';

/** A few records that a full disk must still take, whole or not at all. */

const DIR = '/state';
const PATH = `${DIR}/${RESERVE_NAME}`;
const upTo = (count: number): Reserved<string>[] =>
  Array.from({ length: count }, (_, n) => ({ seq: n + 1, record: `order ${n + 1}` }));

async function open(disk: MemoryDisk) {
  const opened = await openOrderReserve<string>(DIR, disk);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

test('a disk that is full by now takes what is kept, again and again', async () => {
  const disk = createMemoryDisk();
  const reserve = await open(disk);
  disk.capacityBytes = disk.bytesOf(PATH)?.length ?? 0;
  for (const count of [1, 5, 900, 2, 0, 3]) {
    expect(await reserve.keep(upTo(count))).toEqual({ ok: true, value: count });
    expect((await open(disk)).found).toEqual(upTo(count));
  }
  expect(disk.bytesOf(PATH)).toHaveLength(disk.capacityBytes);
});

test('more than fit are kept as far as they fit, in their order', async () => {
  const disk = createMemoryDisk();
  const reserve = await open(disk);
  const many = upTo(50_000);
  const kept = await reserve.keep(many);
  const count = kept.ok ? kept.value : 0;
  expect(count).toBeGreaterThan(1_000);
  expect(count).toBeLessThan(50_000);
  expect((await open(disk)).found).toEqual(many.slice(0, count));
});

test('a file that somebody removed is made anew, for what is kept from then on', async () => {
  const disk = createMemoryDisk();
  const reserve = await open(disk);
  expect(await reserve.keep(upTo(1))).toEqual({ ok: true, value: 1 });
  await disk.remove(PATH);
  expect(await reserve.keep(upTo(2))).toEqual({ ok: true, value: 2 });
  expect((await open(disk)).found).toEqual(upTo(2));
});

test('a start on a full disk goes on without, and takes its room when there is some', async () => {
  const disk = createMemoryDisk();
  disk.capacityBytes = 1_000;
  const reserve = await open(disk);
  expect(disk.bytesOf(PATH)).toHaveLength(0);
  expect(await reserve.keep(upTo(1))).toMatchObject({ ok: false, error: expect.stringContaining('no space is left') });
  disk.capacityBytes = 1e9;
  expect(await reserve.keep(upTo(2))).toEqual({ ok: true, value: 2 });
  disk.capacityBytes = disk.bytesOf(PATH)?.length ?? 0;
  expect(await reserve.keep(upTo(3))).toEqual({ ok: true, value: 3 });
  expect((await open(disk)).found).toEqual(upTo(3));
});

test('power that goes at any moment leaves what was kept last, or what was being kept', async () => {
  const random = createRandom(20_261_123);
  for (let round = 0; round < 60; round++) {
    const disk = createMemoryDisk();
    const reserve = await open(disk);
    const before = 1 + Math.floor(random() * 40);
    for (let n = 1; n <= before; n++) await reserve.keep(upTo(n));
    const failsAt = random() < 0.5 ? 'datasync' : 'write';
    disk.fault = (operation) => (operation === failsAt ? 'EIO' : undefined);
    expect((await reserve.keep(upTo(before + 1))).ok).toBe(false);
    disk.fault = () => undefined;
    disk.crash(random);
    const { found } = await open(disk);
    expect([before, before + 1]).toContain(found.length);
    expect(found).toEqual(upTo(found.length));
  }
});

test('after a write that failed the next one is kept', async () => {
  const disk = createMemoryDisk();
  const reserve = await open(disk);
  await reserve.keep(upTo(1));
  disk.fault = (operation) => (operation === 'datasync' ? 'EIO' : undefined);
  expect((await reserve.keep(upTo(2))).ok).toBe(false);
  disk.fault = () => undefined;
  expect(await reserve.keep(upTo(3))).toEqual({ ok: true, value: 3 });
  expect((await open(disk)).found).toEqual(upTo(3));
});

test('a file of another version is left as it is', async () => {
  const disk = createMemoryDisk();
  await (await open(disk)).keep(upTo(1));
  const { encodeLine } = await import('../../src/store/journal-line.ts');
  const text = encodeLine('7 {"format":"crashcart-orders","version":3,"records":[]}', true);
  disk.put(PATH, Buffer.concat([Buffer.from(text), Buffer.alloc(1_000)]));
  expect(await openOrderReserve(DIR, disk)).toMatchObject({
    ok: false,
    error: expect.stringContaining('was written by another version'),
  });
});

test('whom a record concerns is kept with it, and a file of the version before is read', async () => {
  const disk = createMemoryDisk();
  const named = { seq: 2, record: 'order', machine: { macs: ['02:00:00:00:00:01'], serial: 'S1' } };
  await (await open(disk)).keep([...upTo(1), named]);
  expect((await open(disk)).found).toEqual([...upTo(1), named]);
  const { encodeLine } = await import('../../src/store/journal-line.ts');
  const text = encodeLine('7 {"format":"crashcart-orders","version":1,"records":[[5,"order"]]}', true);
  disk.put(PATH, Buffer.concat([Buffer.from(text), Buffer.alloc(1_000)]));
  const before = await open(disk);
  expect(before.found).toEqual([{ seq: 5, record: 'order' }]);
  await before.keep([named]);
  expect((await open(disk)).found).toEqual([named]);
});

import { describe, expect, test } from 'vitest';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { createRandom } from '../seeded-random.ts';
import { createMemoryDisk, type MemoryDisk } from './memory-disk.ts';

const DIR = '/state';
const NEWEST = '/state/snapshot.json';
const OLDER = '/state/snapshot.json.1';

async function diskWith(...seqs: readonly number[]): Promise<MemoryDisk> {
  const disk = createMemoryDisk();
  const store = openSnapshot(DIR, { disk });
  for (const seq of seqs) expect(await store.save(seq, { at: seq })).toMatchObject({ ok: true });
  return disk;
}

function flip(disk: MemoryDisk, path: string, at: number): void {
  const bytes = Buffer.from(disk.bytesOf(path) ?? '');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  disk.put(path, bytes);
}

describe('a snapshot', () => {
  test('is undefined when there is none yet', async () => {
    expect(await openSnapshot(DIR, { disk: createMemoryDisk() }).load()).toEqual({ ok: true, value: undefined });
  });

  test('comes back as it was saved, from data, from maps and from fragments of text', async () => {
    const disk = createMemoryDisk();
    const store = openSnapshot(DIR, { disk, version: 3 });
    const data = { nodes: { 'node-1': { name: 'ä"\n', list: [1, null, true] } }, empty: {}, none: [] };
    await store.save(7, data);
    expect(await store.load()).toEqual({ ok: true, value: { version: 3, seq: 7, data } });
    await store.save(8, { nodes: new Map([['node-1', { up: true }]]) });
    expect(await store.load()).toMatchObject({
      ok: true,
      value: { seq: 8, data: { nodes: { 'node-1': { up: true } } } },
    });
    const fragments = async function* () {
      yield '{"a":';
      yield '[1,2]}';
    };
    await store.save(9, fragments());
    expect(await store.load()).toMatchObject({ ok: true, value: { seq: 9, data: { a: [1, 2] } } });
  });

  test('is one JSON document that other tools can read', async () => {
    const disk = await diskWith(5);
    expect(JSON.parse(disk.bytesOf(NEWEST)?.toString() ?? '')).toEqual({
      format: 'crashcart-snapshot',
      version: 1,
      seq: 5,
      data: { at: 5 },
      crc32: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  });

  test('keeps the one before it, and says up to where the journal may be pruned', async () => {
    const disk = createMemoryDisk();
    const store = openSnapshot(DIR, { disk });
    await store.save(5, { at: 5 });
    expect([store.coveredSeq(), store.savedSeq()]).toEqual([0, 5]);
    disk.fault = (operation) => (operation === 'write' ? 'ENOSPC' : undefined);
    await store.save(7, { at: 7 });
    expect(store.savedSeq()).toBe(5);
    disk.fault = () => undefined;
    await store.save(9, { at: 9 });
    expect([store.coveredSeq(), store.savedSeq()]).toEqual([5, 9]);
    const again = openSnapshot(DIR, { disk });
    await again.load();
    expect(again.coveredSeq()).toBe(5);
  });

  test('queues saves behind each other', async () => {
    const disk = createMemoryDisk();
    const store = openSnapshot(DIR, { disk });
    const saved = await Promise.all([1, 2, 3].map((seq) => store.save(seq, { at: seq })));
    expect(saved.every((result) => result.ok)).toBe(true);
    expect(await store.load()).toMatchObject({ ok: true, value: { seq: 3 } });
    expect(disk.names()).toEqual([NEWEST, OLDER]);
  });

  test('does not take its place while the journal behind it is not on disk', async () => {
    const disk = await diskWith(5);
    const awaitDurable = async () => ({ ok: false as const, error: 'no space is left' });
    const saved = await openSnapshot(DIR, { disk, awaitDurable }).save(6, { at: 6 });
    expect(saved).toMatchObject({ ok: false, error: expect.stringContaining('not on disk: no space is left') });
    expect(await openSnapshot(DIR, { disk }).load()).toMatchObject({ ok: true, value: { seq: 5 } });
    expect(disk.names()).toEqual([NEWEST]);
  });
});

describe('saving', () => {
  test('is durable once it is answered, whatever the power does then', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const disk = createMemoryDisk();
      const store = openSnapshot(DIR, { disk });
      for (let seq = 1; seq <= 3; seq++) {
        expect(await store.save(seq, { at: seq })).toMatchObject({ ok: true });
        disk.crash(createRandom(seed * 10 + seq));
        expect(await openSnapshot(DIR, { disk }).load()).toMatchObject({ ok: true, value: { seq, data: { at: seq } } });
      }
    }
  });

  test('lets the event loop turn many times while 2,000 nodes of history are written', async () => {
    const history = Array.from({ length: 16 }, (_, n) => ({ at: n, text: 'x'.repeat(80) }));
    const nodes = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`node-${n}`, { n, history }]));
    let turns = 0;
    let saving = true;
    const turn = (): void => {
      turns += 1;
      if (saving) setImmediate(turn);
    };
    setImmediate(turn);
    const saved = await openSnapshot(DIR, { disk: createMemoryDisk() }).save(1, { nodes });
    saving = false;
    const sizeBytes = saved.ok ? saved.value.sizeBytes : 0;
    expect(sizeBytes).toBeGreaterThan(3_000_000);
    // A slice ends at 64 KiB at the latest, so this holds on a fast machine too.
    expect(turns).toBeGreaterThan(sizeBytes / (128 * 1024));
  });
});

describe('a damaged snapshot', () => {
  test('at any byte gives the one before it and says so', async () => {
    const size = (await diskWith(5, 9)).bytesOf(NEWEST)?.length ?? 0;
    const versionAt = '{"format":"crashcart-snapshot","version":'.length;
    for (let at = 0; at < size; at++) {
      // A flipped version number is an unknown version, which is a refusal.
      if (at === versionAt) continue;
      const disk = await diskWith(5, 9);
      flip(disk, NEWEST, at);
      const loaded = await openSnapshot(DIR, { disk }).load();
      expect(loaded).toMatchObject({ ok: true, value: { seq: 5, fellBack: expect.stringContaining(NEWEST) } });
    }
  });

  test('cut at any byte gives the one before it, which the next save does not bury', async () => {
    const whole = (await diskWith(5, 9)).bytesOf(NEWEST) ?? Buffer.alloc(0);
    for (let size = 0; size < whole.length; size += 7) {
      const disk = await diskWith(5, 9);
      disk.put(NEWEST, whole.subarray(0, size));
      const store = openSnapshot(DIR, { disk });
      expect(await store.load()).toMatchObject({ ok: true, value: { seq: 5 } });
      expect(store.coveredSeq()).toBe(5);
      await store.save(11, { at: 11 });
      expect(store.coveredSeq()).toBe(5);
      disk.put(NEWEST, Buffer.alloc(0));
      expect(await openSnapshot(DIR, { disk }).load()).toMatchObject({ ok: true, value: { seq: 5 } });
    }
  });

  test('with no older one is told, and not overwritten until the operator says so', async () => {
    const disk = await diskWith(5);
    flip(disk, NEWEST, 60);
    const bad = disk.bytesOf(NEWEST);
    const store = openSnapshot(DIR, { disk });
    expect(await store.load()).toMatchObject({ ok: false, error: expect.stringContaining('no older one') });
    expect(await store.save(6, {})).toMatchObject({ ok: false });
    expect(disk.bytesOf(NEWEST)).toEqual(bad);
    store.allowOverwrite();
    expect(await store.save(6, {})).toMatchObject({ ok: true });
    expect(disk.bytesOf(`${NEWEST}.unusable`)).toEqual(bad);
  });

  const faults = ['open', 'write', 'datasync', 'rename', 'syncFolder'] as const;
  test.each(faults)('a save that fails at %s leaves a whole snapshot behind', async (operation) => {
    for (let nth = 1; nth <= 4; nth++) {
      const disk = await diskWith(5, 9);
      const store = openSnapshot(DIR, { disk });
      await store.load();
      let seen = 0;
      disk.fault = (asked) => (asked === operation && ++seen === nth ? 'EIO' : undefined);
      const saved = await store.save(12, { at: 12 });
      expect(saved.ok).toBe(seen < nth);
      disk.fault = () => undefined;
      const loaded = await openSnapshot(DIR, { disk }).load();
      const seq = loaded.ok ? loaded.value?.seq : undefined;
      expect([9, 12]).toContain(seq);
      expect(await store.save(13, { at: 13 })).toMatchObject({ ok: true });
      expect(await openSnapshot(DIR, { disk }).load()).toMatchObject({ ok: true, value: { seq: 13 } });
    }
  });
});

describe('a snapshot of an unknown version', () => {
  const foreign = Buffer.from('{"format":"crashcart-snapshot","version":99,"body":"of another shape"}\n');

  test.each(['load', 'save'] as const)('is refused by a %s and left as it is', async (first) => {
    const disk = await diskWith(5, 9);
    disk.put(NEWEST, foreign);
    const store = openSnapshot(DIR, { disk });
    const reason = { ok: false, error: expect.stringContaining('has version 99, and this crashcart knows 1') };
    if (first === 'load') expect(await store.load()).toMatchObject(reason);
    expect(await store.save(10, {})).toMatchObject(reason);
    expect(disk.bytesOf(NEWEST)).toEqual(foreign);
    store.allowOverwrite();
    expect(await store.save(10, { at: 10 })).toMatchObject({ ok: true });
    expect(disk.bytesOf(`${NEWEST}.unusable`)).toEqual(foreign);
    expect(await store.load()).toMatchObject({ ok: true, value: { seq: 10 } });
  });

  test('that the caller can still read is read', async () => {
    const disk = await diskWith(5);
    const store = openSnapshot(DIR, { disk, version: 2, reads: [1, 2] });
    expect(await store.load()).toMatchObject({ ok: true, value: { version: 1, seq: 5 } });
    await store.save(6, {});
    expect(await store.load()).toMatchObject({ ok: true, value: { version: 2, seq: 6 } });
  });
});

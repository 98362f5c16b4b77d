import { describe, expect, test } from 'vitest';
import { encodeLine } from '../../src/store/journal-line.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { lastOf, notesOf, openOrThrow, readAll, writeNotes } from './journal-kit.ts';
import { createMemoryDisk } from './memory-disk.ts';

const DIR = '/state';
const FIRST = '/state/journal-000000000001.log';

describe('a journal', () => {
  test('gives back what was appended, in order, with the start of each run', async () => {
    const disk = createMemoryDisk();
    const one = await openOrThrow(DIR, { disk, session: { run: 'a' } });
    await writeNotes(one, 0, 3);
    await one.close();
    const two = await openOrThrow(DIR, { disk, session: { run: 'b' } });
    await writeNotes(two, 3, 2);
    await two.close();
    expect(two.found).toMatchObject({ lastSeq: 4, sessionSeq: 5, tornBytes: 0 });
    expect(
      (await readAll(DIR, undefined, disk)).map((item) => `${item.kind} ${'seq' in item ? item.seq : ''}`),
    ).toEqual(['session 1', 'record 2', 'record 3', 'record 4', 'session 5', 'record 6', 'record 7']);
    expect(notesOf(await readAll(DIR, 4, disk))).toEqual([2, 3, 4]);
  });

  test('writes what comes in one turn with one write and one sync', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk });
    for (let n = 0; n < 500; n++) journal.append({ n });
    expect(await journal.durable(500)).toMatchObject({ ok: true });
    expect(disk.counts.get('write')).toBe(1);
    expect(disk.counts.get('datasync')).toBe(1);
    for (let n = 500; n < 900; n++) journal.append({ n });
    expect(await journal.durable(900)).toMatchObject({ ok: true });
    expect(disk.counts.get('write')).toBe(2);
    await journal.close();
  });

  test('promises nothing before the sync is over', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk });
    const seq = journal.append({ n: 1 });
    let kept = false;
    const promise = journal.durable(seq).then(() => {
      kept = true;
    });
    while (!kept) {
      // Whatever the moment: resolved means that a crash right now keeps the record.
      if (journal.durableSeq() >= seq) expect(disk.counts.get('datasync')).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await promise;
    expect(disk.counts.get('datasync')).toBe(1);
    expect(disk.counts.get('syncFolder')).toBeGreaterThanOrEqual(1);
    await journal.close();
  });

  test('a number that was never given out is not durable', async () => {
    const journal = await openOrThrow(DIR, { disk: createMemoryDisk() });
    expect(await journal.durable(7)).toEqual({ ok: false, error: 'record 7 was never added' });
    await journal.close();
  });

  test('starts a new segment at its size, and reads across them', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, segmentBytes: 300 });
    await writeNotes(journal, 0, 60);
    await journal.close();
    const segments = disk.names();
    expect(segments.length).toBeGreaterThan(4);
    expect(notesOf(await readAll(DIR, undefined, disk))).toEqual(Array.from({ length: 60 }, (_, n) => n));
    for (const from of [1, 2, 17, 59, 60]) expect(notesOf(await readAll(DIR, from, disk))[0]).toBe(from - 1);
    expect(await readAll(DIR, 61, disk)).toEqual([]);
  });

  test('a removed segment in the middle is a gap, with what came before it kept', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, segmentBytes: 300 });
    await writeNotes(journal, 0, 60);
    await journal.close();
    const gone = disk.names()[2] ?? '';
    await disk.remove(gone);
    const items = await readAll(DIR, undefined, disk);
    expect(lastOf(items)).toMatchObject({ kind: 'problem', why: 'gap' });
    expect(notesOf(items).length).toBe(Number(/(\d+)\.log$/.exec(gone)?.[1]) - 1);
  });

  test('prunes only whole segments that are covered, beyond the history to keep, and never the last', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, segmentBytes: 300 });
    await writeNotes(journal, 0, 60);
    const before = disk.names().length;
    expect(await journal.prune(61, 1_000_000)).toEqual({ ok: true, value: { removedFiles: 0, freedBytes: 0 } });
    expect(await journal.prune(20, 0)).toMatchObject({ ok: true });
    expect(notesOf(await readAll(DIR, 20, disk))[0]).toBe(19);
    expect(disk.names().length).toBeLessThan(before);
    await journal.prune(1_000, 0);
    expect(disk.names().length).toBe(1);
    await writeNotes(journal, 60, 2);
    await journal.close();
    expect(notesOf(await readAll(DIR, undefined, disk)).at(-1)).toBe(61);
    expect(lastOf(await readAll(DIR, 5, disk))).toMatchObject({ kind: 'problem', why: 'missing' });
  });

  test('goes on behind a snapshot that is newer than its end, and says which numbers are lost', async () => {
    const disk = createMemoryDisk();
    const one = await openOrThrow(DIR, { disk });
    await writeNotes(one, 0, 3);
    await one.close();
    const two = await openOrThrow(DIR, { disk, afterSeq: 10 });
    await writeNotes(two, 10, 2);
    await two.close();
    const items = await readAll(DIR, undefined, disk);
    expect(notesOf(items)).toEqual([0, 1, 2, 10, 11]);
    expect(items.find((item) => item.kind === 'lost')).toEqual({ kind: 'lost', seq: 4, count: 7 });
    expect(notesOf(await readAll(DIR, 11, disk))).toEqual([10, 11]);
    const three = await openOrThrow(DIR, { disk, afterSeq: 12 });
    expect(three.found.lastSeq).toBe(12);
    await three.close();
  });

  test('an empty folder holds nothing and is no problem', async () => {
    expect(await readAll('/nowhere', undefined, createMemoryDisk())).toEqual([]);
  });

  test('refuses what is no record', async () => {
    const journal = await openJournal<unknown>(DIR, { disk: createMemoryDisk() });
    if (!journal.ok) throw new Error(journal.error);
    expect(() => journal.value.append(undefined)).toThrow(TypeError);
    expect(() => journal.value.append({ $session: 1 })).toThrow(TypeError);
    expect(() => journal.value.append('x'.repeat(6_000_000))).toThrow(RangeError);
    expect(journal.value.lastSeq()).toBe(0);
    await journal.value.close();
  });
});

describe('an unknown format version', () => {
  const cases: [string, Buffer][] = [
    ['in a line of our shape', Buffer.from(encodeLine('1 {"format":"crashcart-journal","version":2}', true))],
    ['in a line of another shape', Buffer.from('#!{"format":"crashcart-journal","version":"3-beta"}\nxx\n')],
  ];
  test.each(cases)('is refused and left as it is: %s', async (_, bytes) => {
    const disk = createMemoryDisk();
    disk.put(FIRST, bytes);
    const opened = await openJournal(DIR, { disk });
    expect(opened).toMatchObject({ ok: false, error: expect.stringMatching(/has journal format (2|3-beta), which/) });
    expect(disk.bytesOf(FIRST)).toEqual(bytes);
    expect(await readAll(DIR, undefined, disk)).toMatchObject([{ kind: 'problem', why: 'version' }]);
  });
});

describe('the last segments of a journal that hold nothing', () => {
  async function segments() {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, segmentBytes: 300 });
    await writeNotes(journal, 0, 60);
    await journal.close();
    return { disk, names: disk.names() };
  }
  const firstOf = (name = ''): number => Number(/(\d+)\.log$/.exec(name)?.[1]);
  const emptyOut = (disk: ReturnType<typeof createMemoryDisk>, names: readonly string[]): void => {
    for (const name of names) disk.put(name, Buffer.alloc(0));
  };

  test('are as if they were not there: what only their names tell is lost, and is told to the reader', async () => {
    const { disk, names } = await segments();
    emptyOut(disk, names.slice(-2));
    const end = firstOf(names.at(-2));
    // A start that ends before it has written anything leaves as much to know.
    for (const _ of [1, 2]) {
      const before = disk.names().filter((name) => name.endsWith('.log'));
      expect(before.length).toBeGreaterThan(0);
      const opened = await openOrThrow(DIR, { disk });
      expect(opened.found).toMatchObject({ lostFrom: end });
      await opened.close();
    }
    const journal = await openOrThrow(DIR, { disk, session: { run: 'b' } });
    expect(journal.found.lastSeq).toBeGreaterThanOrEqual(firstOf(names.at(-1)) - 1);
    await writeNotes(journal, 100, 1);
    await journal.close();
    for (const from of [undefined, end - 2, end]) {
      const items = await readAll(DIR, from, disk);
      expect(items.filter((item) => item.kind === 'lost')).toMatchObject([{ seq: end }]);
      expect(notesOf(items).at(-1)).toBe(100);
    }
    expect((await openOrThrow(DIR, { disk })).found.lostFrom).toBeUndefined();
  });

  test('nor one of which only the head was written', async () => {
    const { disk, names } = await segments();
    const last = names.at(-1) ?? '';
    const bytes = disk.bytesOf(last) ?? Buffer.alloc(0);
    disk.put(last, bytes.subarray(0, bytes.indexOf(0x0a) + 1));
    const { found, close } = await openOrThrow(DIR, { disk, afterSeq: 60 });
    expect(found).toMatchObject({ lastSeq: 60, lostFrom: firstOf(last) });
    await close();
  });

  test('without any before them the journal is gone, and a snapshot or what lies beside it tells', async () => {
    for (const [options, lostFrom] of [
      [{ afterSeq: 7 }, 1],
      [{ isExpected: true }, 1],
      [{}, undefined],
    ] as const) {
      const disk = createMemoryDisk();
      disk.put('/state/journal-000000000001.log', Buffer.alloc(0));
      const journal = await openOrThrow(DIR, { disk, ...options });
      expect(journal.found.lostFrom).toBe(lostFrom);
      await journal.close();
    }
  });
});

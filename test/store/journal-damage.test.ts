import { describe, expect, test } from 'vitest';
import { encodeLine } from '../../src/store/journal-line.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import { lastOf, notesOf, openOrThrow, readAll, writeNotes } from './journal-kit.ts';
import { createMemoryDisk } from './memory-disk.ts';

const DIR = '/state';
const FIRST = '/state/journal-000000000001.log';
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Eight commits of one record, then one commit of four. */
async function sample(): Promise<{ bytes: Buffer; lastCommitAt: number; ends: number[] }> {
  const disk = createMemoryDisk();
  const journal = await openOrThrow(DIR, { disk });
  await writeNotes(journal, 0, 8);
  const lastCommitAt = disk.bytesOf(FIRST)?.length ?? 0;
  for (let n = 8; n < 12; n++) journal.append({ n, text: 'ä€𝄞 "quoted"\n' });
  await journal.close();
  const bytes = Buffer.from(disk.bytesOf(FIRST) ?? '');
  const ends: number[] = [];
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) ends.push(at + 1);
  // The first line is the head of the segment.
  return { bytes, lastCommitAt, ends: ends.slice(1) };
}

const wholeLines = (ends: readonly number[], size: number): number => ends.filter((end) => end <= size).length;

describe('a journal that was cut off', () => {
  test('at every byte gives the records before it, and takes new ones', async () => {
    const { bytes, ends } = await sample();
    for (let size = 0; size < bytes.length; size++) {
      const disk = createMemoryDisk();
      disk.put(FIRST, bytes.subarray(0, size));
      const count = wholeLines(ends, size);
      const items = await readAll(DIR, undefined, disk);
      expect(notesOf(items)).toEqual(upTo(count));
      const torn = lastOf(items);
      const journal = await openOrThrow(DIR, { disk });
      expect(journal.found.lastSeq).toBe(count);
      expect(journal.found.tornBytes).toBe(torn?.kind === 'torn' ? torn.bytes : 0);
      await writeNotes(journal, count, 1);
      await journal.close();
      const after = await readAll(DIR, undefined, disk);
      expect(notesOf(after)).toEqual(upTo(count + 1));
      expect(lastOf(after)?.kind).toBe('record');
    }
  });

  test('and filled up with zeros, as some file systems do, is still only torn', async () => {
    const { bytes, ends } = await sample();
    const disk = createMemoryDisk();
    const cut = (ends[9] ?? 0) + 5;
    disk.put(FIRST, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(70_000)]));
    expect(lastOf(await readAll(DIR, undefined, disk))).toMatchObject({ kind: 'torn', bytes: 70_005 });
    const journal = await openOrThrow(DIR, { disk });
    expect(journal.found).toMatchObject({ lastSeq: 10, tornBytes: 70_005, tornFile: FIRST });
    await journal.close();
  });
});

describe('a flipped bit', () => {
  test('anywhere gives the records before it and never a wrong one', async () => {
    const { bytes, ends, lastCommitAt } = await sample();
    for (let at = 0; at < bytes.length; at++) {
      const bad = Buffer.from(bytes);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      const disk = createMemoryDisk();
      disk.put(FIRST, bad);
      const items = await readAll(DIR, undefined, disk);
      // In the head of the segment: nothing can be said about what follows it.
      const count = at < bytes.indexOf(0x0a) + 1 ? 0 : wholeLines(ends, at);
      expect(notesOf(items)).toEqual(upTo(count));
      // Behind the last synced commit nothing proves damage; before it, whole commits do.
      const end = lastOf(items);
      if (at < lastCommitAt) expect(end).toMatchObject({ kind: 'problem', file: FIRST });
      else expect(end?.kind).toBe('torn');
    }
  });

  test('in the middle stops writing, until the operator lets it be set aside', async () => {
    const { bytes, ends } = await sample();
    const at = (ends[3] ?? 0) + 12;
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ 4;
    const disk = createMemoryDisk();
    disk.put(FIRST, bad);
    const refused = await openJournal(DIR, { disk });
    expect(refused).toMatchObject({ ok: false, error: expect.stringContaining(`${FIRST} at byte ${ends[3]}`) });
    expect(disk.bytesOf(FIRST)).toEqual(bad);
    const journal = await openOrThrow(DIR, { disk, onDamage: 'setAside' });
    expect(journal.found).toMatchObject({ lastSeq: 4, setAside: `${FIRST}.damaged-${ends[3]}` });
    expect(disk.bytesOf(journal.found.setAside ?? '')).toEqual(bad.subarray(ends[3]));
    await writeNotes(journal, 4, 1);
    await journal.close();
    expect(notesOf(await readAll(DIR, undefined, disk))).toEqual(upTo(5));
  });

  test('a line that someone wrote by hand, with a checksum, is told with its place', async () => {
    const { bytes } = await sample();
    const disk = createMemoryDisk();
    disk.put(FIRST, Buffer.concat([bytes, Buffer.from(encodeLine('13 {"n":', true))]));
    const items = await readAll(DIR, undefined, disk);
    expect(notesOf(items)).toEqual(upTo(12));
    expect(lastOf(items)).toMatchObject({
      kind: 'problem',
      byte: bytes.length,
      reason: expect.stringContaining('no JSON'),
    });
  });

  test('a cut in a segment that is not the last is damage, not a torn end', async () => {
    const disk = createMemoryDisk();
    const journal = await openOrThrow(DIR, { disk, segmentBytes: 200 });
    await writeNotes(journal, 0, 20);
    await journal.close();
    const first = disk.bytesOf(FIRST) ?? Buffer.alloc(0);
    disk.put(FIRST, first.subarray(0, first.length - 3));
    const items = await readAll(DIR, undefined, disk);
    expect(lastOf(items)).toMatchObject({ kind: 'problem', why: 'checksum', file: FIRST });
    expect(notesOf(items).length).toBeGreaterThan(3);
  });
});

import { appendFileSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createDisk, type DiskPort } from '../../src/store/disk-port.ts';
import { encodeLine } from '../../src/store/journal-line.ts';
import { openJournal } from '../../src/store/open-journal.ts';
import type { StoreState } from '../../src/store/store-state.ts';
import { notesOf, openOrThrow, readAll, waitFor, writeNotes } from './journal-kit.ts';

/** A journal whose file somebody removes or renames while it is written: the disk takes everything, and nothing is kept. */

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function open(disk: DiskPort = createDisk()) {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-removed-'));
  folders.push(folder);
  const dir = join(folder, 'state');
  const journal = await openOrThrow(dir, { disk, lookMs: 20, retryMinMs: 10, retryMaxMs: 20 });
  const told: StoreState[] = [];
  journal.onState((state) => told.push(state));
  await writeNotes(journal, 0, 5);
  const file = join(dir, readdirSync(dir).find((name) => name.startsWith('journal-')) ?? '');
  return { dir, file, journal, told };
}

test.each(['removed', 'renamed', 'renamed, with an empty file in its place,', 'replaced by another one'] as const)(
  'one that is %s is told, and written anew with all that it held',
  async (how) => {
    const { dir, file, journal, told } = await open();
    if (how === 'removed') rmSync(file);
    else renameSync(file, `${file}.old`);
    if (how.includes('empty')) writeFileSync(file, '');
    if (how.includes('another')) writeFileSync(file, 'what somebody put there\n');
    await waitFor('that it is told', () => told.length >= 2);
    expect(told[0]).toMatchObject({
      kind: 'failing',
      reason: `${file} was removed or renamed while it is written; it is written anew`,
    });
    expect(told.at(-1)?.kind).toBe('saving');
    await writeNotes(journal, 5, 3);
    expect((await journal.close()).ok).toBe(true);
    expect(notesOf(await readAll(dir))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  },
);

test('with its folder it is not: nothing is acknowledged any more, and an end says so', async () => {
  const { dir, journal, told } = await open();
  rmSync(dir, { recursive: true });
  await waitFor('that it is told', () => told.length >= 2);
  expect(journal.state().kind).toBe('failing');
  expect((await journal.durable(journal.append({ n: 5 }))).ok).toBe(false);
  expect((await journal.close()).ok).toBe(false);
});

/** Of the file there is nothing left to write anew. */
async function seeSaved({ dir, journal, told }: Awaited<ReturnType<typeof open>>, how: RegExp): Promise<void> {
  journal.append({ n: 5 });
  await waitFor('the wish for a snapshot', () => told.some((state) => 'wantsSnapshot' in state));
  const state = journal.state();
  expect(state).toMatchObject({ kind: 'failing', reason: expect.stringMatching(how) });
  expect(state.kind === 'failing' && state.reason).toMatch(
    /the records 1 to [56] with it: a snapshot .* not saved yet$/,
  );
  await writeNotes(journal, 6, 1);
  expect(journal.state().kind).toBe('failing');
  journal.covers(6);
  expect(journal.state().kind).toBe('saving');
  expect((await journal.close()).ok).toBe(true);
  const items = await readAll(dir, 3);
  expect(items.find((item) => item.kind === 'lost')).toMatchObject({ seq: 3 });
  expect(notesOf(items).at(-1)).toBe(6);
  const next = await openOrThrow(dir, { afterSeq: 6 });
  expect(next.found.lostFrom).toBeUndefined();
  await next.close();
}

test('removed after a write failed, and so closed: a new file and a snapshot take its place', async () => {
  const real = createDisk();
  let isFull = false;
  const opened = await open({
    ...real,
    open: async (path, mode, writes) => {
      const file = await real.open(path, mode, writes);
      const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
      return { ...file, write: (bytes, at) => (isFull ? Promise.reject(full) : file.write(bytes, at)) };
    },
  });
  const { journal, file } = opened;
  isFull = true;
  const refused = await journal.durable(journal.append({ n: 5 }));
  expect(refused).toMatchObject({ ok: false, error: expect.stringContaining('no space is left') });
  rmSync(file);
  await waitFor('that it is told beside the full disk', () => {
    const state = journal.state();
    return state.kind === 'failing' && /no space is left.*; .*removed or renamed.*records 1 to 5/.test(state.reason);
  });
  isFull = false;
  await seeSaved(opened, /was removed or renamed while it is written/);
});

test.each([0, 100])('cut to %i bytes: it is told, and a new file and a snapshot take its place', async (size) => {
  const opened = await open();
  // Behind the first commit only what was looked at once is missed.
  if (size > 0) await new Promise((looked) => setTimeout(looked, 100));
  truncateSync(opened.file, size);
  await seeSaved(opened, /was cut short while it is written/);
  expect(readdirSync(opened.dir)).toContain(`${basename(opened.file)}.aside`);
});

test('what is lost with the file of a log that nobody covers is named at its end', async () => {
  const { file, journal, told } = await open();
  truncateSync(file, 0);
  await waitFor('that it is told', () => told.length > 0);
  const closed = await journal.close();
  expect(closed).toMatchObject({ ok: false, error: expect.stringMatching(/records 1 to 5 with it/) });
});

test('damage that the snapshot knows is set aside by a start; any other is told with the way out', async () => {
  const { dir, file, journal } = await open();
  await journal.close();
  truncateSync(file, 0);
  truncateSync(file, 400);
  appendFileSync(file, encodeLine('5 {"n":4}', true));
  const refused = await openJournal(dir, { afterSeq: 4 });
  expect(refused).toMatchObject({ ok: false, error: expect.stringContaining(`start without that file: mv ${file} `) });
  const known = await openOrThrow(dir, { afterSeq: 5 });
  expect(known.found).toMatchObject({ lostFrom: 1, lastSeq: 5, setAside: `${file}.aside` });
  await known.close();
});

test('and by that way out the loss is known, though the snapshot is older', async () => {
  const { dir, file, journal } = await open();
  await journal.close();
  renameSync(file, `${file}.aside`);
  const next = await openOrThrow(dir);
  expect(next.found).toMatchObject({ lostFrom: 1 });
  await writeNotes(next, 0, 1);
  await next.close();
  const later = await openOrThrow(dir);
  expect(later.found.lostFrom).toBeUndefined();
  await later.close();
});

import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { StoreState } from '../../src/store/store-state.ts';
import { notesOf, openOrThrow, readAll, waitFor, writeNotes } from './journal-kit.ts';

/** A journal whose file somebody removes or renames while it is written: the disk takes everything, and nothing is kept. */

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-removed-'));
  folders.push(folder);
  const dir = join(folder, 'state');
  const journal = await openOrThrow(dir, { lookMs: 20, retryMinMs: 10, retryMaxMs: 20 });
  const told: StoreState[] = [];
  journal.onState((state) => told.push(state));
  await writeNotes(journal, 0, 5);
  return { dir, journal, told };
}

test.each(['removed', 'renamed'] as const)(
  'one that is %s is told, and written anew with all that it held',
  async (how) => {
    const { dir, journal, told } = await open();
    const file = join(dir, readdirSync(dir).find((name) => name.startsWith('journal-')) ?? '');
    if (how === 'removed') rmSync(file);
    else renameSync(file, `${file}.old`);
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

import type { DiskPort } from '../../src/store/disk-port.ts';
import { type Journal, type JournalOptions, openJournal } from '../../src/store/open-journal.ts';
import { type JournalItem, readJournal } from '../../src/store/read-journal.ts';

/** The record of these tests: small, and easy to tell apart. */
export interface Note {
  readonly n: number;
  readonly text?: string;
}

export async function openOrThrow(dir: string, options: JournalOptions = {}): Promise<Journal<Note>> {
  const opened = await openJournal<Note>(dir, { retryMinMs: 1, retryMaxMs: 5, ...options });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

export async function readAll(dir: string, fromSeq?: number, disk?: DiskPort): Promise<JournalItem<Note>[]> {
  const items: JournalItem<Note>[] = [];
  for await (const item of readJournal<Note>(dir, fromSeq, disk)) items.push(item);
  return items;
}

export const notesOf = (items: readonly JournalItem<Note>[]): number[] =>
  items.flatMap((item) => (item.kind === 'record' ? [item.record.n] : []));

export const lastOf = (items: readonly JournalItem<Note>[]): JournalItem<Note> | undefined => items.at(-1);

export async function writeNotes(journal: Journal<Note>, from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const result = await journal.durable(journal.append({ n }));
    if (!result.ok) throw new Error(result.error);
  }
}

export async function waitFor(what: string, holds: () => boolean, limitMs = 5_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isRecord, saveAtomically } from './vault-index.ts';
import { isAlive } from './vault-lock.ts';

/** What is known of a part of a download beside its bytes; kept beside it, so that another program can go on with it. */
export interface PartialNote {
  /** SHA-256 of the URL, which may name a login. */
  readonly source: string;
  /** ETag or Last-Modified: what is gone on with must be the same file. */
  readonly validator: string;
  readonly totalBytes?: number;
  readonly owner: Owner;
  /** Bytes that are on the disk for certain, and their SHA-256: after a power cut the rest may be zeros. */
  readonly safeBytes: number;
  readonly safeSha256: string;
}

export interface Owner {
  /** Absent: nobody's any more. */
  readonly pid?: number;
  /** Start of the process in clock ticks: a number is given to another program some day. */
  readonly startedAt?: string;
  readonly bootId: string;
}

export const sourceOf = (url: string): string => createHash('sha256').update(url).digest('hex');

export const noteFile = (path: string): string => `${path}.json`;

export async function saveNote(path: string, note: PartialNote): Promise<void> {
  await saveAtomically(noteFile(path), `${JSON.stringify(note)}\n`);
}

/** Undefined for none and for a damaged one: then the bytes are of no use. */
export async function loadNote(path: string): Promise<PartialNote | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(noteFile(path), 'utf8'));
    return isNote(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is PartialNote {
  if (!isRecord(value) || !isRecord(value.owner)) return false;
  const { source, validator, totalBytes, safeBytes, safeSha256, owner } = value;
  return (
    typeof source === 'string' &&
    typeof validator === 'string' &&
    (totalBytes === undefined || Number.isSafeInteger(totalBytes)) &&
    Number.isSafeInteger(safeBytes) &&
    typeof safeSha256 === 'string' &&
    (owner.pid === undefined || Number.isSafeInteger(owner.pid)) &&
    (owner.startedAt === undefined || typeof owner.startedAt === 'string') &&
    typeof owner.bootId === 'string'
  );
}

export async function thisOwner(): Promise<Owner> {
  const startedAt = await startOf(process.pid);
  return { pid: process.pid, bootId: await readBootId(), ...(startedAt === undefined ? {} : { startedAt }) };
}

/** Does a program that still runs write it? */
export async function isOwned({ pid, startedAt, bootId }: Owner): Promise<boolean> {
  if (pid === undefined || bootId !== (await readBootId()) || !isAlive(pid)) return false;
  return startedAt === undefined || startedAt === (await startOf(pid));
}

/** Changes with every start of the machine; empty where there is none, which trusts only what was synced. */
export async function readBootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim();
}

/** Field 22 of `stat`, counted from behind the name, which may hold blanks and brackets. */
async function startOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createIncoming,
  HEAD_BYTES,
  INCOMING,
  type IncomingFile,
  incomingFolder,
  incomingName,
} from './incoming-file.ts';
import {
  isOwned,
  loadNote,
  noteFile,
  type PartialNote,
  readBootId,
  saveNote,
  sourceOf,
  thisOwner,
} from './partial-note.ts';
import { isAlive } from './vault-lock.ts';

/** What the server said of the whole file. */
export interface PartialFacts {
  readonly validator: string;
  readonly totalBytes?: number;
}

/** A download that outlives its program: cut by whatever, the next pull of the same URL goes on with it. */
export interface PartialFile extends IncomingFile {
  /** Of the bytes that are there from before; undefined where nothing is. */
  readonly known: PartialFacts | undefined;
  /** Called as soon as it is known; undefined: it cannot be gone on with. */
  readonly note: (facts: PartialFacts | undefined) => Promise<void>;
  /** Left for the next pull, if there is something to go on with; else gone. Tells how many bytes that are. */
  readonly keep: () => Promise<number>;
}

/** So many bytes are fetched again at most, where the power failed. */
const SYNC_EVERY_BYTES = 32 * 1024 * 1024;
const ROOM_BYTES = 64 * 1024;
/** What nobody went on with for a week is not worth its space. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

interface Begun {
  readonly path: string;
  readonly handle: FileHandle;
  readonly file: IncomingFile;
  readonly note: PartialNote | undefined;
}

export async function openPartial(directory: string, url: string): Promise<PartialFile> {
  const folder = await incomingFolder(directory);
  const begun = (await adopt(folder, url)) ?? (await begin(folder));
  return createPartial(begun, sourceOf(url), await thisOwner());
}

async function begin(folder: string): Promise<Begun> {
  const path = join(folder, incomingName());
  const handle = await open(path, 'wx', 0o644);
  const fresh = { path, handle, hash: createHash('sha256'), receivedBytes: 0, head: new Uint8Array() };
  return { path, handle, file: createIncoming(fresh), note: undefined };
}

function createPartial(
  { path, handle, file, note: before }: Begun,
  source: string,
  owner: PartialNote['owner'],
): PartialFile {
  let facts: PartialFacts | undefined = before;
  let safe = { safeBytes: before?.safeBytes ?? 0, safeSha256: before?.safeSha256 ?? '' };
  const save = async (by: PartialNote['owner']): Promise<void> => {
    if (facts === undefined) return rm(noteFile(path), { force: true });
    const { validator, totalBytes } = facts;
    const total = totalBytes === undefined ? {} : { totalBytes };
    await saveNote(path, { source, validator, ...total, owner: by, ...safe });
  };
  const sync = async (): Promise<void> => {
    await handle.datasync();
    safe = { safeBytes: file.receivedBytes(), safeSha256: file.sha256() };
  };
  const discard = async (): Promise<void> => {
    await file.discard();
    await rm(noteFile(path), { force: true });
  };
  return {
    ...file,
    known: file.receivedBytes() > 0 ? before : undefined,
    async note(next) {
      const same = next?.validator === facts?.validator && next?.totalBytes === facts?.totalBytes;
      facts = next;
      if (!same) await save(owner);
    },
    async write(bytes) {
      await file.write(bytes);
      if (facts === undefined || file.receivedBytes() - safe.safeBytes < SYNC_EVERY_BYTES) return;
      await sync();
      await save(owner);
    },
    async restart() {
      await file.restart();
      safe = { safeBytes: 0, safeSha256: '' };
    },
    async accept(target) {
      await file.accept(target);
      await rm(noteFile(path), { force: true });
    },
    discard,
    async keep() {
      if (facts === undefined || file.receivedBytes() === 0) {
        await discard();
        return 0;
      }
      const synced = safe;
      const nobody = { bootId: owner.bootId };
      await sync()
        .then(() => save(nobody))
        .catch(async () => {
          // On a full disk the last of it makes room for the note.
          safe = synced;
          await handle.truncate(Math.max(safe.safeBytes, file.receivedBytes() - ROOM_BYTES)).catch(() => undefined);
          await save(nobody).catch(() => undefined);
        });
      await handle.close().catch(() => undefined);
      return file.receivedBytes();
    },
  };
}

/** The largest part of this URL that nobody writes. Others of it are older. */
async function adopt(folder: string, url: string): Promise<Begun | undefined> {
  const source = sourceOf(url);
  const found: { readonly path: string; readonly note: PartialNote; readonly sizeBytes: number }[] = [];
  for (const path of await partsIn(folder)) {
    const note = await loadNote(path);
    if (note?.source !== source || (await isOwned(note.owner))) continue;
    const sizeBytes = await stat(path).then(
      (one) => one.size,
      () => 0,
    );
    found.push({ path, note, sizeBytes });
  }
  found.sort((a, b) => b.sizeBytes - a.sizeBytes);
  const [best, ...rest] = found;
  for (const { path } of rest) await removePart(path);
  return best === undefined ? undefined : claim(folder, best.path, best.note);
}

/** The rename is what two programs cannot both do. */
async function claim(folder: string, from: string, before: PartialNote): Promise<Begun | undefined> {
  const path = join(folder, incomingName());
  try {
    await rename(from, path);
  } catch {
    return undefined;
  }
  try {
    await rm(noteFile(from), { force: true });
    const note = { ...before, owner: await thisOwner() };
    await saveNote(path, note);
    const handle = await open(path, 'r+');
    const begun = await readBegun(path, handle, before);
    if (begun !== undefined) return { path, handle, file: begun, note };
    await handle.close();
  } catch {
    // A part that cannot be read is fetched again.
  }
  await removePart(path);
  return undefined;
}

/**
 * Hashes what is there. Bytes that a killed program wrote are in the file; only after another start of the machine may
 * those since the last sync be something else. A complete one loses its last byte: the server is asked for that, which
 * shows whether it still has the same file.
 */
async function readBegun(path: string, handle: FileHandle, note: PartialNote): Promise<IncomingFile | undefined> {
  const { size } = await handle.stat();
  const bootId = await readBootId();
  const trusted = bootId !== '' && note.owner.bootId === bootId ? size : Math.min(size, note.safeBytes);
  const wanted = note.totalBytes === undefined ? trusted : Math.min(trusted, note.totalBytes - 1);
  if (wanted <= 0 || size < note.safeBytes) return undefined;
  const [begun, safe] = await hashesAt(path, [wanted, note.safeBytes]);
  if (begun === undefined || safe === undefined) return undefined;
  if (note.safeBytes > 0 && safe.copy().digest('hex') !== note.safeSha256) return undefined;
  const head = Buffer.alloc(Math.min(HEAD_BYTES, wanted));
  await handle.read(head, 0, head.length, 0);
  await handle.truncate(wanted);
  return createIncoming({ path, handle, hash: begun, receivedBytes: wanted, head });
}

/** The hash over so many first bytes, for each of these lengths; undefined where the file is shorter. */
async function hashesAt(path: string, lengths: readonly number[]): Promise<readonly (Hash | undefined)[]> {
  const hash = createHash('sha256');
  const found = new Map<number, Hash>(lengths.includes(0) ? [[0, hash.copy()]] : []);
  let at = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes: Uint8Array = chunk;
    for (const length of lengths)
      if (length > at && length <= at + bytes.length)
        found.set(length, hash.copy().update(bytes.subarray(0, length - at)));
    hash.update(bytes);
    at += bytes.length;
  }
  return lengths.map((length) => found.get(length));
}

async function partsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^\d+-[0-9a-f]+$/.test(name)).map((name) => join(folder, name));
}

async function removePart(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(noteFile(path), { force: true });
}

/** What a killed program left behind and nobody can go on with. Files of programs that still run stay. */
export async function sweepIncoming(directory: string, now: () => number = Date.now): Promise<void> {
  const folder = join(directory, INCOMING);
  for (const path of await partsIn(folder)) {
    const note = await loadNote(path);
    const owner = Number(path.slice(folder.length + 1).split('-', 1)[0]);
    if (note === undefined ? isAlive(owner) : await isOwned(note.owner)) continue;
    const touchedAt = await stat(path).then(
      (one) => one.mtimeMs,
      () => 0,
    );
    if (note === undefined || now() - touchedAt > KEPT_MS) await removePart(path);
  }
  await sweepNotes(folder);
}

/** Notes without their part, and half-written ones. */
async function sweepNotes(folder: string): Promise<void> {
  const names = new Set(await readdir(folder).catch(() => []));
  for (const name of names) {
    const [, part, writer] = /^(\d+-[0-9a-f]+)\.json(?:\.(\d+)\.tmp)?$/.exec(name) ?? [];
    if (part === undefined) continue;
    if (writer === undefined ? names.has(part) : isAlive(Number(writer))) continue;
    await rm(join(folder, name), { force: true });
  }
}

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { LoadedFile } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type FileProof, proofOf } from './file-proof.ts';

/** Bytes of files for the wire, for the thread that sends them itself. Bulk threads share theirs (bulk-files.ts). */
export interface FileStore {
  /** Whole files in memory; the same bytes for everybody who asks. Never a file whose hash is not the promised one. */
  readonly open: (file: LoadedFile) => Promise<Result<StoredFile>>;
  readonly heldBytes: () => number;
  readonly close: () => Promise<void>;
}

export interface StoredFile {
  readonly sizeBytes: number;
  readonly etag: string;
  /** All of it, for what must have it at once (TFTP images). Undefined for files beyond the budget. */
  readonly whole: Buffer | undefined;
  /** Of what is on disk and was proven: the kernel may send it from there. */
  readonly proof?: FileProof;
  /** At most `end - start` bytes; fewer where a chunk ends. */
  readonly read: (start: number, end: number) => Buffer | Promise<Result<Buffer>>;
}

const SLICE = 1024 * 1024;
export const DEFAULT_BUDGET = 768 * 1024 * 1024;
/** Of files beyond the budget: as many chunks as are on the wire at a time, shared by all who read the same place. */
const CHUNKS_KEPT = 64;

interface Entry {
  readonly file: LoadedFile;
  readonly stored: Promise<Result<StoredFile>>;
  bytes: number;
  handle?: FileHandle;
}

/**
 * A megabyte is hashed while the next one is read, and there is a turn of the loop between two of them: an image of 100 MB
 * must not hold up a DHCP answer.
 */
async function readWhole(handle: FileHandle, file: LoadedFile, into: Buffer | undefined): Promise<Result<void>> {
  const hash = createHash('sha256');
  const scratch = into === undefined ? [Buffer.allocUnsafe(SLICE), Buffer.allocUnsafe(SLICE)] : [];
  const sizeAt = (at: number) => Math.min(SLICE, file.sizeBytes - at);
  const readAt = (at: number) => {
    const target = into?.subarray(at, at + SLICE) ?? scratch[(at / SLICE) % 2] ?? Buffer.alloc(SLICE);
    return handle.read(target, 0, sizeAt(at), at);
  };
  let ahead: ReturnType<typeof readAt> | undefined;
  for (let at = 0; at < file.sizeBytes; at += SLICE) {
    const { bytesRead, buffer } = await (ahead ?? readAt(at));
    if (bytesRead < sizeAt(at)) return fail('it is shorter than it was when it was registered');
    ahead = at + SLICE < file.sizeBytes ? readAt(at + SLICE) : undefined;
    hash.update(buffer.subarray(0, bytesRead));
  }
  const found = hash.digest('hex');
  if (found === file.sha256.toLowerCase()) return ok(undefined);
  return fail(`its SHA-256 is ${found.slice(0, 12)}…, registered was ${file.sha256.slice(0, 12)}…`);
}

const etagOf = (file: LoadedFile): string => `"${file.sha256.slice(0, 32)}"`;

/** A whole file as memory that all threads send from without a copy. */
export interface SharedFile {
  readonly bytes: SharedArrayBuffer;
  readonly proof: FileProof;
}

/** What the servers send from. */
export function storedFrom(file: LoadedFile, { bytes, proof }: SharedFile): StoredFile {
  const whole = Buffer.from(bytes);
  const read = (start: number, end: number) => whole.subarray(start, end);
  return { sizeBytes: file.sizeBytes, etag: etagOf(file), whole, proof, read };
}

export async function loadShared(file: LoadedFile): Promise<Result<SharedFile>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file.path, 'r');
    // Before it is read: what changes meanwhile is another one.
    const proof = proofOf(await handle.stat({ bigint: true }));
    const bytes = new SharedArrayBuffer(file.sizeBytes);
    const read = await readWhole(handle, file, Buffer.from(bytes));
    return read.ok ? ok({ bytes, proof }) : read;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  } finally {
    await handle?.close().catch(() => undefined);
  }
}

export function createFileStore(budgetBytes = DEFAULT_BUDGET): FileStore {
  const entries = new Map<string, Entry>();
  const chunks = new Map<string, Promise<Result<Buffer>>>();
  let held = 0;

  const release = async (key: string): Promise<void> => {
    const entry = entries.get(key);
    entries.delete(key);
    held -= entry?.bytes ?? 0;
    await entry?.handle?.close().catch(() => undefined);
  };

  const makeRoom = (bytes: number): boolean => {
    for (const [key, entry] of entries) {
      if (held + bytes <= budgetBytes) break;
      if (entry.bytes > 0) void release(key);
    }
    return held + bytes <= budgetBytes;
  };

  const chunkOf = (key: string, handle: FileHandle, file: LoadedFile, index: number): Promise<Result<Buffer>> => {
    const name = `${key}#${index}`;
    const known = chunks.get(name);
    if (known !== undefined) return known;
    const size = Math.min(SLICE, file.sizeBytes - index * SLICE);
    const reading = handle.read(Buffer.allocUnsafe(size), 0, size, index * SLICE).then(
      ({ bytesRead, buffer }) => (bytesRead === size ? ok(buffer) : fail('the file became shorter')),
      (error: Error) => fail(error.message),
    );
    chunks.set(name, reading);
    const oldest = chunks.size > CHUNKS_KEPT ? chunks.keys().next().value : undefined;
    if (oldest !== undefined) chunks.delete(oldest);
    return reading;
  };

  const load = async (key: string, entry: Entry): Promise<Result<StoredFile>> => {
    const { file } = entry;
    let handle: FileHandle;
    try {
      handle = await open(file.path, 'r');
    } catch (error) {
      return fail(`cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    const etag = etagOf(file);
    const fits = makeRoom(file.sizeBytes);
    if (fits) {
      entry.bytes = file.sizeBytes;
      held += file.sizeBytes;
    }
    try {
      // Shared memory, so that threads can send from it without a copy.
      const whole = fits ? Buffer.from(new SharedArrayBuffer(file.sizeBytes)) : undefined;
      const read = await readWhole(handle, file, whole);
      if (!read.ok) return read;
      if (whole !== undefined) {
        return ok({ sizeBytes: file.sizeBytes, etag, whole, read: (start, end) => whole.subarray(start, end) });
      }
      entry.handle = handle;
      return ok({
        sizeBytes: file.sizeBytes,
        etag,
        whole: undefined,
        read: async (start, end) => {
          const index = Math.floor(start / SLICE);
          const chunk = await chunkOf(key, handle, file, index);
          return chunk.ok ? ok(chunk.value.subarray(start - index * SLICE, end - index * SLICE)) : chunk;
        },
      });
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    } finally {
      if (entry.handle === undefined) await handle.close().catch(() => undefined);
    }
  };

  return {
    open: async (file) => {
      const key = `${file.path}|${file.sha256}`;
      const known = entries.get(key);
      if (known !== undefined) {
        // Used last, released last.
        entries.delete(key);
        entries.set(key, known);
        return known.stored;
      }
      const entry: Entry = { file, bytes: 0, stored: Promise.resolve().then(() => load(key, entry)) };
      entries.set(key, entry);
      const stored = await entry.stored;
      // A file that was repaired must not stay refused.
      if (!stored.ok) await release(key);
      return stored;
    },
    heldBytes: () => held,
    close: async () => {
      await Promise.all([...entries.keys()].map(release));
      chunks.clear();
    },
  };
}

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from './vault-index.ts';
import { isAlive } from './vault-lock.ts';

/** A file on its way into the vault: invisible until `accept`, gone after `discard`. */
export interface IncomingFile {
  readonly path: string;
  readonly receivedBytes: () => number;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Begins again: the other side sent from the start. */
  readonly restart: () => Promise<void>;
  readonly sha256: () => string;
  /** The first KiB, to tell an error page from an image, and one image from another. */
  readonly head: () => Uint8Array;
  readonly accept: (target: string) => Promise<void>;
  readonly discard: () => Promise<void>;
}

const INCOMING = '.incoming';
const HEAD_BYTES = 1024;

export async function openIncoming(directory: string): Promise<IncomingFile> {
  const folder = join(directory, INCOMING);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${process.pid}-${randomBytes(6).toString('hex')}`);
  const handle = await open(path, 'wx', 0o644);
  let hash = createHash('sha256');
  let receivedBytes = 0;
  let head: Uint8Array = new Uint8Array();
  return {
    path,
    receivedBytes: () => receivedBytes,
    sha256: () => hash.copy().digest('hex'),
    head: () => head,
    async write(bytes) {
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)]);
      await writeAll(handle, bytes, receivedBytes);
      hash.update(bytes);
      receivedBytes += bytes.length;
    },
    async restart() {
      await handle.truncate(0);
      hash = createHash('sha256');
      receivedBytes = 0;
      head = new Uint8Array();
    },
    async accept(target) {
      await handle.sync();
      await handle.close();
      await mkdir(dirname(target), { recursive: true });
      await rename(path, target);
      await syncDirectory(dirname(target));
    },
    async discard() {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}

/** Every write names its place, because `truncate` does not move the file position. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

/** What a killed program left behind. Files of programs that still run stay. */
export async function sweepIncoming(directory: string): Promise<void> {
  const folder = join(directory, INCOMING);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const owner = Number(name.split('-', 1)[0]);
    if (!isAlive(owner)) await rm(join(folder, name), { force: true });
  }
}

export async function hashFile(path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from './vault-index.ts';

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

export const INCOMING = '.incoming';
export const HEAD_BYTES = 1024;

export interface OpenIncoming {
  readonly path: string;
  readonly handle: FileHandle;
  readonly hash: Hash;
  readonly receivedBytes: number;
  readonly head: Uint8Array;
}

/** The name says whose it is, so that what a killed program left is known from what another one writes now. */
export const incomingName = (): string => `${process.pid}-${randomBytes(6).toString('hex')}`;

export async function incomingFolder(directory: string): Promise<string> {
  const folder = join(directory, INCOMING);
  await mkdir(folder, { recursive: true });
  return folder;
}

export async function openIncoming(directory: string): Promise<IncomingFile> {
  const path = join(await incomingFolder(directory), incomingName());
  const handle = await open(path, 'wx', 0o644);
  return createIncoming({ path, handle, hash: createHash('sha256'), receivedBytes: 0, head: new Uint8Array() });
}

export function createIncoming({ path, handle, ...begun }: OpenIncoming): IncomingFile {
  let { hash, receivedBytes, head } = begun;
  return {
    path,
    receivedBytes: () => receivedBytes,
    sha256: () => hash.copy().digest('hex'),
    head: () => head,
    async write(bytes) {
      await writeAll(handle, bytes, receivedBytes);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)]);
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

export async function hashFile(path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

import type { FileHandle } from 'node:fs/promises';

/** A part of an open file, as if it were one. */
export interface ByteRange {
  readonly handle: FileHandle;
  readonly start: number;
  readonly end: number;
}

/** Fewer bytes than asked for only where the range ends. */
export async function readAt({ handle, start, end }: ByteRange, position: number, most: number): Promise<Buffer> {
  const wanted = Math.max(0, Math.min(most, end - start - position));
  const buffer = Buffer.alloc(wanted);
  let filled = 0;
  while (filled < wanted) {
    const { bytesRead } = await handle.read(buffer, filled, wanted - filled, start + position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

const CHUNK_BYTES = 1024 * 1024;

export async function* chunksOf(range: ByteRange, from = 0): AsyncGenerator<Buffer> {
  for (let position = from; ; ) {
    const chunk = await readAt(range, position, CHUNK_BYTES);
    if (chunk.length === 0) return;
    yield chunk;
    position += chunk.length;
  }
}

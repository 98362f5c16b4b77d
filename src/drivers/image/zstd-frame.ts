import { type ByteRange, readAt } from './byte-range.ts';

/** Of a Zstandard frame (RFC 8878), without unpacking it. */

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
const REPEATED = 1;
/** Blocks have up to 128 KiB each; a damaged file may seem to have millions of empty ones. */
const WINDOW_BYTES = 4096;

/** Where it ends; undefined: none begins here, or it is cut off. */
export async function zstdFrameEnd(range: ByteRange, from: number): Promise<number | undefined> {
  const head = await readAt(range, from, 8);
  if (head.length < 8) return undefined;
  const magic = head.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return from + 8 + head.readUInt32LE(4);
  if (magic !== MAGIC) return undefined;
  const descriptor = head.readUInt8(4);
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3];
  const content = sizeBytes === 0 && isSingle ? 1 : sizeBytes;
  const dictionary = DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  const checksum = (descriptor & 4) === 0 ? 0 : 4;
  let position = from + 5 + (isSingle ? 0 : 1) + dictionary + content;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = position;
  for (;;) {
    if (position + 3 > windowAt + window.length) {
      window = await readAt(range, position, WINDOW_BYTES);
      windowAt = position;
      if (window.length < 3) return undefined;
    }
    const block = window.readUIntLE(position - windowAt, 3);
    position += 3 + (((block >> 1) & 3) === REPEATED ? 1 : block >> 3);
    if ((block & 1) !== 0) return position + checksum;
  }
}

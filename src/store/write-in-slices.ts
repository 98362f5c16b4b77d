import { crc32 } from 'node:zlib';
import type { DiskFile } from './disk-port.ts';

/** Longest stretch of serialising before the event loop gets its turn; DHCP answers wait for nothing longer. */
export const SLICE_MS = 2;
/** A slice also ends here, so that turning its text into bytes stays below a millisecond. */
const SLICE_CHARACTERS = 64 * 1024;

export type Fragments = Iterable<string> | AsyncIterable<string>;

export interface Written {
  readonly sizeBytes: number;
  readonly crc: number;
}

/** Writes fragments from the start of the file. The await of each write is what lets the loop turn between slices. */
export async function writeInSlices(file: DiskFile, fragments: Fragments): Promise<Written> {
  let text: string[] = [];
  let characters = 0;
  let sizeBytes = 0;
  let crc = 0;
  let sliceStart = performance.now();
  const flush = async (): Promise<void> => {
    const bytes = Buffer.from(text.join(''));
    text = [];
    characters = 0;
    crc = crc32(bytes, crc);
    for (let done = 0; done < bytes.length; ) {
      const taken = await file.write(bytes.subarray(done), sizeBytes + done);
      if (taken === 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'ENOSPC' });
      done += taken;
    }
    sizeBytes += bytes.length;
    await new Promise<void>((resolve) => setImmediate(resolve));
    sliceStart = performance.now();
  };
  const add = (fragment: string): boolean => {
    text.push(fragment);
    characters += fragment.length;
    return characters >= SLICE_CHARACTERS || performance.now() - sliceStart >= SLICE_MS;
  };
  if (Symbol.asyncIterator in fragments) {
    for await (const fragment of fragments) if (add(fragment)) await flush();
  } else {
    for (const fragment of fragments) if (add(fragment)) await flush();
  }
  if (text.length > 0) await flush();
  return { sizeBytes, crc };
}

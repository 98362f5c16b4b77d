import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type ByteRange, chunksOf, readAt } from './byte-range.ts';
import { scanCpio } from './scan-cpio.ts';
import { zstdFrameEnd } from './zstd-frame.ts';

export interface WantedFiles {
  readonly isWanted: (name: string, sizeBytes: number) => boolean;
  /** A later one of the same name replaces an earlier one, as it does where it is unpacked. */
  readonly found: (name: string, bytes: Buffer) => void;
}

const PARTS_MAX = 1000;

/**
 * What Linux would unpack: archives one behind the other, each plain or packed by itself. Where it cannot be read on (xz,
 * which no Talos uses that takes a configuration along, or bytes of nothing) it ends, as the kernel's reading does. Where
 * the kernel would go on and this does not, as no image has as much, it returns what there is too much of.
 */
export async function readInitramfs(range: ByteRange, wanted: WantedFiles): Promise<string | undefined> {
  const sizeBytes = range.end - range.start;
  for (let position = 0, parts = 0; position < sizeBytes; parts += 1) {
    if (parts === PARTS_MAX) return `has more than ${PARTS_MAX} archives, one behind the other`;
    const head = await readAt(range, position, 4);
    const magic = head.toString('hex');
    if (magic === '28b52ffd' || magic.endsWith('2a4d18')) {
      const end = await zstdFrameEnd(range, position);
      if (end === undefined || end > sizeBytes) return undefined;
      const frame = { ...range, start: range.start + position, end: range.start + end };
      const unread = magic === '28b52ffd' ? await readPacked(frame, createZstdDecompress(), wanted) : undefined;
      if (unread !== undefined) return unread;
      position = end;
    } else if (magic.startsWith('1f8b')) {
      // Its end is known to who unpacks it alone: what stands behind it is unpacked along with it.
      return readPacked({ ...range, start: range.start + position }, createGunzip(), wanted);
    } else {
      const taken = await readPlain(range, position, wanted);
      if (taken === 0) return undefined;
      position += taken;
    }
  }
  return undefined;
}

async function readPlain(range: ByteRange, from: number, { isWanted, found }: WantedFiles): Promise<number> {
  const scan = scanCpio(isWanted, found);
  for await (const chunk of chunksOf(range, from)) if (!scan.push(chunk)) break;
  return scan.takenBytes();
}

/** More than the memory of most machines: nothing that boots. */
const UNPACKED_MAX_BYTES = 8 * 1024 ** 3;

async function readPacked(
  range: ByteRange,
  unpack: NodeJS.ReadWriteStream & AsyncIterable<Buffer>,
  { isWanted, found }: WantedFiles,
): Promise<string | undefined> {
  const scan = scanCpio(isWanted, found);
  const packed = Readable.from(chunksOf(range));
  // What is read there ends here, by an error too.
  packed.on('error', () => unpack.end());
  try {
    let bytes = 0;
    for await (const chunk of packed.pipe(unpack) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > UNPACKED_MAX_BYTES) return `unpacks to more than ${UNPACKED_MAX_BYTES / 1024 ** 3} GiB`;
      if (!scan.push(chunk)) break;
    }
  } catch {
    // Damaged: the kernel gets no further either, and keeps what it has.
  } finally {
    packed.destroy();
  }
  return undefined;
}

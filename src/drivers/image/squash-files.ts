import { promisify } from 'node:util';
import { inflate, zstdDecompress } from 'node:zlib';

/** The contents of all files of a small squashfs (version 4), as an extension of Talos is one. */

interface Superblock {
  readonly blockBytes: number;
  readonly fragments: number;
  readonly unpack: (bytes: Buffer, mostBytes: number) => Promise<Buffer>;
  readonly inodesAt: number;
  readonly foldersAt: number;
  readonly fragmentsAt: number;
}

interface StoredFile {
  readonly startAt: number;
  readonly sizeBytes: number;
  readonly fragment: number;
  readonly offset: number;
  readonly blocks: readonly number[];
}

const MAGIC = 0x73717368;
const SUPERBLOCK_BYTES = 96;
const METADATA_BYTES = 8192;
const NONE = 0xffffffff;
const PLAIN_BLOCK = 0x1000000;
const PLAIN_METADATA = 0x8000;
const FRAGMENT_BYTES = 16;
/** A configuration may have 8 MiB. */
const FILE_MAX_BYTES = 8 * 1024 * 1024;

const UNPACKERS: Readonly<Record<number, Superblock['unpack']>> = {
  1: (bytes, maxOutputLength) => promisify<Buffer, object, Buffer>(inflate)(bytes, { maxOutputLength }),
  6: (bytes, maxOutputLength) => promisify<Buffer, object, Buffer>(zstdDecompress)(bytes, { maxOutputLength }),
};

/** Undefined: it cannot be read. */
export async function squashFiles(image: Buffer): Promise<readonly Buffer[] | undefined> {
  try {
    const about = superblockOf(image);
    if (about === undefined) return undefined;
    const inodes = await metadata(image, about, about.inodesAt, about.foldersAt);
    const files: Buffer[] = [];
    for (const one of storedFiles(inodes, about.blockBytes)) files.push(await contentOf(image, about, one));
    return files;
  } catch {
    return undefined;
  }
}

function superblockOf(image: Buffer): Superblock | undefined {
  if (image.length < SUPERBLOCK_BYTES || image.readUInt32LE(0) !== MAGIC) return undefined;
  const unpack = UNPACKERS[image.readUInt16LE(20)];
  if (unpack === undefined) return undefined;
  return {
    blockBytes: image.readUInt32LE(12),
    fragments: image.readUInt32LE(16),
    unpack,
    inodesAt: Number(image.readBigUInt64LE(64)),
    foldersAt: Number(image.readBigUInt64LE(72)),
    fragmentsAt: Number(image.readBigUInt64LE(80)),
  };
}

async function metadata(image: Buffer, { unpack }: Superblock, from: number, to: number): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (let at = from; at < to; ) {
    const header = image.readUInt16LE(at);
    const sizeBytes = header & (PLAIN_METADATA - 1);
    const block = image.subarray(at + 2, at + 2 + sizeBytes);
    blocks.push((header & PLAIN_METADATA) === 0 ? await unpack(block, METADATA_BYTES) : block);
    at += 2 + sizeBytes;
  }
  return Buffer.concat(blocks);
}

const HEADER_BYTES = 16;

/** One inode behind the other: to find the files, no folder has to be walked. */
function* storedFiles(inodes: Buffer, blockBytes: number): Generator<StoredFile> {
  for (let at = 0; at < inodes.length; ) {
    const type = inodes.readUInt16LE(at);
    const body = at + HEADER_BYTES;
    if (type === 2 || type === 9) {
      const file = type === 2 ? basicFile(inodes, body) : extendedFile(inodes, body);
      if (file.sizeBytes > FILE_MAX_BYTES) throw new Error('larger than any configuration');
      const whole = file.sizeBytes / blockBytes;
      const count = file.fragment === NONE ? Math.ceil(whole) : Math.floor(whole);
      const blocks = Array.from({ length: count }, (_, index) => inodes.readUInt32LE(file.endsAt + index * 4));
      yield { ...file, blocks };
      at = file.endsAt + count * 4;
    } else {
      at = body + otherBytes(inodes, type, body);
    }
  }
}

const basicFile = (inodes: Buffer, at: number) => ({
  startAt: inodes.readUInt32LE(at),
  fragment: inodes.readUInt32LE(at + 4),
  offset: inodes.readUInt32LE(at + 8),
  sizeBytes: inodes.readUInt32LE(at + 12),
  endsAt: at + 16,
});

const extendedFile = (inodes: Buffer, at: number) => ({
  startAt: Number(inodes.readBigUInt64LE(at)),
  sizeBytes: Number(inodes.readBigUInt64LE(at + 8)),
  fragment: inodes.readUInt32LE(at + 28),
  offset: inodes.readUInt32LE(at + 32),
  endsAt: at + 40,
});

/** Folders, links, devices, pipes. */
function otherBytes(inodes: Buffer, type: number, at: number): number {
  switch (type) {
    case 1:
      return 16;
    case 3:
      return 8 + inodes.readUInt32LE(at + 4);
    case 10:
      return 12 + inodes.readUInt32LE(at + 4);
    case 4:
    case 5:
      return 8;
    case 6:
    case 7:
      return 4;
    case 8:
      return 24 + indexBytes(inodes, at + 24, inodes.readUInt16LE(at + 16));
    case 11:
    case 12:
      return 12;
    case 13:
    case 14:
      return 8;
    default:
      throw new Error(`no such inode: ${type}`);
  }
}

function indexBytes(inodes: Buffer, from: number, count: number): number {
  let at = from;
  for (let left = count; left > 0; left--) at += 12 + inodes.readUInt32LE(at + 8) + 1;
  return at - from;
}

async function contentOf(image: Buffer, about: Superblock, file: StoredFile): Promise<Buffer> {
  const parts: Buffer[] = [];
  let at = file.startAt;
  for (const size of file.blocks) {
    // A hole.
    parts.push(size === 0 ? Buffer.alloc(about.blockBytes) : await dataBlock(image, about, at, size));
    at += size & (PLAIN_BLOCK - 1);
  }
  if (file.fragment !== NONE) {
    const rest = file.sizeBytes % about.blockBytes;
    const fragment = await fragmentOf(image, about, file.fragment);
    parts.push(fragment.subarray(file.offset, file.offset + rest));
  }
  return Buffer.concat(parts).subarray(0, file.sizeBytes);
}

async function dataBlock(image: Buffer, { unpack, blockBytes }: Superblock, at: number, size: number): Promise<Buffer> {
  const block = image.subarray(at, at + (size & (PLAIN_BLOCK - 1)));
  return (size & PLAIN_BLOCK) === 0 ? await unpack(block, blockBytes) : block;
}

const FRAGMENTS_A_BLOCK = METADATA_BYTES / FRAGMENT_BYTES;

async function fragmentOf(image: Buffer, about: Superblock, index: number): Promise<Buffer> {
  if (index >= about.fragments) throw new Error('no such fragment');
  const block = Number(image.readBigUInt64LE(about.fragmentsAt + Math.floor(index / FRAGMENTS_A_BLOCK) * 8));
  const entries = await metadata(image, about, block, block + 1);
  const at = (index % FRAGMENTS_A_BLOCK) * FRAGMENT_BYTES;
  return dataBlock(image, about, Number(entries.readBigUInt64LE(at)), entries.readUInt32LE(at + 8));
}

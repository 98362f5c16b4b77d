import { crc32 } from 'node:zlib';
import { fail, ok, type Result } from '../core/result.ts';
import type { DiskPort } from './disk-port.ts';
import { errnoOf, explainDiskError } from './explain-disk-error.ts';
import { type Fragments, writeInSlices } from './write-in-slices.ts';

/** One JSON object: `{"format":…,"version":…,"seq":…,"data":…,"crc32":…}`, the checksum over all before its own comma. */
export interface SnapshotDocument {
  readonly version: number;
  /** Of the last record that is folded into `data`. */
  readonly seq: number;
  readonly data: unknown;
}

export type SnapshotFlaw =
  | { readonly kind: 'missing' }
  | { readonly kind: 'corrupt'; readonly reason: string }
  | { readonly kind: 'version'; readonly reason: string; readonly version: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

const FORMAT = 'crashcart-snapshot';
const TRAILER = /,"crc32":"([0-9a-f]{8})"\}\n$/;
const TRAILER_BYTES = ',"crc32":"00000000"}\n'.length;

export async function readSnapshotFile(
  disk: DiskPort,
  path: string,
  versions: readonly number[],
): Promise<Result<SnapshotDocument, SnapshotFlaw>> {
  try {
    return parseSnapshot(path, await readAll(disk, path), versions);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return fail({ kind: 'missing' });
    return fail({ kind: 'unreadable', reason: explainDiskError(error, `read ${path}`) });
  }
}

async function readAll(disk: DiskPort, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.sizeBytes());
    let done = 0;
    while (done < bytes.length) {
      const count = await file.read(bytes.subarray(done), done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    await file.close();
  }
}

function parseSnapshot(
  path: string,
  bytes: Buffer,
  versions: readonly number[],
): Result<SnapshotDocument, SnapshotFlaw> {
  const corrupt = (why: string) => fail<SnapshotFlaw>({ kind: 'corrupt', reason: `${path} ${why}` });
  // The head is read before the checksum: a newer format may well have another trailer.
  const head = bytes.toString('latin1', 0, 200);
  const version = /^\{"format":"crashcart-snapshot","version":("?[\w.-]{1,20})"?[,}]/.exec(head)?.[1]?.replace('"', '');
  if (version === undefined) return corrupt('does not begin like a snapshot of crashcart');
  if (!versions.includes(Number(version))) {
    const reason = `${path} has version ${version}, and this crashcart knows ${versions.join(', ')}: use the crashcart that wrote it, or another state folder. It stays as it is`;
    return fail({ kind: 'version', version, reason });
  }
  const stated = TRAILER.exec(bytes.toString('latin1', Math.max(0, bytes.length - TRAILER_BYTES)))?.[1];
  if (stated === undefined) return corrupt(`is cut off at byte ${bytes.length}`);
  const body = bytes.subarray(0, bytes.length - TRAILER_BYTES);
  if (hex(crc32(body)) !== stated) return corrupt('has a checksum that does not hold');
  try {
    const value = JSON.parse(`${body.toString('utf8')}}`) as SnapshotDocument;
    return ok({ version: value.version, seq: value.seq, data: value.data });
  } catch {
    return corrupt('holds text that is no JSON');
  }
}

/** Whole and synced under `path` when this resolves; the name itself is the caller's to make durable. */
export async function writeSnapshotFile(
  disk: DiskPort,
  path: string,
  head: Omit<SnapshotDocument, 'data'>,
  data: Fragments,
): Promise<number> {
  const file = await disk.open(path, 'replace');
  try {
    const { sizeBytes, crc } = await writeInSlices(file, joinFragments(head, data));
    const trailer = Buffer.from(`,"crc32":"${hex(crc)}"}\n`);
    const taken = await file.write(trailer, sizeBytes);
    if (taken < trailer.length) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'ENOSPC' });
    await file.datasync();
    return sizeBytes + trailer.length;
  } finally {
    await file.close();
  }
}

function joinFragments(head: Omit<SnapshotDocument, 'data'>, data: Fragments): Fragments {
  const first = `{"format":"${FORMAT}","version":${head.version},"seq":${head.seq},"data":`;
  if (Symbol.asyncIterator in data) {
    return (async function* () {
      yield first;
      yield* data;
    })();
  }
  return (function* () {
    yield first;
    yield* data;
  })();
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');

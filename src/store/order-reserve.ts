import { join } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import type { IdentitySpec } from '../core/spec.ts';
import { createDisk, type DiskFile, type DiskPort } from './disk-port.ts';
import { errnoOf, explainDiskError } from './explain-disk-error.ts';
import { decodeLine, encodeLine } from './journal-line.ts';
import { writeAll } from './segment-tail.ts';

/**
 * A file whose bytes are taken at the start and written over in place: a full disk takes them still. It holds the few
 * records that must not be lost while the journal cannot be written. Two slots in turn: of a write that the power cuts
 * short the one before it is left.
 */
export interface OrderReserve<T> {
  /** What the run before left there. */
  readonly found: readonly Reserved<T>[];
  /** In place of all that it holds; tells how many of them fit, the first ones. They are on disk then. */
  keep(records: readonly Reserved<T>[]): Promise<Result<number>>;
  close(): Promise<void>;
}

export interface Reserved<T> {
  /** The number that the record has in the journal of this run, where it waits. */
  readonly seq: number;
  readonly record: T;
  /** Whom it concerns, where its name alone does not tell. */
  readonly machine?: IdentitySpec;
}

export const RESERVE_NAME = 'orders.reserve';

const SLOT_BYTES = 128 * 1024;
const VERSION = 2;
/** Without machines. */
const WITHOUT = 1;

interface Image<T> {
  readonly slot: number;
  readonly generation: number;
  readonly records: readonly Reserved<T>[];
}

interface Contents {
  readonly format: 'crashcart-orders';
  readonly version: number;
  readonly records: readonly (readonly [number, unknown, IdentitySpec?])[];
}

/** A disk that has no room for it at the start gives it later, when something is to be kept, or not at all. */
export async function openOrderReserve<T>(
  dir: string,
  disk: DiskPort = createDisk(),
): Promise<Result<OrderReserve<T>>> {
  const path = join(dir, RESERVE_NAME);
  try {
    const image = await readImage<T>(disk, path);
    if (!image.ok) return image;
    const reserve = new FileReserve<T>(disk, dir, path, image.value);
    await reserve.prepare().catch(() => undefined);
    return ok(reserve);
  } catch (error) {
    return fail(explainDiskError(error, `read ${path}`, 'start'));
  }
}

/** Read and nothing else: no bytes are taken, and none are written. */
export async function readOrderReserve<T>(
  dir: string,
  disk: DiskPort = createDisk(),
): Promise<Result<readonly Reserved<T>[]>> {
  const path = join(dir, RESERVE_NAME);
  try {
    const image = await readImage<T>(disk, path);
    return image.ok ? ok(image.value.records) : image;
  } catch (error) {
    return fail(explainDiskError(error, `read ${path}`));
  }
}

class FileReserve<T> implements OrderReserve<T> {
  readonly found: readonly Reserved<T>[];
  readonly #disk: DiskPort;
  readonly #dir: string;
  readonly #path: string;
  /** Of the newest that is whole: the other one is written next. */
  #slot: number;
  #generation: number;
  #file: DiskFile | undefined;

  constructor(disk: DiskPort, dir: string, path: string, image: Image<T>) {
    this.#disk = disk;
    this.#dir = dir;
    this.#path = path;
    this.#slot = image.slot;
    this.#generation = image.generation;
    this.found = image.records;
  }

  /** Takes the bytes, once. */
  async prepare(): Promise<DiskFile> {
    if (this.#file !== undefined) return this.#file;
    const file = await this.#open();
    try {
      const has = await file.sizeBytes();
      if (has < 2 * SLOT_BYTES) await this.#take(file, has);
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
    this.#file = file;
    return file;
  }

  async #take(file: DiskFile, has: number): Promise<void> {
    try {
      await writeAll(file, Buffer.alloc(2 * SLOT_BYTES - has), has);
    } catch (error) {
      // The last bytes of that disk are the journal's.
      await file.truncate(has);
      throw error;
    }
    await this.#disk.syncFolder(this.#dir);
  }

  async keep(records: readonly Reserved<T>[]): Promise<Result<number>> {
    this.#generation += 1;
    const { line, count } = renderImage(this.#generation, records);
    const slot = 1 - this.#slot;
    try {
      // Whoever removes the journal removes what lies beside it.
      if ((await this.#file?.isAt(this.#path)) === false) await this.close();
      const file = await this.prepare();
      await writeAll(file, line, slot * SLOT_BYTES);
      this.#slot = slot;
      return ok(count);
    } catch (error) {
      await this.close();
      return fail(explainDiskError(error, `write ${this.#path}`));
    }
  }

  async close(): Promise<void> {
    const old = this.#file;
    this.#file = undefined;
    await old?.close().catch(() => undefined);
  }

  async #open(): Promise<DiskFile> {
    try {
      return await this.#disk.open(this.#path, 'edit', 'synced');
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      return this.#disk.open(this.#path, 'create', 'synced');
    }
  }
}

function renderImage<T>(generation: number, records: readonly Reserved<T>[]): { line: Buffer; count: number } {
  const parts: string[] = [];
  let left = SLOT_BYTES - 200;
  for (const { seq, record, machine } of records) {
    const part = JSON.stringify(machine === undefined ? [seq, record] : [seq, record, machine]);
    left -= Buffer.byteLength(part) + 1;
    if (left < 0) break;
    parts.push(part);
  }
  const json = `{"format":"crashcart-orders","version":${VERSION},"records":[${parts.join(',')}]}`;
  return { line: Buffer.from(encodeLine(`${generation} ${json}`, true)), count: parts.length };
}

async function readImage<T>(disk: DiskPort, path: string): Promise<Result<Image<T>>> {
  const none: Image<T> = { slot: 1, generation: 0, records: [] };
  const bytes = await readBytes(disk, path);
  let newest = none;
  for (const slot of [0, 1]) {
    const from = slot * SLOT_BYTES;
    const end = bytes.indexOf(0x0a, from);
    const line = end === -1 ? undefined : decodeLine(bytes.subarray(from, end));
    // Zeros, or a write that was cut short: it was acknowledged to nobody.
    if (line === undefined || line.seq <= newest.generation) continue;
    const { format, version, records } = JSON.parse(line.json) as Contents;
    if (format !== 'crashcart-orders' || (version !== VERSION && version !== WITHOUT))
      return fail(`${path} was written by another version of crashcart: use that one, or move the file aside`);
    newest = { slot, generation: line.seq, records: records.map(toReserved<T>) };
  }
  return ok(newest);
}

function toReserved<T>([seq, record, machine]: Contents['records'][number]): Reserved<T> {
  return { seq, record: record as T, ...(machine === undefined ? {} : { machine }) };
}

async function readBytes(disk: DiskPort, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(2 * SLOT_BYTES);
  let file: DiskFile;
  try {
    file = await disk.open(path, 'read');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return bytes;
    throw error;
  }
  try {
    for (let done = 0; done < bytes.length; ) {
      const count = await file.read(bytes.subarray(done), done);
      if (count === 0) break;
      done += count;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

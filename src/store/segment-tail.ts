import type { DiskFile, DiskPort } from './disk-port.ts';
import { errnoOf } from './explain-disk-error.ts';
import { firstSeqOf, type LogName, segmentPath, setAside } from './segment-files.ts';

/** Where a log ends on disk: the file that is written, and the length up to which it is known to be whole and synced. */

export interface TailStart {
  /** Absent: the next commit starts a new segment. */
  readonly path?: string;
  readonly goodBytes: number;
}

export interface SegmentTailOptions {
  readonly disk: DiskPort;
  readonly dir: string;
  readonly log: LogName;
  readonly segmentBytes: number;
  readonly start: TailStart;
}

/** What somebody did to the file that is written. */
export interface TailLoss {
  readonly path: string;
  /** Removed or renamed, or bytes of it are gone. */
  readonly how: 'removed' | 'cut';
  readonly firstSeq: number;
}

export interface SegmentTail {
  /** Adds the text durably, or rejects and leaves nothing that counts: a retry first cuts the file back. */
  append(firstSeq: number, render: (startsSegment: boolean) => string): Promise<void>;
  /** Looks at the file that is written. Undefined: its name leads to it, and it holds what was written. */
  findLoss(): Promise<TailLoss | undefined>;
  /** Gives it its name again, with all that it held. False: that is gone, and the next commit starts a new segment. */
  writeAnew(): Promise<boolean>;
  close(): Promise<void>;
}

class FileTail implements SegmentTail {
  readonly #options: SegmentTailOptions;
  #path: string | undefined;
  #goodBytes: number;
  /** So long it was when it was looked at last, or after its first commit. */
  #lookedBytes: number;
  #file: DiskFile | undefined;
  /** The name exists on disk, but the folder may not have it durably. */
  #nameIsNew = false;
  /** Bytes beyond `goodBytes` may be there. */
  #dirty = false;

  constructor(options: SegmentTailOptions) {
    this.#options = options;
    this.#path = options.start.path;
    this.#goodBytes = options.start.goodBytes;
    this.#lookedBytes = options.start.goodBytes;
  }

  async append(firstSeq: number, render: (startsSegment: boolean) => string): Promise<void> {
    try {
      const file = await this.#ready(firstSeq);
      const bytes = Buffer.from(render(this.#goodBytes === 0));
      this.#dirty = true;
      await writeAll(file, bytes, this.#goodBytes);
      if (this.#nameIsNew) await this.#options.disk.syncFolder(this.#options.dir);
      this.#nameIsNew = false;
      this.#dirty = false;
      this.#goodBytes += bytes.length;
      if (this.#lookedBytes === 0) this.#lookedBytes = this.#goodBytes;
    } catch (error) {
      // After a failed sync Linux forgets which pages were dirty: the bytes are written again through a new handle.
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  async findLoss(): Promise<TailLoss | undefined> {
    const path = this.#path;
    if (path === undefined) return undefined;
    // Before anything is written too: what it holds can be written anew only while it is open.
    this.#file ??= await this.#open(path);
    const isThere = (await this.#file?.isAt(path)) === true;
    if (isThere && (await this.#holdsAll())) return undefined;
    return { path, how: isThere ? 'cut' : 'removed', firstSeq: firstSeqOf(path) };
  }

  async writeAnew(): Promise<boolean> {
    const path = this.#path;
    if (path === undefined) return false;
    const { disk, dir } = this.#options;
    const old = (await this.#holdsAll()) ? this.#file : undefined;
    // Whatever has its name by now is not what was written.
    await setAside(disk, path);
    if (old === undefined) {
      await this.close().catch(() => undefined);
      this.#path = undefined;
      this.#dirty = false;
      return false;
    }
    const fresh = await disk.open(path, 'create', 'synced');
    try {
      await copyBytes(old, fresh, this.#goodBytes);
      await disk.syncFolder(dir);
    } catch (error) {
      await fresh.close().catch(() => undefined);
      await disk.remove(path).catch(() => undefined);
      throw error;
    }
    this.#file = fresh;
    this.#dirty = false;
    this.#nameIsNew = false;
    await old.close().catch(() => undefined);
    return true;
  }

  async close(): Promise<void> {
    const old = this.#file;
    this.#file = undefined;
    await old?.close();
  }

  /** After a write that failed it was closed, and nothing leads to it any more once its name is gone. */
  async #open(path: string): Promise<DiskFile | undefined> {
    try {
      return await this.#options.disk.open(path, 'edit', 'synced');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** What was written behind a cut leaves zeros where it was: there the last line before the cut does not end. */
  async #holdsAll(): Promise<boolean> {
    const file = this.#file;
    if (file === undefined || (await file.sizeBytes()) < this.#goodBytes) return false;
    const end = Buffer.alloc(1);
    if (this.#lookedBytes > 0 && ((await file.read(end, this.#lookedBytes - 1)) < 1 || end[0] !== 0x0a)) return false;
    this.#lookedBytes = this.#goodBytes;
    return true;
  }

  async #ready(firstSeq: number): Promise<DiskFile> {
    const { disk, dir, log, segmentBytes } = this.#options;
    if (this.#path !== undefined && this.#goodBytes >= segmentBytes) {
      await this.close();
      this.#path = undefined;
    }
    if (this.#path === undefined) {
      const fresh = segmentPath(dir, log, firstSeq);
      this.#file = await disk.open(fresh, 'create', 'synced');
      this.#path = fresh;
      this.#goodBytes = 0;
      this.#lookedBytes = 0;
      this.#nameIsNew = true;
    }
    this.#file ??= await disk.open(this.#path, 'edit', 'synced');
    if (this.#dirty) await this.#file.truncate(this.#goodBytes);
    return this.#file;
  }
}

export function createSegmentTail(options: SegmentTailOptions): SegmentTail {
  return new FileTail(options);
}

async function copyBytes(from: DiskFile, to: DiskFile, sizeBytes: number): Promise<void> {
  const chunk = Buffer.alloc(1024 * 1024);
  for (let done = 0; done < sizeBytes; ) {
    const count = await from.read(chunk.subarray(0, Math.min(chunk.length, sizeBytes - done)), done);
    if (count === 0) throw new Error(`the file ends after ${done} of ${sizeBytes} bytes`);
    await writeAll(to, chunk.subarray(0, count), done);
    done += count;
  }
}

export async function writeAll(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const taken = await file.write(bytes.subarray(done), position + done);
    if (taken === 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'ENOSPC' });
    done += taken;
  }
}

import type { DiskFile, DiskPort } from './disk-port.ts';
import { type LogName, segmentPath } from './segment-files.ts';

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

export interface SegmentTail {
  /** Adds the text durably, or rejects and leaves nothing that counts: a retry first cuts the file back. */
  append(firstSeq: number, render: (startsSegment: boolean) => string): Promise<void>;
  /** The file that is written, where it has lost its name. */
  lostName(): Promise<string | undefined>;
  /** Gives it its name again, with all that it held. */
  writeAnew(): Promise<void>;
  close(): Promise<void>;
}

class FileTail implements SegmentTail {
  readonly #options: SegmentTailOptions;
  #path: string | undefined;
  #goodBytes: number;
  #file: DiskFile | undefined;
  /** The name exists on disk, but the folder may not have it durably. */
  #nameIsNew = false;
  /** Bytes beyond `goodBytes` may be there. */
  #dirty = false;

  constructor(options: SegmentTailOptions) {
    this.#options = options;
    this.#path = options.start.path;
    this.#goodBytes = options.start.goodBytes;
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
    } catch (error) {
      // After a failed sync Linux forgets which pages were dirty: the bytes are written again through a new handle.
      await this.close().catch(() => undefined);
      throw error;
    }
  }

  async lostName(): Promise<string | undefined> {
    const path = this.#path;
    if (path === undefined) return undefined;
    // Before anything is written too: what it holds can be written anew only while it is open.
    this.#file ??= await this.#options.disk.open(path, 'edit', 'synced');
    return (await this.#file.isAt(path)) ? undefined : path;
  }

  async writeAnew(): Promise<void> {
    const [old, path] = [this.#file, this.#path];
    if (old === undefined || path === undefined) return;
    const { disk, dir } = this.#options;
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
  }

  async close(): Promise<void> {
    const old = this.#file;
    this.#file = undefined;
    await old?.close();
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

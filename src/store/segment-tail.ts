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
  path(): string | undefined;
  close(): Promise<void>;
}

export function createSegmentTail(options: SegmentTailOptions): SegmentTail {
  const { disk, dir, log } = options;
  let path = options.start.path;
  let goodBytes = options.start.goodBytes;
  let file: DiskFile | undefined;
  /** The name exists on disk, but the folder may not have it durably. */
  let nameIsNew = false;
  /** Bytes beyond `goodBytes` may be there. */
  let dirty = false;

  const close = async (): Promise<void> => {
    const old = file;
    file = undefined;
    await old?.close();
  };

  const ready = async (firstSeq: number): Promise<DiskFile> => {
    if (path !== undefined && goodBytes >= options.segmentBytes) {
      await close();
      path = undefined;
    }
    if (path === undefined) {
      const fresh = segmentPath(dir, log, firstSeq);
      file = await disk.open(fresh, 'create');
      path = fresh;
      goodBytes = 0;
      nameIsNew = true;
    }
    file ??= await disk.open(path, 'edit');
    if (dirty) await file.truncate(goodBytes);
    return file;
  };

  return {
    async append(firstSeq, render) {
      try {
        const open = await ready(firstSeq);
        const bytes = Buffer.from(render(goodBytes === 0));
        dirty = true;
        await writeAll(open, bytes, goodBytes);
        await open.datasync();
        if (nameIsNew) await disk.syncFolder(dir);
        nameIsNew = false;
        dirty = false;
        goodBytes += bytes.length;
      } catch (error) {
        // After a failed fsync Linux forgets which pages were dirty: the bytes are written again through a new handle.
        await close().catch(() => undefined);
        throw error;
      }
    },
    path: () => path,
    close,
  };
}

async function writeAll(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const taken = await file.write(bytes.subarray(done), position + done);
    if (taken === 0) throw Object.assign(new Error('the disk takes no more bytes'), { code: 'ENOSPC' });
    done += taken;
  }
}

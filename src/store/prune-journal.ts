import { fail, ok, type Result } from '../core/result.ts';
import { createDisk, type DiskPort } from './disk-port.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { listSegments } from './segment-files.ts';

export interface PruneOptions {
  /** Newest segments are kept up to this size even where a snapshot covers them: they are the history of the rack. */
  readonly keepBytes: number;
  readonly disk?: DiskPort;
}

export interface Pruned {
  readonly removedFiles: number;
  readonly freedBytes: number;
}

/**
 * Removes segments of which every record is older than `keepFromSeq`: the number after that of the *older* snapshot that
 * is kept, or a fall-back to it could not be brought up to date. The last segment always stays.
 */
export async function pruneJournal(dir: string, keepFromSeq: number, options: PruneOptions): Promise<Result<Pruned>> {
  const disk = options.disk ?? createDisk();
  let removedFiles = 0;
  let freedBytes = 0;
  try {
    const segments = await listSegments(disk, dir, 'journal');
    const sizes = await Promise.all(segments.map((segment) => sizeOf(disk, segment.path)));
    let leftBytes = sizes.reduce((sum, size) => sum + size, 0);
    // Oldest first, so that a crash in the middle leaves no hole.
    for (const [index, segment] of segments.entries()) {
      const following = segments[index + 1];
      const size = sizes[index] ?? 0;
      if (following === undefined || following.firstSeq > keepFromSeq || leftBytes - size < options.keepBytes) break;
      await disk.remove(segment.path);
      removedFiles += 1;
      freedBytes += size;
      leftBytes -= size;
    }
    if (removedFiles > 0) await disk.syncFolder(dir);
    return ok({ removedFiles, freedBytes });
  } catch (error) {
    return fail(explainDiskError(error, `remove old journal segments in ${dir}`));
  }
}

async function sizeOf(disk: DiskPort, path: string): Promise<number> {
  const file = await disk.open(path, 'read');
  try {
    return await file.sizeBytes();
  } finally {
    await file.close();
  }
}

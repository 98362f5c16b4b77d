import type { LoadedFile } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { fileKey, type ToBulkThread } from './bulk-messages.ts';
import { DEFAULT_BUDGET, type SharedFile } from './file-store.ts';
import type { FileOpener } from './http-desk.ts';

export interface BulkFiles extends FileOpener {
  /** What a new thread must know. */
  readonly known: () => readonly ToBulkThread[];
  readonly heldBytes: () => number;
}

interface Entry {
  readonly file: LoadedFile;
  readonly opened: Promise<Result<void>>;
  shared?: SharedFile;
}

/**
 * Files that bulk threads send from, each in memory once. One thread reads and hashes it, all of them get the memory; this
 * thread never touches a byte. What does not fit is read in pieces by whoever sends it.
 */
export function createBulkFiles(
  load: (file: LoadedFile) => Promise<Result<SharedFile>>,
  tellAll: (message: ToBulkThread) => void,
  budgetBytes = DEFAULT_BUDGET,
): BulkFiles {
  const entries = new Map<string, Entry>();
  let held = 0;

  const release = (key: string): void => {
    const entry = entries.get(key);
    entries.delete(key);
    if (entry?.shared === undefined) return;
    held -= entry.file.sizeBytes;
    tellAll({ t: 'forget', file: entry.file });
  };

  /** Used last, released last; what is being sent stays in memory until it was. */
  const makeRoom = (sizeBytes: number): boolean => {
    if (sizeBytes > budgetBytes) return false;
    for (const [key, entry] of entries) {
      if (held + sizeBytes <= budgetBytes) break;
      if (entry.shared !== undefined) release(key);
    }
    return held + sizeBytes <= budgetBytes;
  };

  const take = async (key: string, file: LoadedFile): Promise<Result<void>> => {
    if (!makeRoom(file.sizeBytes)) return ok(undefined);
    held += file.sizeBytes;
    const loaded = await load(file);
    const entry = entries.get(key);
    if (loaded.ok && entry !== undefined) {
      entry.shared = loaded.value;
      tellAll({ t: 'shared', file, shared: loaded.value });
      return ok(undefined);
    }
    held -= file.sizeBytes;
    // A file that was repaired must not stay refused.
    entries.delete(key);
    return loaded.ok ? ok(undefined) : loaded;
  };

  return {
    open: async (file) => {
      const key = fileKey(file);
      const known = entries.get(key) ?? { file, opened: Promise.resolve().then(() => take(key, file)) };
      entries.delete(key);
      entries.set(key, known);
      const opened = await known.opened;
      return opened.ok ? ok({ sizeBytes: file.sizeBytes, etag: `"${file.sha256.slice(0, 32)}"` }) : opened;
    },
    known: () =>
      [...entries.values()].flatMap(({ file, shared }) =>
        shared === undefined ? [] : [{ t: 'shared', file, shared } as const],
      ),
    heldBytes: () => held,
  };
}

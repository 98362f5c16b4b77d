import { constants, write } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { errnoOf } from './explain-disk-error.ts';
import { makeFolder } from './make-folder.ts';

/** The few disk operations that the store needs, so that tests can put a failing disk underneath. All reject with errno. */

export interface DiskFile {
  /** How many bytes were taken; on a full disk fewer than given. Of a file opened as `synced` they are on disk by then. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  read(into: Uint8Array, position: number): Promise<number>;
  sizeBytes(): Promise<number>;
  /** Whether this is its name: whoever removed or renamed it takes all that is written from then on. */
  isAt(path: string): Promise<boolean>;
  datasync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** `create` refuses a file that exists, `replace` empties it, `edit` needs it. New files get mode 0600. */
export type OpenMode = 'read' | 'create' | 'replace' | 'edit';

export interface DiskPort {
  /** With its parents, mode 0700; one that exists is left as it is. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  open(path: string, mode: OpenMode, writes?: 'synced'): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes created, renamed and removed names durable. */
  syncFolder(path: string): Promise<void>;
}

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  replace: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
  edit: constants.O_RDWR,
};

export function createDisk(): DiskPort {
  return {
    makeFolder,
    list: (folder) => readdir(folder),
    // A symbolic link planted under a file's name would let another user choose what gets overwritten.
    open: async (path, mode, writes) => {
      const flags = FLAGS[mode] | constants.O_NOFOLLOW;
      if (writes === undefined) return wrapHandle(await open(path, flags, 0o600));
      // Written and on disk in one go of the thread pool: each go is two wake-ups, which cost more than the write itself.
      // On Linux O_DSYNC is fdatasync after each write; elsewhere it may stop at the cache of the drive.
      if (process.platform === 'linux') return wrapHandle(await open(path, flags | constants.O_DSYNC, 0o600));
      return withSync(wrapHandle(await open(path, flags, 0o600)));
    },
    rename,
    remove: unlink,
    async syncFolder(path) {
      const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
  };
}

const withSync = (file: DiskFile): DiskFile => ({
  ...file,
  write: async (bytes, position) => {
    const taken = await file.write(bytes, position);
    await file.datasync();
    return taken;
  },
});

async function isAt(handle: FileHandle, path: string): Promise<boolean> {
  const own = await handle.stat({ bigint: true });
  try {
    const named = await lstat(path, { bigint: true });
    return named.ino === own.ino && named.dev === own.dev;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function wrapHandle(handle: FileHandle): DiskFile {
  return {
    // Not by the handle's own promises: the journal writes hundreds of times a second.
    write: (bytes, position) =>
      new Promise((resolve, reject) => {
        write(handle.fd, bytes, 0, bytes.length, position, (error, taken) => {
          if (error === null) resolve(taken);
          else reject(error);
        });
      }),
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    sizeBytes: async () => (await handle.stat()).size,
    isAt: (path) => isAt(handle, path),
    datasync: () => handle.datasync(),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    close: () => handle.close(),
  };
}

/** What an errno means to the person who has to repair it. */
const WORDS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on that disk: free some and saving goes on by itself',
  EDQUOT: 'the disk quota is used up: raise it or free some and saving goes on by itself',
  EROFS: 'that disk is mounted read-only: see dmesg for why, then remount it',
  EIO: 'the disk reports an I/O error: see dmesg and check the drive',
  EACCES: 'permission is denied: the state folder must belong to the user who runs crashcart',
  EPERM: 'the operation is not permitted: check owner, immutable flags and mount options',
  ENOENT: 'it is gone: something removed the state folder or a file in it',
  ENOTDIR: 'a part of that path is a file, not a folder',
  EISDIR: 'a folder has the name of a file that crashcart writes',
  ELOOP: 'it is a symbolic link, which crashcart does not follow in its state folder',
  EFBIG: 'the file would be larger than the file size limit (ulimit -f)',
  EMFILE: 'too many files are open in this process (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
  ESTALE: 'the network file system has lost the file (stale handle)',
  ENAMETOOLONG: 'that path is too long',
};

/** At a start nothing goes on by itself, and the folder may still be another. */
const AT_START: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on that disk: free some, then start again',
  EDQUOT: 'the disk quota is used up: raise it or free some, then start again',
  EROFS: 'that file system is read-only: see dmesg for why and remount it, or choose another folder',
  ENOENT: 'a part of that path is not there, and cannot be made',
};

export function explainDiskError(error: unknown, doing: string, when: 'running' | 'start' = 'running'): string {
  const code = errnoOf(error);
  const words = code === undefined ? undefined : ((when === 'start' ? AT_START[code] : undefined) ?? WORDS[code]);
  if (words !== undefined) return `cannot ${doing}: ${words} (${code})`;
  return `cannot ${doing}: ${error instanceof Error ? error.message : String(error)}`;
}

export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

import { createHash } from 'node:crypto';

/** Remembers rejected passwords for all connections of this program: an iDRAC locks the address after three failures. */
export interface RejectionMemory {
  /** `key` is the address and the user. */
  isRejected(key: string): boolean;
  noteRejected(key: string): void;
  noteAccepted(key: string): void;
}

export interface Rejections {
  /** The memory for one password: another one starts afresh. */
  forPassword(password: string): RejectionMemory;
  /** After the operator changed something on the BMC itself. */
  forget(address: string): void;
}

/** One retry, for a BMC that was just starting. */
const MOST = 2;

export function createRejections(): Rejections {
  const counts = new Map<string, { readonly count: number; readonly key: string }>();
  const digest = (key: string, password: string) => createHash('sha256').update(`${key}\0${password}`).digest('hex');
  return {
    forPassword: (password) => ({
      isRejected: (key) => (counts.get(digest(key, password))?.count ?? 0) >= MOST,
      noteRejected(key) {
        const id = digest(key, password);
        counts.set(id, { count: (counts.get(id)?.count ?? 0) + 1, key });
      },
      noteAccepted(key) {
        counts.delete(digest(key, password));
      },
    }),
    forget(address) {
      for (const [id, entry] of counts) if (entry.key.startsWith(`${address} `)) counts.delete(id);
    },
  };
}

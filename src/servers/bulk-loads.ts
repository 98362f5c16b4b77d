import type { LoadedFile } from '../core/ports.ts';
import { fail, type Result } from '../core/result.ts';
import type { BulkThreadLink } from './bulk-thread-link.ts';
import type { SharedFile } from './file-store.ts';

/** Files that bulk threads read into shared memory for all: who reads which, and who waits for it. */
export interface BulkLoads {
  readonly load: (file: LoadedFile) => Promise<Result<SharedFile>>;
  readonly loaded: (load: number, shared: Result<SharedFile>) => void;
  readonly lost: (thread: BulkThreadLink, why: string) => void;
}

interface Waiting {
  readonly thread: BulkThreadLink;
  readonly resolve: (shared: Result<SharedFile>) => void;
}

export function createBulkLoads(idlest: () => BulkThreadLink | undefined): BulkLoads {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  const loaded = (load: number, shared: Result<SharedFile>): void => {
    const one = waiting.get(load);
    waiting.delete(load);
    one?.resolve(shared);
  };
  return {
    load: (file) => {
      const thread = idlest();
      if (thread === undefined) return Promise.resolve(fail('no thread is there to read it; try again'));
      last += 1;
      const load = last;
      thread.tell({ t: 'load', load, file });
      return new Promise((resolve) => waiting.set(load, { thread, resolve }));
    },
    loaded,
    lost: (thread, why) => {
      for (const [load, one] of waiting) if (one.thread === thread) loaded(load, fail(why));
    },
  };
}

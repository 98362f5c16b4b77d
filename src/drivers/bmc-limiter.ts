import { createHeldUp } from './held-up.ts';

/**
 * One request at a time per BMC (iLO and old iDRAC fall over at more), and a ceiling on the sockets of all of them.
 * Waiters are served in order of arrival, but a BMC that is busy does not hold up the others.
 */
export interface BmcLimiter {
  /** Runs `task` when `key` is idle and a socket is free. An aborted wait resolves to `undefined`. */
  run<T>(key: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T | undefined>;
  /**
   * Until the returned function is called, what is asked of this BMC goes before what is asked of others. At a start
   * thousands are read; with 2,000 an order to one of them took minutes between their questions.
   */
  hurry(key: string): () => void;
  /** How long this BMC was kept waiting for a socket; what it may take in time does not count that. */
  heldMs(key: string): number;
  readonly stats: () => { readonly running: number; readonly waiting: number; readonly peak: number };
}

interface Waiter {
  readonly key: string;
  readonly start: () => void;
}

export function createBmcLimiter(maxSockets = 32): BmcLimiter {
  const busy = new Set<string>();
  const waiting = new Set<Waiter>();
  const hurried = new Map<string, number>();
  const held = createHeldUp();
  let peak = 0;

  const startAll = (may: (waiter: Waiter) => boolean) => {
    if (busy.size >= maxSockets) return;
    for (const waiter of waiting) {
      if (busy.has(waiter.key) || !may(waiter)) continue;
      waiting.delete(waiter);
      busy.add(waiter.key);
      held.note(waiter.key, 'goes');
      peak = Math.max(peak, busy.size);
      waiter.start();
      if (busy.size >= maxSockets) return;
    }
  };
  const startNext = () => {
    if (hurried.size > 0) startAll(({ key }) => hurried.has(key));
    startAll(() => true);
  };

  const enter = (key: string, signal: AbortSignal | undefined): Promise<boolean> => {
    if (signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const giveUp = () => {
        if (waiting.delete(waiter)) held.note(key, 'gaveUp');
        resolve(false);
      };
      const waiter: Waiter = {
        key,
        start: () => {
          signal?.removeEventListener('abort', giveUp);
          resolve(true);
        },
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      waiting.add(waiter);
      held.note(key, 'waits');
      startNext();
    });
  };

  return {
    async run(key, signal, task) {
      if (!(await enter(key, signal))) return undefined;
      try {
        return await task();
      } finally {
        busy.delete(key);
        held.note(key, 'done');
        startNext();
      }
    },
    hurry(key) {
      hurried.set(key, (hurried.get(key) ?? 0) + 1);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const left = (hurried.get(key) ?? 1) - 1;
        if (left > 0) hurried.set(key, left);
        else hurried.delete(key);
      };
    },
    heldMs: held.ms,
    stats: () => ({ running: busy.size, waiting: waiting.size, peak }),
  };
}

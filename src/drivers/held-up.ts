/**
 * How long each BMC was kept waiting by the ceiling on sockets alone: something was to be asked of it, and nothing was
 * on its way. Among hundreds that is a minute at a start, and no fault of the BMC.
 */
export interface HeldUp {
  readonly note: (key: string, change: 'waits' | 'goes' | 'done' | 'gaveUp') => void;
  /** Since the beginning, growing while it waits. */
  readonly ms: (key: string) => number;
}

interface Account {
  waiting: number;
  running: number;
  totalMs: number;
  since: number | undefined;
}

export function createHeldUp(now: () => number = () => performance.now()): HeldUp {
  const accounts = new Map<string, Account>();
  return {
    note(key, change) {
      const one = accounts.get(key) ?? { waiting: 0, running: 0, totalMs: 0, since: undefined };
      accounts.set(key, one);
      if (change === 'waits') one.waiting += 1;
      else if (change !== 'done') one.waiting -= 1;
      if (change === 'goes') one.running += 1;
      if (change === 'done') one.running -= 1;
      const isHeld = one.waiting > 0 && one.running === 0;
      if (isHeld) one.since ??= now();
      else if (one.since !== undefined) {
        one.totalMs += now() - one.since;
        one.since = undefined;
      }
    },
    ms(key) {
      const one = accounts.get(key);
      return one === undefined ? 0 : one.totalMs + (one.since === undefined ? 0 : now() - one.since);
    },
  };
}

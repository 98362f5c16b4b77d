/** Waiting that a stop can end: a sleep, a back-off with jitter, and a deadline for one operation. */

export interface Deadline {
  readonly signal: AbortSignal;
  remainingMs(): number;
  expired(): boolean;
}

/** `heldMs`: time that does not count, because we kept the other side waiting ourselves. */
export function createDeadline(ms: number, signal: AbortSignal, heldMs: () => number = () => 0): Deadline {
  const end = performance.now() - heldMs() + ms;
  const remainingMs = () => Math.max(0, end + heldMs() - performance.now());
  return { signal, remainingMs, expired: () => signal.aborted || remainingMs() === 0 };
}

/** Resolves early when the signal is aborted; the caller looks at its deadline anyway. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** 1, 2, 4 … times `firstMs` up to `maxMs`, of which a random half: hundreds of clients must not knock in step. */
export function backOffMs(attempt: number, firstMs: number, maxMs: number, random = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 20));
  return full / 2 + (full / 2) * random();
}

import type { Worker } from 'node:worker_threads';

/** It may have to come to the end of its start first. */
const ENDS_WITHIN_MS = 2_000;

/**
 * A thread that is broken off in the middle of a native call takes the whole program with it (koffi: `napi_throw`, abort; 1 of
 * 30 starts on a port that was taken). It is asked to end by itself; one that hears nothing is broken off.
 */
export async function endThread(worker: Worker, ask: () => void, withinMs = ENDS_WITHIN_MS): Promise<void> {
  if (worker.threadId === -1) return;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const late = setTimeout(() => void worker.terminate(), withinMs);
  ask();
  await ended;
  clearTimeout(late);
}

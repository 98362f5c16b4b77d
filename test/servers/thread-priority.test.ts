import { once } from 'node:events';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

async function change(wanted: number, forward: boolean) {
  // The test may be run with less than that.
  const priority = Math.max(wanted, getPriority());
  const workerData = { priority, forward };
  const probe = new Worker(new URL('./priority-probe.ts', import.meta.url), { execArgv: [], workerData });
  const [said] = await once(probe, 'message');
  await probe.terminate();
  return { priority, said };
}

test.each([0, 5, 15, 19])('a thread that sends steps back from %i, and never before the engine', async (wanted) => {
  const { priority, said } = await change(wanted, false);
  expect(said).toEqual({ done: true, priority: Math.min(19, priority + 10) });
});

test('the one that answers goes before other programs where it may, and stays where it is elsewhere', async () => {
  const { priority, said } = await change(0, true);
  expect([
    { done: true, priority: priority - 10 },
    { done: false, priority },
  ]).toContainEqual(said);
  if (process.getuid?.() === 0) expect(said.done).toBe(true);
});

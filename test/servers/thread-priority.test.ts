import { once } from 'node:events';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { ProbeOrder } from './priority-probe.ts';

async function probe(workerData: ProbeOrder) {
  const worker = new Worker(new URL('./priority-probe.ts', import.meta.url), { execArgv: [], workerData });
  const [said] = await once(worker, 'message');
  await worker.terminate();
  return said;
}

/** The test may be run with less than that. */
const atLeastOwn = (wanted: number): number => Math.max(wanted, getPriority());

test.each([0, 5, 15, 19])('a thread that sends steps back from %i, and never before the engine', async (wanted) => {
  const priority = atLeastOwn(wanted);
  const said = await probe({ priority, does: 'yieldToEngine' });
  expect(said).toEqual({ done: true, priority: Math.min(19, priority + 10) });
});

test('the one that answers goes before other programs where it may, and stays where it is elsewhere', async () => {
  const priority = atLeastOwn(0);
  const said = await probe({ priority, does: 'goFirst' });
  expect([
    { done: true, priority: priority - 10 },
    { done: false, priority },
  ]).toContainEqual(said);
  if (process.getuid?.() === 0) expect(said.done).toBe(true);
});

const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env['CI'] === 'true') throw new Error('CI must run this as root: a thread comes forward again');
if (!isRoot) process.stderr.write('skipped: only root can try that a thread comes forward again\n');

test.skipIf(!isRoot)(
  'where the engine went first, images are sent level with others, and blocks from behind',
  async () => {
    const own = getPriority();
    const places = await probe({ priority: own - 10, does: 'send' });
    const behind = Math.min(19, own + 10);
    expect(places).toEqual([own, behind, behind, behind, own]);
  },
);

test('where it did not, all is sent from behind', async () => {
  const priority = atLeastOwn(0);
  const behind = Math.min(19, priority + 10);
  expect(await probe({ priority, does: 'send' })).toEqual([behind, behind, behind, behind, behind]);
});

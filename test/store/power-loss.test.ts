import { expect, test } from 'vitest';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { createRandom } from '../seeded-random.ts';
import { lastOf, openOrThrow, readAll } from './journal-kit.ts';
import { createMemoryDisk } from './memory-disk.ts';

const DIR = '/state';
const ROUNDS = 400;

interface Sum {
  readonly count: number;
  readonly hash: number;
}

const add = (sum: Sum, n: number): Sum => ({ count: sum.count + 1, hash: (Math.imul(sum.hash, 31) + n) | 0 });

/**
 * The power goes at a random operation; every unsynced write then survives whole, in part or not at all, in any order.
 * A killed process cannot show this, because the kernel still has its pages.
 */
test('after a power cut at any operation, all that was promised is there and nothing else is wrong', async () => {
  let promised = 0;
  let fellBack = 0;
  let tornRounds = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const random = createRandom(round + 1);
    const disk = createMemoryDisk();
    for (let life = 0; life < 3; life++) {
      const outcome = await liveAndDie(disk, random, life * 1_000);
      promised += outcome.durableSeq;
      disk.fault = () => undefined;
      disk.crash(random);
      const check = await reopen(disk, outcome.durableSeq, outcome.sumAt);
      if (check.fellBack) fellBack += 1;
      if (check.torn) tornRounds += 1;
    }
  }
  expect(promised).toBeGreaterThan(ROUNDS);
  expect(tornRounds).toBeGreaterThan(20);
  expect(fellBack).toBeGreaterThan(0);
}, 60_000);

async function restore(disk: ReturnType<typeof createMemoryDisk>) {
  const snapshot = openSnapshot(DIR, { disk });
  const loaded = await snapshot.load();
  if (!loaded.ok) throw new Error(loaded.error);
  const start = loaded.value;
  let sum = (start?.data as Sum | undefined) ?? { count: 0, hash: 7 };
  const items = await readAll(DIR, (start?.seq ?? 0) + 1, disk);
  for (const item of items) if (item.kind === 'record') sum = add(sum, item.record.n);
  return { snapshot, sum, items, seq: start?.seq ?? 0, fellBack: start?.fellBack !== undefined };
}

async function liveAndDie(disk: ReturnType<typeof createMemoryDisk>, random: () => number, base: number) {
  const before = await restore(disk);
  let sum = before.sum;
  const sumAt = new Map<number, Sum>([[sum.count, sum]]);
  const journal = await openOrThrow(DIR, { disk, segmentBytes: 400, afterSeq: before.seq });
  expect(journal.found.lastSeq).toBe(sum.count);
  const snapshot = openSnapshot(DIR, { disk, awaitDurable: (seq) => journal.durable(seq) });
  await snapshot.load();
  let left = Math.floor(random() * 120);
  // From one moment on no operation comes through any more: the machine is dark.
  disk.fault = () => (left-- > 0 ? undefined : 'EIO');
  const saves: Promise<unknown>[] = [];
  for (let n = base; left > 0 && n < base + 400; n++) {
    journal.append({ n });
    sum = add(sum, n);
    sumAt.set(sum.count, sum);
    if (random() < 0.05) saves.push(snapshot.save(sum.count, { ...sum }));
    if (random() < 0.03) saves.push(journal.prune(snapshot.coveredSeq() + 1, 0));
    if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
  }
  const durableSeq = journal.durableSeq();
  await journal.close();
  await Promise.all(saves);
  // Promises that were made while the last operations ran count as well.
  return { durableSeq: Math.max(durableSeq, journal.durableSeq()), sumAt };
}

async function reopen(
  disk: ReturnType<typeof createMemoryDisk>,
  durableSeq: number,
  sumAt: ReadonlyMap<number, Sum>,
): Promise<{ readonly fellBack: boolean; readonly torn: boolean }> {
  const { sum, items, fellBack } = await restore(disk);
  expect(items.filter((item) => item.kind === 'problem')).toEqual([]);
  expect(sum.count).toBeGreaterThanOrEqual(durableSeq);
  expect(sum).toEqual(sumAt.get(sum.count));
  return { fellBack, torn: lastOf(items)?.kind === 'torn' };
}

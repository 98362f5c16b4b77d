import { Session } from 'node:inspector/promises';
import { createRandom } from '../seeded-random.ts';
import { loadCorpus, mutate, saveCorpus } from './fuzz-corpus.ts';
import type { FuzzTarget } from './fuzz-target.ts';

/**
 * Coverage-guided, by V8's own counters: what reaches a block of ours for the first time, or a loop much more often, is
 * kept and mutated further. `node test/fuzz/grow-corpus.ts [--seconds 30] [--seed 1] [TARGET...]`
 */
const BATCH = 512;
const LONGEST = 1600;
/** What decides over bytes from outside. */
const COUNTED = /\/src\/(protocols|netboot|talos|servers|link|engine|inventory|drivers\/redfish)\//;

function optionOf(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

/** 1, 2, 3, 4-7, 8-15 …: a loop that turns once more is not news, one that turns twice as often is. */
const bucket = (count: number): number => (count < 4 ? count : 2 + Math.floor(Math.log2(count)));

interface Reached {
  readonly blocks: readonly string[];
  /** Blocks with how often, roughly. */
  readonly counts: readonly string[];
}

async function createCounter(): Promise<() => Promise<Reached>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage');
    const reached = { blocks: [] as string[], counts: [] as string[] };
    for (const { url, functions } of result) {
      if (!COUNTED.test(url)) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges) {
          if (count === 0) continue;
          const block = `${url}:${startOffset}-${endOffset}`;
          reached.blocks.push(block);
          reached.counts.push(`${block}:${bucket(count)}`);
        }
    }
    return reached;
  };
}

async function grow(target: FuzzTarget, count: () => Promise<Reached>): Promise<void> {
  const random = createRandom(optionOf('seed', Date.now() & 0xffff));
  const feed = target.open();
  const seeds = target.seeds();
  const kept = [...loadCorpus(target.name)];
  const blocks = new Set<string>();
  const counts = new Set<string>();
  /** Of a batch only the blocks tell something: how often adds up. Halved until it is one input that was news. */
  const run = async (batch: readonly Uint8Array[]): Promise<void> => {
    await count();
    for (const bytes of batch) await feedOrTell(target, feed, bytes);
    const reached = await count();
    if (batch.length === 1) {
      const news = reached.counts.some((key) => !counts.has(key));
      for (const key of reached.counts) counts.add(key);
      for (const key of reached.blocks) blocks.add(key);
      if (news && batch[0] !== undefined) kept.push(batch[0]);
    } else if (reached.blocks.some((key) => !blocks.has(key))) {
      await run(batch.slice(0, batch.length >> 1));
      await run(batch.slice(batch.length >> 1));
    }
  };
  const known = [...seeds, ...kept];
  kept.length = 0;
  for (const bytes of known) await run([bytes]);
  const end = Date.now() + optionOf('seconds', 30) * 1000;
  let fed = 0;
  while (Date.now() < end) {
    const batch = Array.from({ length: BATCH }, () => mutate(known.concat(kept), random));
    await run(batch.filter((one) => one.length <= LONGEST));
    fed += batch.length;
  }
  const isSeed = new Set(seeds);
  saveCorpus(
    target.name,
    kept.filter((bytes) => !isSeed.has(bytes)),
  );
  process.stdout.write(`${target.name}: ${fed} inputs, ${blocks.size} blocks, ${kept.length} inputs kept\n`);
}

async function feedOrTell(target: FuzzTarget, feed: ReturnType<FuzzTarget['open']>, bytes: Uint8Array): Promise<void> {
  try {
    await feed(bytes);
  } catch (error) {
    throw new Error(`${target.name}: ${Buffer.from(bytes).toString('hex')}`, { cause: error });
  }
}

const count = await createCounter();
// Loaded after the counters began: what was compiled before is counted by function alone.
const { FUZZ_TARGETS } = await import('./fuzz-targets.ts');
const names = process.argv.slice(2).filter((word) => FUZZ_TARGETS.some((one) => one.name === word));
for (const target of FUZZ_TARGETS) if (names.length === 0 || names.includes(target.name)) await grow(target, count);

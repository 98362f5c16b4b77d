import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../seeded-random.ts';
import { loadCorpus, mutate } from './fuzz-corpus.ts';
import { FUZZ_TARGETS } from './fuzz-targets.ts';

/**
 * Hostile bytes into everything that takes bytes, from the captures of real firmware and the corpus that coverage grew.
 * `CRASHCART_FUZZ=5000000 npm test -- test/fuzz` for millions of each; another seed by CRASHCART_FUZZ_SEED.
 */
const TIMES = Number(process.env['CRASHCART_FUZZ'] ?? 8_000);
const SEED = Number(process.env['CRASHCART_FUZZ_SEED'] ?? 1);
const LIMIT_MS = 60_000 + TIMES * 5;
/** What the second half of the inputs may leave behind: caches that fill up to their bounds, and no more. */
const GROWTH_MAX_MB = 48;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMb(): number {
  collect();
  return process.memoryUsage().heapUsed / 1e6;
}

describe('hostile bytes', { timeout: LIMIT_MS }, () => {
  for (const target of FUZZ_TARGETS) {
    const times = Math.ceil(TIMES / (target.oneIn ?? 1));
    test(`${target.name}: nothing is thrown, and what must hold holds, for ${times} inputs`, async () => {
      const inputs = [...target.seeds(), ...loadCorpus(target.name)];
      expect(inputs.length).toBeGreaterThan(1);
      const feed = target.open();
      const random = createRandom(SEED);
      const half = inputs.length + (times >> 1);
      let halfMb = 0;
      for (let i = 0; i < inputs.length + times; i += 1) {
        if (i === half) halfMb = heapMb();
        const bytes = inputs[i] ?? mutate(inputs, random);
        try {
          await feed(bytes);
        } catch (thrown) {
          const which = `${target.name}, seed ${SEED}, input ${i}: ${Buffer.from(bytes).toString('hex')}`;
          throw new Error(which, { cause: thrown });
        }
      }
      expect(heapMb() - halfMb).toBeLessThan(GROWTH_MAX_MB);
    });
  }
});

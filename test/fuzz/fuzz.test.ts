import { describe, expect, test } from 'vitest';
import { createRandom } from '../protocols/seeded-noise.ts';
import { loadCorpus, mutate } from './fuzz-corpus.ts';
import { FUZZ_TARGETS } from './fuzz-targets.ts';

/**
 * Hostile bytes into everything that takes bytes, from the captures of real firmware and the corpus that coverage grew.
 * `CRASHCART_FUZZ=5000000 npm test -- test/fuzz` for millions of each; another seed by CRASHCART_FUZZ_SEED.
 */
const TIMES = Number(process.env['CRASHCART_FUZZ'] ?? 8_000);
const SEED = Number(process.env['CRASHCART_FUZZ_SEED'] ?? 1);
const LIMIT_MS = 60_000 + TIMES * 5;

describe('hostile bytes', { timeout: LIMIT_MS }, () => {
  for (const target of FUZZ_TARGETS) {
    test(`${target.name}: nothing is thrown, and what must hold holds, for ${TIMES} inputs`, () => {
      const inputs = [...target.seeds(), ...loadCorpus(target.name)];
      expect(inputs.length).toBeGreaterThan(1);
      const feed = target.open();
      const random = createRandom(SEED);
      for (let i = 0; i < inputs.length + TIMES; i += 1) {
        const bytes = inputs[i] ?? mutate(inputs, random);
        try {
          feed(bytes);
        } catch (thrown) {
          const which = `${target.name}, seed ${SEED}, input ${i}: ${Buffer.from(bytes).toString('hex')}`;
          throw new Error(which, { cause: thrown });
        }
      }
    });
  }
});

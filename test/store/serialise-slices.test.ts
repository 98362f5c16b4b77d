import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { serialiseInSlices } from '../../src/store/serialise-slices.ts';

const join = (value: unknown, depth?: number): string => [...serialiseInSlices(value, depth)].join('');

describe('serialising in slices', () => {
  test('says what JSON.stringify says, for any JSON value and any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 6 }), (value, depth) => {
        expect(join(value, depth)).toBe(JSON.stringify(value));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('leaves out, and puts null, where JSON.stringify does', () => {
    const odd = {
      a: undefined,
      b: () => 1,
      c: [undefined, () => 1],
      d: new Date(0),
      e: Number.NaN,
      f: { g: undefined },
    };
    for (const depth of [0, 1, 2, 3]) expect(join(odd, depth)).toBe(JSON.stringify(odd));
  });

  test('gives one fragment for each entry of the maps, so that none is long', () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, n) => [`node-${n}`, { n, text: 'x'.repeat(1_500) }]),
    );
    const longest = Math.max(...[...serialiseInSlices({ fleet: { nodes } })].map((text) => text.length));
    expect(longest).toBeLessThan(2_000);
  });
});

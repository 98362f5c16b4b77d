import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  deleteIn,
  eachChange,
  emptyShardMap,
  entriesOf,
  getIn,
  type ShardMap,
  setIn,
  shardMapOf,
  valuesOf,
} from '../../src/core/shard-map.ts';

const keys = fc.integer({ min: 0, max: 4000 }).map((n) => `n${String(n).padStart(5, '0')}`);
const steps = fc.array(fc.tuple(keys, fc.option(fc.integer())), { maxLength: 300 });

/** null: delete. */
function play(list: readonly (readonly [string, number | null])[], from: ShardMap<number> = emptyShardMap()) {
  let map = from;
  for (const [key, value] of list) map = value === null ? deleteIn(map, key) : setIn(map, key, value);
  return map;
}

const asMap = (map: ShardMap<number>) => new Map(entriesOf(map));

test('it holds what a Map would hold after the same changes, and says how many', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const plain = new Map<string, number>();
      for (const [key, value] of list) value === null ? plain.delete(key) : plain.set(key, value);
      const map = play(list);
      expect(asMap(map)).toEqual(plain);
      expect([map.size, [...valuesOf(map)].length]).toEqual([plain.size, plain.size]);
      for (const [key] of list) expect(getIn(map, key)).toBe(plain.get(key));
      expect(asMap(shardMapOf(plain))).toEqual(plain);
      expect(shardMapOf(plain).size).toBe(plain.size);
    }),
    { seed: 7, numRuns: 40 },
  );
});

test('a change leaves the map before it as it was, and is all that the two differ in', () => {
  fc.assert(
    fc.property(steps, steps, (list, more) => {
      const before = play(list);
      const was = asMap(before);
      const after = play(more, before);
      expect(asMap(before)).toEqual(was);
      const changed: string[] = [];
      eachChange(before, after, (key, old, now) => changed.push(`${key} ${old} ${now}`));
      const wanted = [...asMap(after)].filter(([key, value]) => was.get(key) !== value);
      expect(changed.sort()).toEqual(wanted.map(([key, value]) => `${key} ${was.get(key)} ${value}`).sort());
    }),
    { seed: 8, numRuns: 40 },
  );
});

test('the same value again, and the end of what is not there, give back the very map', () => {
  const map = play([['n00001', 1]]);
  expect(setIn(map, 'n00001', 1)).toBe(map);
  expect(deleteIn(map, 'n00002')).toBe(map);
});

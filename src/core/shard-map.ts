import { newest } from './newest.ts';

/**
 * An immutable map that is cheap to change: of 32 groups with 64 small shards each, one group and one shard are copied,
 * whether there are 100 machines or 10,000. A shard is a few short arrays, which are searched: with the five entries that it
 * has then, a Map takes ten times as long to copy, and four times the memory. The hashes stand beside the keys, because
 * looking at the text of five keys in turn is five places of memory, and they are cold when the rack is large.
 */
export interface ShardMap<T> {
  readonly size: number;
  readonly groups: readonly Group<T>[];
}

interface Shard<T> {
  readonly hashes: readonly number[];
  readonly keys: readonly string[];
  readonly values: readonly T[];
}
type Group<T> = readonly Shard<T>[];

const GROUPS = 32;
const GROUP_BITS = 6;
const PER_GROUP = 1 << GROUP_BITS;
const EMPTY: Shard<never> = { hashes: [], keys: [], values: [] };
const EMPTY_GROUP: Group<never> = Array.from({ length: PER_GROUP }, () => EMPTY);
const EMPTY_GROUPS: readonly Group<never>[] = Array.from({ length: GROUPS }, () => EMPTY_GROUP);

export function emptyShardMap<T>(): ShardMap<T> {
  return { size: 0, groups: EMPTY_GROUPS };
}

function hashOf(key: string): number {
  // FNV-1a over the last 16 characters: MACs, addresses and host names differ at their end.
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, key.length - 16); at < key.length; at++)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash | 0;
}

const shardOf = (hash: number): number => hash & (GROUPS * PER_GROUP - 1);

const shardAt = <T>(map: ShardMap<T>, at: number): Shard<T> =>
  map.groups[at >> GROUP_BITS]?.[at & (PER_GROUP - 1)] ?? EMPTY;

function placeOf({ hashes, keys }: Shard<unknown>, hash: number, key: string): number {
  for (let at = 0; at < hashes.length; at++) if (hashes[at] === hash && keys[at] === key) return at;
  return -1;
}

export function getIn<T>(map: ShardMap<T>, key: string): T | undefined {
  const hash = hashOf(key);
  const shard = shardAt(map, shardOf(hash));
  const place = placeOf(shard, hash, key);
  return place < 0 ? undefined : shard.values[place];
}

export function setIn<T>(map: ShardMap<T>, key: string, value: T): ShardMap<T> {
  const hash = hashOf(key);
  const at = shardOf(hash);
  const shard = shardAt(map, at);
  const { hashes, keys, values } = shard;
  const place = placeOf(shard, hash, key);
  if (place < 0) {
    const grown = { hashes: newest(hashes, hash), keys: newest(keys, key), values: newest(values, value) };
    return withShard(map, at, grown, 1);
  }
  return values[place] === value ? map : withShard(map, at, { hashes, keys, values: values.with(place, value) }, 0);
}

export function deleteIn<T>(map: ShardMap<T>, key: string): ShardMap<T> {
  const hash = hashOf(key);
  const at = shardOf(hash);
  const shard = shardAt(map, at);
  const { hashes, keys, values } = shard;
  const place = placeOf(shard, hash, key);
  if (place < 0) return map;
  const left = {
    hashes: hashes.toSpliced(place, 1),
    keys: keys.toSpliced(place, 1),
    values: values.toSpliced(place, 1),
  };
  return withShard(map, at, left, -1);
}

function withShard<T>(map: ShardMap<T>, at: number, shard: Shard<T>, more: number): ShardMap<T> {
  const group = (map.groups[at >> GROUP_BITS] ?? EMPTY_GROUP).with(at & (PER_GROUP - 1), shard);
  return { size: map.size + more, groups: map.groups.with(at >> GROUP_BITS, group) };
}

export function* valuesOf<T>(map: ShardMap<T>): Generator<T> {
  for (const shard of filledShards(map)) yield* shard.values;
}

export function* entriesOf<T>(map: ShardMap<T>): Generator<[string, T]> {
  for (const { keys, values } of filledShards(map))
    for (let at = 0; at < keys.length; at++) yield [keys[at] as string, values[at] as T];
}

function filledShards<T>(map: ShardMap<T>): Shard<T>[] {
  const found: Shard<T>[] = [];
  for (const group of map.groups) {
    if (group === EMPTY_GROUP) continue;
    for (const shard of group) if (shard.keys.length > 0) found.push(shard);
  }
  return found;
}

/** Visits what stands in `after` and not in `before`, with what stood there: only what was copied is looked at. */
export function eachChange<T>(
  before: ShardMap<T>,
  after: ShardMap<T>,
  visit: (key: string, was: T | undefined, value: T) => void,
): void {
  for (let at = 0; at < after.groups.length; at++) {
    const [group = EMPTY_GROUP, old = EMPTY_GROUP] = [after.groups[at], before.groups[at]];
    if (group === old) continue;
    for (let index = 0; index < group.length; index++) {
      const [shard, oldShard] = [group[index] ?? EMPTY, old[index] ?? EMPTY];
      if (shard !== oldShard) changesInShard(oldShard, shard, visit);
    }
  }
}

function changesInShard<T>(
  before: Shard<T>,
  { hashes, keys, values }: Shard<T>,
  visit: (key: string, was: T | undefined, value: T) => void,
): void {
  for (let place = 0; place < keys.length; place++) {
    const [key, value] = [keys[place] as string, values[place] as T];
    // A new value under an old key leaves the keys as they are.
    const oldPlace = before.keys === keys ? place : placeOf(before, hashes[place] as number, key);
    const was = oldPlace < 0 ? undefined : before.values[oldPlace];
    if (was !== value) visit(key, was, value);
  }
}

export function shardMapOf<T>(entries: Iterable<readonly [string, T]>): ShardMap<T> {
  const filled = new Map<number, { readonly hashes: number[]; readonly keys: string[]; readonly values: T[] }>();
  let size = 0;
  for (const [key, value] of entries) {
    const hash = hashOf(key);
    const at = shardOf(hash);
    const shard = filled.get(at) ?? { hashes: [], keys: [], values: [] };
    if (shard.keys.length === 0) filled.set(at, shard);
    const place = placeOf(shard, hash, key);
    if (place < 0) {
      shard.hashes.push(hash);
      shard.keys.push(key);
      shard.values.push(value);
      size += 1;
    } else shard.values[place] = value;
  }
  const groups: (Shard<T>[] | undefined)[] = [];
  for (const [at, shard] of filled) {
    const group = groups[at >> GROUP_BITS] ?? [...EMPTY_GROUP];
    const { hashes, keys, values } = shard;
    group[at & (PER_GROUP - 1)] = { hashes: hashes.slice(), keys: keys.slice(), values: values.slice() };
    groups[at >> GROUP_BITS] = group;
  }
  return { size, groups: EMPTY_GROUPS.map((none: Group<T>, at) => groups[at] ?? none) };
}

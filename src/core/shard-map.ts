/**
 * An immutable map that is cheap to change: of 32 groups with 64 small shards each, one group and one shard are copied,
 * whether there are 100 machines or 10,000. A shard is two short arrays, which are searched: with the five entries that it
 * has then, a Map takes ten times as long to copy, and four times the memory.
 */
export interface ShardMap<T> {
  readonly size: number;
  readonly groups: readonly Group<T>[];
}

interface Shard<T> {
  readonly keys: readonly string[];
  readonly values: readonly T[];
}
type Group<T> = readonly Shard<T>[];

const GROUPS = 32;
const GROUP_BITS = 6;
const PER_GROUP = 1 << GROUP_BITS;
const EMPTY: Shard<never> = { keys: [], values: [] };
const EMPTY_GROUP: Group<never> = Array.from({ length: PER_GROUP }, () => EMPTY);
const EMPTY_GROUPS: readonly Group<never>[] = Array.from({ length: GROUPS }, () => EMPTY_GROUP);

export function emptyShardMap<T>(): ShardMap<T> {
  return { size: 0, groups: EMPTY_GROUPS };
}

function shardOf(key: string): number {
  // FNV-1a over the last 16 characters: MACs, addresses and host names differ at their end.
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, key.length - 16); at < key.length; at++)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash & (GROUPS * PER_GROUP - 1);
}

const shardAt = <T>(map: ShardMap<T>, at: number): Shard<T> =>
  map.groups[at >> GROUP_BITS]?.[at & (PER_GROUP - 1)] ?? EMPTY;

export function getIn<T>(map: ShardMap<T>, key: string): T | undefined {
  const { keys, values } = shardAt(map, shardOf(key));
  for (let at = 0; at < keys.length; at++) if (keys[at] === key) return values[at];
  return undefined;
}

export function setIn<T>(map: ShardMap<T>, key: string, value: T): ShardMap<T> {
  const at = shardOf(key);
  const { keys, values } = shardAt(map, at);
  const place = keys.indexOf(key);
  if (place < 0) return withShard(map, at, { keys: [...keys, key], values: [...values, value] }, 1);
  return values[place] === value ? map : withShard(map, at, { keys, values: values.with(place, value) }, 0);
}

export function deleteIn<T>(map: ShardMap<T>, key: string): ShardMap<T> {
  const at = shardOf(key);
  const { keys, values } = shardAt(map, at);
  const place = keys.indexOf(key);
  if (place < 0) return map;
  return withShard(map, at, { keys: keys.toSpliced(place, 1), values: values.toSpliced(place, 1) }, -1);
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

/** What stands in `after` and not in `before`, with what stood there: only what was copied is looked at. */
export function* changesOf<T>(before: ShardMap<T>, after: ShardMap<T>): Generator<[string, T | undefined, T]> {
  for (const [at, group] of after.groups.entries()) {
    const oldGroup = before.groups[at];
    if (group === oldGroup) continue;
    for (const [index, shard] of group.entries()) {
      const old = oldGroup?.[index];
      if (shard === old) continue;
      for (const [place, key] of shard.keys.entries()) {
        const value = shard.values[place] as T;
        const was = old?.values[old.keys.indexOf(key)];
        if (was !== value) yield [key, was, value];
      }
    }
  }
}

export function shardMapOf<T>(entries: Iterable<readonly [string, T]>): ShardMap<T> {
  const filled = new Map<number, { readonly keys: string[]; readonly values: T[] }>();
  let size = 0;
  for (const [key, value] of entries) {
    const at = shardOf(key);
    const shard = filled.get(at) ?? { keys: [], values: [] };
    if (shard.keys.length === 0) filled.set(at, shard);
    const place = shard.keys.indexOf(key);
    if (place < 0) {
      shard.keys.push(key);
      shard.values.push(value);
      size += 1;
    } else shard.values[place] = value;
  }
  const groups: (Shard<T>[] | undefined)[] = [];
  for (const [at, shard] of filled) {
    const group = groups[at >> GROUP_BITS] ?? [...EMPTY_GROUP];
    group[at & (PER_GROUP - 1)] = shard;
    groups[at >> GROUP_BITS] = group;
  }
  return { size, groups: EMPTY_GROUPS.map((none: Group<T>, at) => groups[at] ?? none) };
}

/**
 * An immutable map that is cheap to change: of 32 groups with 64 small maps each, one group and one map are copied, whether
 * there are 100 machines or 10,000. Event to state must stay under 50 µs, and a plain Map of that size takes longer to copy.
 */
export interface ShardMap<T> {
  readonly size: number;
  readonly groups: readonly Group<T>[];
}

type Shard<T> = ReadonlyMap<string, T>;
type Group<T> = readonly Shard<T>[];

const GROUPS = 32;
const GROUP_BITS = 6;
const PER_GROUP = 1 << GROUP_BITS;
const EMPTY: Shard<never> = new Map<string, never>();
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
  return shardAt(map, shardOf(key)).get(key);
}

export function setIn<T>(map: ShardMap<T>, key: string, value: T): ShardMap<T> {
  const at = shardOf(key);
  const old = shardAt(map, at);
  if (old.get(key) === value && old.has(key)) return map;
  return withShard(map, at, old, new Map(old).set(key, value));
}

export function deleteIn<T>(map: ShardMap<T>, key: string): ShardMap<T> {
  const at = shardOf(key);
  const old = shardAt(map, at);
  if (!old.has(key)) return map;
  const shard = new Map(old);
  shard.delete(key);
  return withShard(map, at, old, shard);
}

function withShard<T>(map: ShardMap<T>, at: number, old: Shard<T>, shard: Shard<T>): ShardMap<T> {
  const group = (map.groups[at >> GROUP_BITS] ?? EMPTY_GROUP).with(at & (PER_GROUP - 1), shard);
  return { size: map.size + shard.size - old.size, groups: map.groups.with(at >> GROUP_BITS, group) };
}

export function* valuesOf<T>(map: ShardMap<T>): Generator<T> {
  for (const shard of filledShards(map)) yield* shard.values();
}

export function* entriesOf<T>(map: ShardMap<T>): Generator<[string, T]> {
  for (const shard of filledShards(map)) yield* shard.entries();
}

function filledShards<T>(map: ShardMap<T>): Shard<T>[] {
  const found: Shard<T>[] = [];
  for (const group of map.groups) {
    if (group === EMPTY_GROUP) continue;
    for (const shard of group) if (shard.size > 0) found.push(shard);
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
      for (const [key, value] of shard) if (old?.get(key) !== value) yield [key, old?.get(key), value];
    }
  }
}

export function shardMapOf<T>(entries: Iterable<readonly [string, T]>): ShardMap<T> {
  const filled = new Map<number, Map<string, T>>();
  let size = 0;
  for (const [key, value] of entries) {
    const at = shardOf(key);
    const shard = filled.get(at) ?? new Map<string, T>();
    if (shard.size === 0) filled.set(at, shard);
    if (!shard.has(key)) size += 1;
    shard.set(key, value);
  }
  const groups: (Shard<T>[] | undefined)[] = [];
  for (const [at, shard] of filled) {
    const group = groups[at >> GROUP_BITS] ?? [...EMPTY_GROUP];
    group[at & (PER_GROUP - 1)] = shard;
    groups[at >> GROUP_BITS] = group;
  }
  return { size, groups: EMPTY_GROUPS.map((none: Group<T>, at) => groups[at] ?? none) };
}

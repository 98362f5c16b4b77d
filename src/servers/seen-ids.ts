/** Remembers the last so many keys: delivery is at least once, and a replay must change nothing twice. */
export interface SeenIds {
  /** True the first time. */
  readonly add: (id: string) => boolean;
}

/**
 * Ids are kept as 53 bits of them in one flat array that grows to its bound: as strings in a set, 2,048 ids of each of
 * 2,000 machines took some 300 MB. Forgetting those of quiet machines instead would save as much, and the replay after
 * their next reconnect would count as news.
 */
export function createSeenIds(kept: number): SeenIds {
  let seen = new Float64Array(Math.min(kept, FIRST_KEPT));
  let count = 0;
  return {
    add: (id) => {
      const mark = markOf(id);
      if (seen.includes(mark)) return false;
      if (count >= seen.length && seen.length < kept) {
        const grown = new Float64Array(Math.min(kept, seen.length * 2));
        grown.set(seen);
        seen = grown;
      }
      seen[count % seen.length] = mark;
      count += 1;
      return true;
    },
  };
}

/** A boot tells some 150 events. */
const FIRST_KEPT = 256;

/** Two FNV-1a walks, one from each end; never 0, which is an empty place. */
function markOf(id: string): number {
  let low = 0x811c9dc5;
  let high = 0x811c9dc5;
  for (let i = 0; i < id.length; i += 1) {
    low = Math.imul(low ^ id.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ id.charCodeAt(id.length - 1 - i), 0x01000193);
  }
  return (high & 0x1f_ffff) * 0x1_0000_0000 + (low >>> 0) || 1;
}

/** One value per node, made when it is first needed; those quiet longest make room. */
export function createPerNode<T>(make: (node: string) => T, kept = 4096): (node: string) => T {
  const values = new Map<string, T>();
  return (node) => {
    const value = values.get(node) ?? make(node);
    values.delete(node);
    values.set(node, value);
    const oldest = values.size > kept ? values.keys().next().value : undefined;
    if (oldest !== undefined) values.delete(oldest);
    return value;
  };
}

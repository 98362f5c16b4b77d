/** Remembers the last so many keys: delivery is at least once, and a replay must change nothing twice. */
export interface SeenIds {
  /** True the first time. */
  readonly add: (id: string) => boolean;
}

export function createSeenIds(kept: number): SeenIds {
  const seen = new Set<string>();
  return {
    add: (id) => {
      if (seen.has(id)) return false;
      seen.add(id);
      const oldest = seen.size > kept ? seen.keys().next().value : undefined;
      if (oldest !== undefined) seen.delete(oldest);
      return true;
    },
  };
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

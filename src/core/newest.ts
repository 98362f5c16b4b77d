/**
 * The newest of a list, with this one behind. Exactly as long as it must be: an array that grows, by `push` or by
 * `[...list, one]`, takes room for 16 more and half as many again, of every machine and every event.
 */
export function newest<T>(list: readonly T[], one: T, most = Number.POSITIVE_INFINITY): T[] {
  const kept = list.length < most ? list : list.slice(list.length + 1 - most);
  return kept.toSpliced(kept.length, 0, one);
}

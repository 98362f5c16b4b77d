/** Seeded chance: the same seed tells the same story, whatever else runs beside it. */
export interface Random {
  /** 0 up to, not including, 1. */
  next(): number;
  between(low: number, high: number): number;
  whole(low: number, high: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
  chance(share: number): boolean;
  shuffle<T>(list: readonly T[]): T[];
  bytes(count: number): Buffer;
  /** A stream of its own by name: drawing from it disturbs nobody. */
  fork(name: string): Random;
}

/** FNV-1a: names and numbers become a start value. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

export function createRandom(seed: number | string): Random {
  let state = hash(String(seed));
  /** mulberry32 */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    whole,
    pick: (list) => list[whole(0, list.length - 1)] ?? list[0],
    chance: (share) => next() < share,
    shuffle(list) {
      const copy = [...list];
      for (let i = copy.length - 1; i > 0; i -= 1) {
        const other = whole(0, i);
        const kept = copy[i];
        const moved = copy[other];
        if (kept === undefined || moved === undefined) continue;
        copy[i] = moved;
        copy[other] = kept;
      }
      return copy;
    },
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => whole(0, 255))),
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

/** Seeded bytes: a failure must come back with the same seed. */
export function createNoise(seed: number) {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit: number) => next() % limit,
    bytes: (length: number) => Uint8Array.from({ length }, () => next() & 255),
  };
}

/** A copy with a few bytes changed, cut or doubled. */
export function damaged(bytes: Uint8Array, noise: ReturnType<typeof createNoise>): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let times = 1 + noise.below(4); times > 0; times -= 1) copy[noise.below(copy.length)] = noise.below(256);
  const kind = noise.below(3);
  if (kind === 0) return copy.subarray(0, noise.below(copy.length + 1));
  if (kind === 1) return Uint8Array.from([...copy, ...copy.subarray(noise.below(copy.length))]);
  return copy;
}

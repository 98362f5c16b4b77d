import { createRandom } from '../seeded-random.ts';

/** The same noise in every run: a failure names its seed and can be run again. */

const SPICE = [0, 1, 2, 4, 6, 52, 53, 82, 97, 119, 127, 128, 192, 254, 255];

/** A damaged copy: bytes changed, cut off, doubled, moved or filled, mostly where the length bytes are. */
export function damage(bytes: Uint8Array, random: () => number): Uint8Array {
  const pick = (below: number) => Math.floor(random() * below);
  let copy = Uint8Array.from(bytes);
  for (let times = 1 + pick(4); times > 0; times -= 1) {
    const at = pick(copy.length + 1);
    const roll = random();
    if (roll < 0.35 && copy.length > 0) copy[at % copy.length] = pick(256);
    else if (roll < 0.65 && copy.length > 0) copy[at % copy.length] = SPICE[pick(SPICE.length)] ?? 0;
    else if (roll < 0.8) copy = copy.slice(0, at);
    else if (roll < 0.9) copy = Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(pick(at + 1))]);
    else copy.copyWithin(pick(copy.length + 1), at, at + 1 + pick(40));
  }
  return copy;
}

/** Every damaged copy through `decode`: whatever it throws is reported with the bytes that did it. */
export function feedNoise(
  samples: readonly Uint8Array[],
  times: number,
  seed: number,
  decode: (bytes: Uint8Array) => void,
): void {
  const random = createRandom(seed);
  for (let i = 0; i < times; i += 1) {
    const bytes = damage(samples[i % samples.length] ?? new Uint8Array(0), random);
    try {
      decode(bytes);
    } catch (thrown) {
      throw new Error(`seed ${seed}, input ${i}: ${Buffer.from(bytes).toString('hex')}`, { cause: thrown });
    }
  }
}

/** Seeded damage: each value of a document may become another type, vanish, grow or turn into an escape sequence. */

/** Mulberry32: small, good enough, and the same on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const STRANGERS: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  '\u001b[2J\u202eevil',
  'x'.repeat(5_000),
  [],
  {},
  [[[[]]]],
  { '@odata.id': 'http://elsewhere.example/redfish/v1' },
  { '@odata.id': '//elsewhere.example/x' },
  { '@odata.id': '/redfish/v1/Systems' },
  { '@odata.id': 7 },
  [{ '@odata.id': '/a b' }, null, 3],
  { __proto__: null, constructor: 1, toString: 'x' },
];

export function mutateJson(seed: number, rate = 0.12): (json: unknown) => unknown {
  const random = seededRandom(seed);
  const mutate = (value: unknown): unknown => {
    if (random() < rate) return STRANGERS[Math.floor(random() * STRANGERS.length)];
    if (Array.isArray(value)) return value.map(mutate);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mutate(inner)]));
  };
  return mutate;
}

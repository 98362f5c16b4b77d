/**
 * JSON in fragments small enough to write one by one. `JSON.stringify` of 2,000 nodes with history holds the event loop
 * for 34 ms; here no fragment is more than one entry of a map at `depth`, so the caller can stop after any of them.
 * The value must not change while it is walked: hand over what a pure reducer returned. A Map is written as an object.
 */
export function* serialiseInSlices(value: unknown, depth = 3): Generator<string, void> {
  const plain = plainOf(value);
  if (Array.isArray(plain) && depth > 0) yield* serialiseArray(plain, depth);
  else if (isFolder(plain) && depth > 0) yield* serialiseObject(plain, depth);
  else yield JSON.stringify(plain instanceof Map ? Object.fromEntries(plain) : plain) ?? 'null';
}

function* serialiseArray(values: readonly unknown[], depth: number): Generator<string, void> {
  let before = '[';
  for (const value of values) {
    yield* withPrefix(before, value, depth);
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function* serialiseObject(folder: object, depth: number): Generator<string, void> {
  let before = '{';
  for (const [key, value] of entriesOf(folder)) {
    // As JSON.stringify does: what JSON cannot say is left out of an object.
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') continue;
    yield* withPrefix(`${before}${JSON.stringify(key)}:`, value, depth);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

function* withPrefix(before: string, value: unknown, depth: number): Generator<string, void> {
  let prefix = before;
  for (const text of serialiseInSlices(value, depth - 1)) {
    yield prefix + text;
    prefix = '';
  }
}

function* entriesOf(folder: object): Generator<readonly [string, unknown], void> {
  if (folder instanceof Map) {
    for (const [key, value] of folder) yield [String(key), value];
    return;
  }
  // Not Object.entries: its array of pairs for one large map would be a slice of its own.
  for (const key in folder) if (Object.hasOwn(folder, key)) yield [key, Reflect.get(folder, key)];
}

function plainOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value;
  return typeof value.toJSON === 'function' ? value.toJSON() : value;
}

const isFolder = (value: unknown): value is object => typeof value === 'object' && value !== null;

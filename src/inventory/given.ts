type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same object without the keys that hold undefined: absent is absent, in memory and in JSON. */
export function given<T extends object>(values: T): Given<T> {
  const kept: Record<string, unknown> = {};
  // A loop and not Object.fromEntries: this runs a dozen times for each of 2,000 machines.
  for (const key in values) if (values[key] !== undefined) kept[key] = values[key];
  return kept as Given<T>;
}

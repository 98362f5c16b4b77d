import { defineConfig } from 'vitest/config';

/** Apart from the other tests: emulated machines take both cores, and what is timed beside them would fail. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/firmware/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 360_000,
    passWithNoTests: false,
  },
});

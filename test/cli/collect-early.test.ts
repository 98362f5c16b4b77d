import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { collectEarly, newObjects } from '../../src/cli/collect-early.ts';

const MB = 1024 * 1024;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** How often is looked through in a second of a thread that is so busy and has so many new objects. */
function looksIn(busy: number, sizeBytes: number): number {
  let looks = 0;
  let lookedAt = 0;
  const load = () => {
    lookedAt += 50;
    return { idle: lookedAt * (1 - busy), active: lookedAt * busy, utilization: busy };
  };
  const collect = () => {
    looks += 1;
  };
  const stop = collectEarly({ sizeBytes: () => sizeBytes, collect }, load);
  vi.advanceTimersByTime(1000);
  stop();
  const counted = looks;
  vi.advanceTimersByTime(1000);
  expect(looks).toBe(counted);
  return counted;
}

test.each([
  ['has time and many new objects looks through them', 0.3, 5 * MB, true],
  ['has time and few of them does not', 0.3, 3 * MB, false],
  ['is busy leaves it to V8', 0.95, 15 * MB, false],
])('a thread that %s', (_, busy, sizeBytes, isLooked) => {
  expect(looksIn(busy, sizeBytes) > 0).toBe(isLooked);
});

test('what is asked of V8 is to look through new objects, and leaves those in use', async () => {
  vi.useRealTimers();
  const kinds: unknown[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const one of list.getEntries() as (PerformanceEntry & { readonly detail?: { readonly kind: number } })[])
      kinds.push(one.detail?.kind);
  });
  observer.observe({ entryTypes: ['gc'] });
  const objects = newObjects() ?? expect.fail('this V8 does not give it');
  const kept = Array.from({ length: 1000 }, (_unused, index) => ({ index }));
  expect(objects.sizeBytes()).toBeGreaterThan(0);
  objects.collect();
  await vi.waitFor(() => expect(kinds).toContain(1), 20_000);
  observer.disconnect();
  expect(kept[999]).toEqual({ index: 999 });
  expect('gc' in globalThis).toBe(false);
});

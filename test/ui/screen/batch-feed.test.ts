import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ScreenBatch } from '../../../src/link/screen-port.ts';
import { createBatchFeed } from '../../../src/ui/screen/batch-feed.ts';
import { freshModel } from '../../../src/ui/state/screen-model.ts';
import { sampleFleet } from '../sample-fleet.ts';

const BATCH_MS = 100;
const SECOND_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How often news draw the screen in ten seconds full of them, where a drawing takes so long. */
async function drawnIn10s(drawingMs: number, urgent = false): Promise<number> {
  let model = freshModel(80, 25, 0);
  let drawn = 0;
  const feed = createBatchFeed({
    batchMs: BATCH_MS,
    now: () => performance.now(),
    read: () => model,
    update: (change) => {
      const before = model;
      model = change(before);
      // The clock draws too, once a second, and brings no fleet.
      if (model.fleet !== before.fleet) drawn += 1;
      vi.advanceTimersByTime(drawingMs);
    },
  });
  const fleet = sampleFleet('normal');
  const batch = (at: number): ScreenBatch => ({
    fleet: { ...fleet, at },
    atMs: at,
    recent: [],
    urgent,
    bytesPerSecond: 0,
  });
  const began = performance.now();
  while (performance.now() - began < 10 * SECOND_MS) {
    feed.take(batch(performance.now()));
    await vi.advanceTimersByTimeAsync(10);
  }
  feed.stop();
  return drawn;
}

test('news are drawn ten times a second while that costs little', async () => {
  expect(await drawnIn10s(5)).toBeGreaterThan(75);
});

test('where the host has no time to draw, they take a twentieth of it and come less often', async () => {
  const drawn = await drawnIn10s(15);
  expect(drawn).toBeLessThan(40);
  expect(drawn).toBeGreaterThan(15);
});

test('and twice a second however long a drawing takes', async () => {
  expect(await drawnIn10s(400)).toBeGreaterThan(8);
});

test('a failure waits for no turn', async () => {
  expect(await drawnIn10s(20, true)).toBeGreaterThan(200);
});

import { EventEmitter } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { linkBulkThread } from '../../src/servers/bulk-thread-link.ts';
import { createDhcpRush } from '../../src/servers/dhcp-rush.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('many that ask for an address at once are a rush, until a moment after the last of them; single ones are none', () => {
  let now = 1_000;
  const rush = createDhcpRush(() => now);
  expect(rush.isOn()).toBe(false);
  for (const packets of [-1, 0, 1, 7]) rush.heard(packets);
  expect(rush.isOn()).toBe(false);
  rush.heard(8);
  expect(rush.isOn()).toBe(true);
  now += 4;
  rush.heard(64);
  now += 4;
  rush.heard(1);
  expect(rush.isOn()).toBe(true);
  now += 1;
  expect(rush.isOn()).toBe(false);
});

/** A thread that has told a hundred things at once, each of which costs a fifth of a millisecond; how many are worked off per turn. */
function workedOff(isOn: boolean): { readonly atOnce: number; readonly turns: () => Promise<readonly number[]> } {
  const worker = Object.assign(new EventEmitter(), { postMessage: () => undefined });
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const seen: number[] = [];
  const onMessage = (): void => {
    now += 0.2;
    seen[seen.length - 1] = (seen.at(-1) ?? 0) + 1;
  };
  const events = { onMessage, onEnd: () => undefined };
  linkBulkThread(worker as unknown as Worker, events, { heard: () => undefined, isOn: () => isOn });
  seen.push(0);
  worker.emit(
    'message',
    Array.from({ length: 100 }, () => ({ t: 'pong', connections: 0 })),
  );
  const [atOnce = 0] = seen;
  return {
    atOnce,
    turns: async () => {
      while (seen.reduce((sum, one) => sum + one, 0) < 100) {
        seen.push(0);
        await new Promise((resolve) => setImmediate(resolve));
      }
      worker.emit('exit', 0);
      return seen;
    },
  };
}

test('what other threads told waits for those who ask for an address, and all of it comes', async () => {
  const calm = workedOff(false);
  await calm.turns();
  const { atOnce, turns } = workedOff(true);
  expect(atOnce).toBeGreaterThan(0);
  expect(atOnce).toBeLessThan(calm.atOnce / 5);
  expect((await turns()).reduce((sum, one) => sum + one, 0)).toBe(100);
});

import { afterEach, expect, test, vi } from 'vitest';
import { dueAt } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import { valuesOf } from '../../src/core/shard-map.ts';
import { createDueWatch, runClock } from '../../src/engine/run-clock.ts';
import { ACTOR, at, fleetOf, specOf } from '../core/kit.ts';

const asked = (node: string): EventBody => ({
  type: 'dhcp.firmwareTook',
  node,
  mac: '52:54:00:00:00:01',
  address: '10.0.0.9',
  firmware: 'uefi',
  via: 'dhcp',
});
const after = (fleet: Fleet, seconds: number, body: EventBody): Fleet =>
  reduce(fleet, { ...body, time: at(seconds) })[0];

test('it says of every moment what a look at all machines would say', () => {
  const isDue = createDueWatch();
  const all = (fleet: Fleet, now: number) => [...valuesOf(fleet.nodes)].some((node) => (dueAt(node) ?? now + 1) <= now);
  let fleet = fleetOf(specOf('node-01'), specOf('node-02'));
  const said: boolean[] = [];
  for (let seconds = 1; seconds < 400; seconds += 7) {
    if (seconds === 8) fleet = after(fleet, seconds, asked('node-01'));
    if (seconds === 29) fleet = after(fleet, seconds, asked('node-02'));
    const now = isDue(fleet, at(seconds));
    expect(now).toBe(all(fleet, at(seconds)));
    said.push(now);
    if (now) fleet = after(fleet, seconds, { type: 'clock.ticked' });
  }
  expect(said.filter(Boolean).length).toBeGreaterThan(0);
});

test('a machine that left the inventory is not due any more', () => {
  const isDue = createDueWatch();
  const fleet = after(fleetOf(specOf('node-01')), 1, asked('node-01'));
  expect(isDue(fleet, at(2))).toBe(false);
  const left = after(fleet, 3, { type: 'inventory.loaded', nodes: [], site: 'lab', hash: 'x', warnings: [] });
  expect(isDue(left, at(4000))).toBe([...valuesOf(left.nodes)].length > 0);
});

afterEach(() => {
  vi.useRealTimers();
});

test('a program that was stopped says so before it says that anything is late', () => {
  vi.useFakeTimers();
  let fleet = after(fleetOf(specOf('node-01')), 1, asked('node-01'));
  let seconds = 1;
  const told: EventBody[] = [];
  const emit = (body: EventBody): void => {
    told.push(body);
    fleet = after(fleet, seconds, body);
  };
  const stop = runClock({ fleet: () => fleet, now: () => at(seconds), emit }, 1000, () => seconds * 1000);
  const pass = (more: number): void => {
    seconds += more;
    vi.advanceTimersByTime(1000);
  };
  for (let left = 20; left > 0; left--) pass(1);
  pass(5.9);
  expect(told).toEqual([]);
  pass(60);
  expect(told).toEqual([{ type: 'clock.slept', forMs: 59_000, stopped: true }]);
  for (let left = 29; left > 0; left--) pass(1);
  expect(told).toHaveLength(1);
  for (let left = 3; left > 0; left--) pass(1);
  expect(told.slice(1)).toEqual([{ type: 'clock.ticked' }]);
  stop();
});

test('a window that is over is due', () => {
  const isDue = createDueWatch();
  const open = after(fleetOf(), 1, { type: 'site.discoverySwitched', on: true, until: at(50), by: ACTOR } as EventBody);
  expect([isDue(open, at(49)), isDue(open, at(51))]).toEqual([false, true]);
});

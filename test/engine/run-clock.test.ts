import { afterEach, describe, expect, test, vi } from 'vitest';
import { dueAt } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, nodeOf } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import { valuesOf } from '../../src/core/shard-map.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { createDueWatch, runClock } from '../../src/engine/run-clock.ts';
import { ACTOR, at, fleetOf, planOf, specOf } from '../core/kit.ts';

const asked = (node: string): EventBody => ({
  type: 'dhcp.firmwareTook',
  node,
  mac: '52:54:00:00:00:01',
  address: '10.0.0.9',
  firmware: 'uefi',
  via: 'dhcp',
});
const later = (fleet: Fleet, seconds: number, body: EventBody): Fleet =>
  reduce(fleet, { ...body, time: at(seconds) })[0];

test('it says of every moment what a look at all machines would say', () => {
  const isDue = createDueWatch();
  const all = (fleet: Fleet, now: number) => [...valuesOf(fleet.nodes)].some((node) => (dueAt(node) ?? now + 1) <= now);
  let fleet = fleetOf(specOf('node-01'), specOf('node-02'));
  const said: boolean[] = [];
  for (let seconds = 1; seconds < 400; seconds += 7) {
    if (seconds === 8) fleet = later(fleet, seconds, asked('node-01'));
    if (seconds === 29) fleet = later(fleet, seconds, asked('node-02'));
    const now = isDue(fleet, at(seconds));
    expect(now).toBe(all(fleet, at(seconds)));
    said.push(now);
    if (now) fleet = later(fleet, seconds, { type: 'clock.ticked' });
  }
  expect(said.filter(Boolean).length).toBeGreaterThan(0);
});

test('a machine that left the inventory is not due any more', () => {
  const isDue = createDueWatch();
  const fleet = later(fleetOf(specOf('node-01')), 1, asked('node-01'));
  expect(isDue(fleet, at(2))).toBe(false);
  const left = later(fleet, 3, { type: 'inventory.loaded', nodes: [], site: 'lab', hash: 'x', warnings: [] });
  expect(isDue(left, at(4000))).toBe([...valuesOf(left.nodes)].length > 0);
});

afterEach(() => {
  vi.useRealTimers();
});

test('a program that was stopped says so before it says that anything is late', () => {
  vi.useFakeTimers();
  let fleet = later(fleetOf(specOf('node-01')), 1, asked('node-01'));
  let seconds = 1;
  const told: EventBody[] = [];
  const emit = (body: EventBody): void => {
    told.push(body);
    fleet = later(fleet, seconds, body);
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
  const open = later(fleetOf(), 1, { type: 'site.discoverySwitched', on: true, until: at(50), by: ACTOR } as EventBody);
  expect([isDue(open, at(49)), isDue(open, at(51))]).toEqual([false, true]);
});

describe('a wave of which the inventory ended a machine', () => {
  const [first, second, third] = ['node-01', 'node-02', 'node-03'].map((name) => specOf(name)) as [
    NodeSpec,
    NodeSpec,
    NodeSpec,
  ];
  const started = (canary: number): EventBody => ({
    type: 'site.waveStarted',
    wave: 'w',
    kind: 'reinstall',
    nodes: [first, second].map(({ name }) => ({ node: name, job: name, plan: planOf('reinstall'), confirmed: name })),
    canary,
    width: 1,
    stopAfterFailures: 3,
    by: ACTOR,
  });
  const loaded = (...nodes: readonly NodeSpec[]): EventBody => ({
    type: 'inventory.loaded',
    nodes,
    site: 'lab',
    hash: 'x',
    warnings: [],
    remembers: true,
    follows: true,
  });
  const edited = { ...first, identity: { ...first.identity, asset: 'A-2' } };
  const armed = (fleet: Fleet) =>
    [first, second, third].flatMap(({ name }) => (nodeOf(fleet, name)?.job === undefined ? [] : [name]));
  const under = (canary: number): Fleet => later(fleetOf(first, second, third), 1, started(canary));

  test.each([
    ['an edit of its file', loaded(edited, second, third)],
    ['its file taken away', loaded(second, third)],
  ])('goes on by itself with the next tick, and not by an order to another machine: %s', (_, load) => {
    const isDue = createDueWatch();
    let fleet = under(0);
    expect(isDue(fleet, at(2))).toBe(false);
    fleet = later(fleet, 3, load);
    expect(armed(fleet)).toEqual([]);
    expect(isDue(fleet, at(4))).toBe(true);
    fleet = later(fleet, 4, { type: 'clock.ticked' });
    expect(armed(fleet)).toEqual([second.name]);
    expect(isDue(fleet, at(5))).toBe(false);
  });

  test('stands with its reason where that one went first, and is not due', () => {
    const isDue = createDueWatch();
    const fleet = later(under(1), 3, loaded(edited, second, third));
    expect([isDue(fleet, at(4)), fleet.waves['w']?.why]).toEqual([
      false,
      'node-01, which went first, was cancelled; the rest is not started',
    ]);
  });

  test('is not due while what waits may not be armed', () => {
    const isDue = createDueWatch();
    const held = later(under(0), 2, { type: 'operator.held', node: second.name, why: 'fan', by: ACTOR });
    const fleet = later(held, 3, loaded(edited, second, third));
    expect([isDue(fleet, at(4)), isDue(fleet, at(60))]).toEqual([false, false]);
  });
});

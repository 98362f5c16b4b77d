import { describe, expect, test } from 'vitest';
import { ok } from '../../src/core/result.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import { createDueWatch } from '../../src/engine/run-clock.ts';
import { type ClockMoved, createSteadyClock } from '../../src/engine/steady-clock.ts';
import { armed, fleetOf, specOf, stateOf, stored } from '../core/kit.ts';

/** The time of events never jumps in a run, whatever is done to the host's clock, and goes on while the host sleeps. */

const START = 1_800_000_000_000;
const HOUR = 3_600_000;

function host(tell: (moved: ClockMoved) => void = () => undefined) {
  const told: ClockMoved[] = [];
  let ran = 1_234.5;
  let slept = 77_000;
  let set = 0;
  const heard = (moved: ClockMoved): void => {
    told.push(moved);
    tell(moved);
  };
  const now = createSteadyClock(heard, {
    wallMs: () => Math.floor(START + ran + slept - 78_234.5 + set),
    runningMs: () => ran,
    // As /proc/uptime has it.
    uptimeMs: () => Math.floor((ran + slept) / 10) * 10,
  });
  return {
    now,
    told,
    run: (ms: number) => (ran += ms),
    sleep: (ms: number) => (slept += ms),
    set: (ms: number) => (set += ms),
  };
}

test('it is the host’s clock, and what has passed since', () => {
  const { now, run, told } = host();
  expect(now()).toBe(START);
  run(1_000);
  expect(now()).toBe(START + 1_000);
  run(40 * 24 * HOUR);
  expect(now()).toBe(START + 1_000 + 40 * 24 * HOUR);
  expect(told).toEqual([]);
});

describe.each([
  ['back', -3 * HOUR],
  ['forward', 6 * HOUR],
])('a host’s clock that is set %s', (_name, byMs) => {
  test('moves no time here, and is told once, with how far the two are apart', () => {
    const { now, run, set, told } = host();
    run(10_000);
    set(byMs);
    expect(now()).toBe(START + 10_000);
    run(5_000);
    expect(now()).toBe(START + 15_000);
    expect(told).toEqual([{ type: 'clock.stepped', byMs, aheadMs: -byMs }]);
  });

  test('and set right again, is told to be right again', () => {
    const { now, run, set, told } = host();
    set(byMs);
    now();
    run(60_000);
    set(-byMs);
    expect(now()).toBe(START + 60_000);
    expect(told.at(-1)).toEqual({ type: 'clock.stepped', byMs: -byMs, aheadMs: 0 });
  });
});

test('many small steps are told when they come to something', () => {
  const { now, run, set, told } = host();
  for (let step = 0; step < 10; step += 1) {
    set(-600);
    run(1_000);
    now();
  }
  expect(now()).toBe(START + 10_000);
  expect(told).toEqual([{ type: 'clock.stepped', byMs: -5_400, aheadMs: 5_400 }]);
});

test('the sleep of the host has passed, as coarse as it is told', () => {
  const { now, run, sleep, told } = host();
  run(10_003.7);
  sleep(2 * HOUR - 3.7);
  expect(Math.abs(now() - (START + 10_000 + 2 * HOUR))).toBeLessThan(20);
  run(1_000);
  expect(Math.abs(now() - (START + 11_000 + 2 * HOUR))).toBeLessThan(20);
  expect(told).toEqual([{ type: 'clock.slept', forMs: expect.closeTo(2 * HOUR, -2) }]);
});

test('a clock that was set during that sleep is told beside it', () => {
  const { now, run, sleep, set, told } = host();
  run(10_000);
  sleep(HOUR);
  set(-3 * HOUR);
  expect(Math.abs(now() - (START + 10_000 + HOUR))).toBeLessThan(20);
  expect(told).toEqual([
    { type: 'clock.slept', forMs: expect.closeTo(HOUR, -2) },
    { type: 'clock.stepped', byMs: expect.closeTo(-3 * HOUR, -2), aheadMs: expect.closeTo(3 * HOUR, -2) },
  ]);
});

describe('an arming of half an hour lives for half an hour', () => {
  const MINUTE = 60_000;

  test.each<[string, (clock: ReturnType<typeof host>) => unknown, number]>([
    ['whoever sets the clock back', ({ set }) => set(-3 * HOUR), 30],
    ['whoever sets it forward', ({ set }) => set(6 * HOUR), 30],
    ['though the host sleeps for a part of it', ({ sleep }) => sleep(20 * MINUTE), 10],
  ])('%s', (_name, disturb, endsAfter) => {
    const clock = host((moved) => engine.emit(moved));
    const journal = { append: () => 1, durable: async () => ok(undefined) };
    const engine: Engine = createEngine({
      fleet: fleetOf(specOf('node-01')),
      journal,
      effects: { run: () => undefined },
      now: clock.now,
    });
    const isDue = createDueWatch();
    engine.emit(armed('install', { expiresAt: clock.now() + 30 * MINUTE }));
    engine.emit(stored());
    disturb(clock);
    const livesAfter = (minutes: number): boolean => {
      clock.run(minutes * MINUTE);
      if (isDue(engine.fleet(), engine.now())) engine.emit({ type: 'clock.ticked' });
      return stateOf(engine.fleet()).job !== undefined;
    };
    expect(livesAfter(endsAfter - 1)).toBe(true);
    expect(livesAfter(1.01)).toBe(false);
  });
});

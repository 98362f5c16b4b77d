import { afterEach, expect, test, vi } from 'vitest';
import { createServiceMeter, type ServiceMeter } from '../../src/cli/service-meter.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { createTally } from '../../src/servers/traffic.ts';

let meter: ServiceMeter | undefined;
afterEach(() => {
  meter?.stop();
  meter = undefined;
  vi.useRealTimers();
});

/** Servers whose counters the test moves, read every two seconds of a clock that the test moves as well. */
function open() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const tally = createTally();
  const server: BootServer = { listens: [], warnings: [], traffic: () => tally, stop: async () => undefined };
  let nowMs = 0;
  const made = createServiceMeter({ running: () => new Map([['TFTP', server]]), loads: () => [] }, () => nowMs);
  meter = made;
  const pass = (readings: number, each: () => void = () => undefined) => {
    for (let at = 0; at < readings; at++) {
      each();
      nowMs += 2_000;
      vi.advanceTimersByTime(2_000);
    }
  };
  return { made, tally, pass };
}

test('rates are of the last ten seconds, errors of the last five minutes', () => {
  const { made, tally, pass } = open();
  expect(made.of('TFTP')).toBeUndefined();
  pass(5, () => {
    tally.requests += 6;
    tally.bytes += 2_000_000;
    tally.errors += 1;
  });
  expect(made.of('TFTP')).toMatchObject({ perSecond: 3, bytesPerSecond: 1_000_000, errors5m: 5 });
  pass(5);
  expect(made.of('TFTP')).toMatchObject({ perSecond: 0, bytesPerSecond: 0, errors5m: 5 });
  pass(155);
  expect(made.of('TFTP')).toMatchObject({ errors5m: 0 });
});

test('a service that was started again counts from 0 and not backwards', () => {
  const { made, tally, pass } = open();
  pass(3, () => {
    tally.requests += 100;
    tally.errors += 10;
  });
  Object.assign(tally, { requests: 20, errors: 2, bytes: 0 });
  pass(1);
  expect(made.of('TFTP')).toMatchObject({ errors5m: 32 });
  expect(made.of('TFTP')?.perSecond).toBeGreaterThan(0);
});

test('of what counts nothing there are no figures', () => {
  const { made, pass } = open();
  pass(2);
  expect(made.of('radar')).toBeUndefined();
  expect(made.of('TFTP')?.busyPercent).toBeGreaterThanOrEqual(0);
});

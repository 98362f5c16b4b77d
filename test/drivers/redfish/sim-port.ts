import { randomBytes } from 'node:crypto';
import type { BmcPort, BmcProblem, BmcTarget } from '../../../src/core/bmc.ts';
import type { Result } from '../../../src/core/result.ts';
import { type BmcDriverOptions, type BmcDrivers, createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { scaleBmcTimings } from '../../../src/drivers/bmc-timings.ts';
import { createSimBmc, type SimBmc, type SimBmcOptions } from '../../../src/sim/bmc/sim-bmc.ts';

/** A thousand times faster than hardware: two minutes of POST are 120 ms. */
export const TIME_SCALE = 0.001;
export const fastTimings = {
  ...scaleBmcTimings(0.01),
  readBackMs: 60,
  readBackPollMs: 5,
  powerPollMs: 5,
  powerWaitMs: 5_000,
  offToOnMs: 8,
  retryFirstMs: 5,
  retryMaxMs: 40,
  shutdownWaitMs: 5_000,
  busyMs: 5_000,
  sessionLimitMs: 60,
  connectMs: 5_000,
  requestMs: 3_000,
  readMs: 8_000,
  inventoryMs: 12_000,
  closeMs: 1_000,
};

export interface Bench {
  readonly sim: SimBmc;
  readonly port: BmcPort;
  readonly drivers: BmcDrivers;
  readonly target: BmcTarget;
  readonly notes: string[];
  readonly sessions: string[];
  close(): Promise<void>;
}

export function targetFor(sim: SimBmc, more: Partial<BmcTarget> = {}): BmcTarget {
  return {
    node: 'u17',
    spec: { url: sim.url, username: sim.credentials.username, password: { from: 'env', name: 'BMC' } },
    password: sim.credentials.password,
    ...(sim.fingerprint === undefined ? {} : { pinnedFingerprint: sim.fingerprint }),
    ...more,
  };
}

export async function openSim(
  options: SimBmcOptions,
  driver: BmcDriverOptions = {},
  more: Partial<BmcTarget> = {},
): Promise<Bench> {
  const credentials = { username: 'admin', password: `secret-${randomBytes(6).toString('hex')}` };
  const sim = await createSimBmc({ timeScale: TIME_SCALE, credentials, ...options });
  const notes: string[] = [];
  const sessions: string[] = [];
  const drivers = createBmcDrivers({
    timings: fastTimings,
    onNote: (_, text) => notes.push(text),
    onSession: (what, { location }) => {
      sessions.push(`${what} ${location}`);
    },
    ...driver,
  });
  const target = targetFor(sim, more);
  const port = drivers.openBmc(target);
  const close = async () => {
    await drivers.closeAll();
    await sim.close();
  };
  return { sim, port, drivers, target, notes, sessions, close };
}

/** The value, or the problem as the failure of the test. */
export async function mustBe<T>(result: Promise<{ ok: true; value: T } | { ok: false; error: unknown }>): Promise<T> {
  const got = await result;
  if (!got.ok) throw new Error(JSON.stringify(got.error));
  return got.value;
}

export async function problemOf(result: Promise<Result<unknown, BmcProblem>>): Promise<BmcProblem> {
  const got = await result;
  if (got.ok) throw new Error(`expected a problem, got ${JSON.stringify(got.value)}`);
  return got.error;
}

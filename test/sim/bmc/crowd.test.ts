import { afterAll, expect, test } from 'vitest';
import { createBmcLimiter } from '../../../src/drivers/bmc-limiter.ts';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import type { SimFaults } from '../../../src/sim/bmc/faults.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { createSelfSigned } from '../../../src/sim/bmc/self-signed.ts';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { fastTimings, targetFor } from '../../drivers/redfish/sim-port.ts';

const sims: SimBmc[] = [];
afterAll(() => Promise.all(sims.map((sim) => sim.close())));

/** Every fifth BMC has a fault; with it, the causes that may be told. `undefined` means that it gets through all the same. */
const FAULTS: readonly (readonly [SimFaults, readonly (string | undefined)[]])[] = [
  [{ powerStuck: true }, ['notTaken']],
  [{ wrongPassword: true }, ['credentials']],
  [{ sessionLimit: true }, ['sessionLimit']],
  [{ html: true }, ['garbage']],
  [{ deafOverride: true }, ['notTaken']],
  [{ wrongEtag: true }, [undefined]],
  // On two families that tell whose a session is: of the others one may be left, as its own test says.
  [{ flapping: 0.3 }, [undefined]],
  [{ unavailable: 3 }, [undefined]],
  [{ slowS: 10 }, [undefined]],
  [{ passwordChange: true }, ['passwordChangeRequired']],
];

test('a hundred BMCs are driven at once over 32 sockets: none is lost, and each bad one tells its cause', async () => {
  const limiter = createBmcLimiter(32);
  // Patient where the test machine is slow, and asking seldom: the queue for 32 sockets is part of the test.
  const timings = {
    ...fastTimings,
    connectMs: 10_000,
    requestMs: 10_000,
    readMs: 20_000,
    busyMs: 30_000,
    closeMs: 10_000,
    powerWaitMs: 8_000,
    powerPollMs: 60,
    readBackMs: 400,
    readBackPollMs: 60,
  };
  const drivers = createBmcDrivers({ limiter, timings });
  const tls = createSelfSigned('crowd', new Date());
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const personality = PERSONALITIES[index % PERSONALITIES.length]?.name ?? 'openbmc';
      const [faults, causes] =
        index % 5 === 0 ? (FAULTS[(index / 5) % FAULTS.length] ?? [{}, [undefined]]) : [{}, [undefined]];
      const sim = await createSimBmc({ personality, index, faults, tls, timeScale: 0.001 });
      sims.push(sim);
      const port = drivers.openBmc(targetFor(sim));
      const set = await port.overrideOnce('pxe', 'uefi', true);
      const on = set.ok ? await port.setPower('cycle') : set;
      const cause = on.ok ? undefined : on.error.code;
      await port.close();
      return {
        index,
        personality,
        faults,
        sim,
        cause,
        why: on.ok ? '' : on.error.message,
        fits: causes.includes(cause),
      };
    }),
  );
  expect(
    outcomes
      .filter((one) => !one.fits)
      .map(({ index, personality, faults, cause, why }) => ({ index, personality, faults, cause, why })),
  ).toEqual([]);
  for (const { sim, cause } of outcomes) {
    if (cause === undefined) expect(sim.state.power).toBe('On');
    expect(sim.sessions.list()).toEqual([]);
    expect(sim.requests.peak).toBeLessThanOrEqual(1);
  }
  expect(limiter.stats()).toMatchObject({ running: 0, waiting: 0 });
  expect(limiter.stats().peak).toBeLessThanOrEqual(32);
}, 240_000);

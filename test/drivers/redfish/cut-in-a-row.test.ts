import { expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { fastTimings, TIME_SCALE, targetFor } from './sim-port.ts';

interface Ordered {
  readonly requests: readonly string[];
  readonly failed: readonly string[];
}

/** What a boot order asks of a BMC up to its power, while the answers to these of its requests are cut. */
async function order(sim: SimBmc, cuts: readonly number[]): Promise<Ordered> {
  const first = sim.requests.count;
  sim.setFaults({ cutAt: { requests: new Set(cuts.map((cut) => first + cut)), where: 'before' } });
  const drivers = createBmcDrivers({ timings: fastTimings });
  const port = drivers.openBmc(targetFor(sim));
  const read = await port.readPower();
  const written = await port.overrideOnce('pxe', 'uefi', false);
  await drivers.closeAll();
  const requests = sim.requests.seen.slice(first);
  sim.sessions.expireAll();
  return { requests, failed: [read, written].flatMap((one) => (one.ok ? [] : [one.error.message])) };
}

test.each(['supermicro-x11', 'dell-idrac9-6', 'hpe-ilo5'] as const)(
  'a boot order is not given up for three cuts in a row, wherever they come (%s)',
  { timeout: 60_000 },
  async (personality) => {
    const sim = await createSimBmc({ personality, timeScale: TIME_SCALE, keepsRequests: 100_000 });
    try {
      const whole = await order(sim, []);
      expect(whole.requests.some((request) => request.startsWith('PATCH'))).toBe(true);
      for (const at of whole.requests.keys()) {
        const { failed, requests } = await order(sim, [at, at + 1, at + 2]);
        expect([at, failed], requests.join('\n')).toEqual([at, []]);
      }
    } finally {
      await sim.close();
    }
  },
);

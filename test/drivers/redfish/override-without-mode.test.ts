import { describe, expect, test } from 'vitest';
import { createBmcLimiter } from '../../../src/drivers/bmc-limiter.ts';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { createSimBmc } from '../../../src/sim/bmc/sim-bmc.ts';

/** An inventory need not say `firmware:`, and a machine that never booted here has not shown it either. */
describe('the boot override of a machine of which nobody knows whether it is BIOS or UEFI', () => {
  test.each(PERSONALITIES.map(({ name }) => name))('is taken by %s, in the mode that it has', async (personality) => {
    const sim = await createSimBmc({ personality, power: 'Off', timeScale: 0.001 });
    const mode = sim.state.boot.mode;
    const drivers = createBmcDrivers({ limiter: createBmcLimiter() });
    const spec = { url: sim.url, username: 'root', password: { from: 'env', name: 'X' } } as const;
    const port = drivers.openBmc({ node: 'n1', spec, password: 'calvin' });
    const set = await port.overrideOnce('pxe', undefined, false);
    expect(set).toMatchObject({ ok: true, value: { target: 'pxe', enabled: 'once' } });
    expect(sim.state.boot.mode).toBe(mode);
    await port.close();
    await drivers.closeAll();
    await sim.close();
  });
});

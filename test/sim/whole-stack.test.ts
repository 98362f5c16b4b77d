import { afterEach, describe, expect, test } from 'vitest';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

describe('the simulated rack against the whole program', () => {
  test('every armed machine is installed through its BMC and ends ready', { timeout: 60_000 }, async () => {
    stack = await createWholeStack({ nodes: 8 });
    const { node, names, rack } = stack;
    const workers = names().filter((name) => node(name).spec.role === 'worker');
    const armed = await stack.arm(workers);
    expect(armed).toMatchObject({ ok: true });
    await stack.until(() => workers.every((name) => node(name).phase.is === 'ready'), 45_000);
    for (const name of workers) {
      expect(node(name).health.is).toBe('ok');
      expect(rack.machines.get(name)?.disks[0]?.content.is).toBe('talos');
      expect(rack.machines.get(name)?.disks[1]?.content.is).toBe('blank');
    }
  });
});

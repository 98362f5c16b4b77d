import { afterEach, describe, expect, test } from 'vitest';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const workersOf = ({ names, node }: WholeStack) => names().filter((name) => node(name).spec.role === 'worker');

describe('the simulated rack against the whole program', () => {
  test('armed machines are installed through their BMCs and end ready; a power cycle later they boot their disks', {
    timeout: 60_000,
  }, async () => {
    stack = await createWholeStack({ nodes: 9, speed: 100 });
    const { node, rack, until, arm } = stack;
    const workers = workersOf(stack);
    expect(await arm(workers)).toMatchObject({ ok: true });
    await until(() => workers.every((name) => node(name).phase.is === 'ready'), 30_000);
    for (const name of workers) {
      expect([name, node(name).health.is, node(name).job]).toEqual([name, 'ok', undefined]);
      expect(rack.machines.get(name)?.disks.map((disk) => disk.content.is)).toEqual(['talos', 'blank']);
    }
    const [first = ''] = workers;
    const machine = rack.machines.get(first);
    const before = machine?.state.networkBoots ?? 0;
    rack.pressPower(first);
    rack.pressPower(first);
    await until(() => machine?.state.step === 'ready' && machine.state.boots > 1, 15_000);
    const asked = machine?.spec.bootOrder === 'networkFirst' ? 1 : 0;
    expect(machine?.state.networkBoots).toBe(before + asked);
    expect(machine?.disks[0]?.content).toMatchObject({ is: 'talos' });
  });

  test('an installed machine is wiped and installed again when its name was typed', { timeout: 60_000 }, async () => {
    stack = await createWholeStack({ nodes: 4, speed: 100 });
    const { node, rack, until, arm } = stack;
    const [name = ''] = workersOf(stack);
    await arm([name]);
    await until(() => node(name).phase.is === 'ready', 20_000);
    expect(await arm([name], 'reinstall', 'r01-u99')).toMatchObject({ ok: false });
    expect(await arm([name], 'reinstall', name)).toMatchObject({ ok: true });
    await until(() => rack.machines.get(name)?.disks[0]?.content.is === 'blank', 20_000);
    await until(() => node(name).phase.is === 'ready' && rack.machines.get(name)?.state.step === 'ready', 20_000);
    expect(rack.machines.get(name)?.disks[0]?.content.is).toBe('talos');
  });

  test('a machine that loops after its wipe is called one that loops: every boot of it is heard', {
    timeout: 150_000,
  }, async () => {
    stack = await createWholeStack({ nodes: 8, speed: 100 });
    const { node, rack, until, arm } = stack;
    const name = workersOf(stack).find((one) => rack.machines.get(one)?.spec.bootOrder === 'diskFirst') ?? '';
    await arm([name]);
    await until(() => node(name).phase.is === 'ready', 40_000);
    rack.setFaults(name, { bootLoop: true });
    expect(await arm([name], 'reinstall', name)).toMatchObject({ ok: true });
    await until(() => 'code' in node(name).health, 60_000);
    expect(node(name).health).toMatchObject({ is: 'failed', code: 'LOOP' });
  });

  test('each fault ends in the words that belong to it, on the machine that has it', { timeout: 150_000 }, async () => {
    const expected = {
      lyingOverride: ['BMC_OVERRIDE_IGNORED'],
      wrongDisk: ['DISK_MISSING'],
      installFails: ['INSTALL_FAILED'],
      kernelPanic: ['KERNEL_PANIC'],
      haltsInstalled: ['HALTED'],
      bootLoop: ['LOOP'],
      configRejected: ['CONFIG_BAD'],
      rivalDhcp: ['RIVAL_PXE'],
      wrongPassword: ['BMC_CREDENTIALS'],
      duplicateUuid: ['IDENTITY_CONFLICT'],
      tftpStalls: ['TFTP_STALL'],
      downloadStalls: ['DL_STALL'],
      deafBmc: ['BMC_REFUSED'],
    } as const;
    // Names of machines that speak TFTP, so that every fault can show.
    stack = await createWholeStack({
      nodes: 24,
      seed: 3,
      speed: 60,
      faults: [...Object.keys(expected), 'tftpLoss'].join(','),
    });
    const { node, rack, until, arm } = stack;
    const workers = workersOf(stack);
    const codes = new Map<string, Set<string>>();
    stack.world.engine.follow(() => {
      for (const name of workers) {
        const { health } = node(name);
        if ('code' in health) codes.set(name, (codes.get(name) ?? new Set()).add(health.code));
      }
    });
    const faulty = workers.filter((name) => Object.keys(rack.machines.get(name)?.faults() ?? {}).length > 0);
    expect(faulty).toHaveLength(Object.keys(expected).length + 1);
    const withFault = (fault: string) =>
      faulty.find((name) => {
        const { bmc, ...own } = rack.machines.get(name)?.faults() ?? {};
        return fault in own || fault in (bmc ?? {}) || (fault === 'deafBmc' && bmc?.deafOverride === true);
      }) ?? '';
    expect(await arm(workers)).toMatchObject({ ok: true });
    const missing = () =>
      Object.entries(expected).filter(([fault, [code]]) => codes.get(withFault(fault))?.has(code) !== true);
    await until(() => missing().length === 0, 80_000);
    const lossy = withFault('tftpLoss');
    const healthy = workers.filter((name) => !faulty.includes(name) || name === lossy);
    await until(() => healthy.every((name) => node(name).phase.is === 'ready'), 40_000);
    // Nothing was written where nothing may be written.
    for (const name of faulty) expect(rack.machines.get(name)?.disks[1]?.content.is).toBe('blank');
  });

  test('a password that was mended on the BMC itself is tried again when the operator asks', {
    timeout: 90_000,
  }, async () => {
    stack = await createWholeStack({ nodes: 5, speed: 60, faults: 'wrongPassword:r01-u05' });
    const { node, rack, until, arm, world } = stack;
    const code = () => {
      const { health } = node('r01-u05');
      return 'code' in health ? health.code : health.is;
    };
    expect(await arm(['r01-u05'])).toMatchObject({ ok: true });
    await until(() => code() === 'BMC_CREDENTIALS', 60_000);
    rack.setFaults('r01-u05', {});
    world.engine.emit({ type: 'operator.retried', node: 'r01-u05', by: { user: 'test', from: 'test' } });
    await until(() => node('r01-u05').phase.is === 'ready', 60_000);
  });

  test('strangers are noted and not booted; a machine without BMC comes when a person presses its button', {
    timeout: 60_000,
  }, async () => {
    stack = await createWholeStack({ nodes: 9, speed: 100, strangers: 2, faults: 'noBmc' });
    const { node, rack, until, arm, world } = stack;
    await until(() => world.engine.fleet().strangers.size >= 2, 15_000);
    expect(rack.machines.get('stranger-1')?.state.address).toBeUndefined();
    const name = workersOf(stack).find((one) => node(one).spec.bmc === undefined) ?? '';
    expect(await arm([name])).toMatchObject({ ok: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(rack.machines.get(name)?.state.power).toBe('off');
    expect(rack.pressPower(name, 'network')).toBe(true);
    await until(() => node(name).phase.is === 'ready', 20_000);
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import type { CauseCode } from '../../src/core/cause.ts';
import type { FaultName } from '../../src/sim/rack/assign-faults.ts';
import { generateSite, NEW_SHAPE, OLD_SHAPE } from '../../src/sim/rack/generate-site.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

/**
 * One machine for each fault of Talos and each shape of its configuration, armed, installed by the whole program, and
 * followed to where it must end: ready, or stopped with the cause that names what is wrong.
 */

interface End {
  /** Where the machine stands at last. */
  readonly phase?: string;
  /** The causes that were named on the way; the one that counts. */
  readonly code?: CauseCode;
  /** Whether Talos is on the first disk then. */
  readonly installs: boolean;
}

const READY: End = { phase: 'ready', installs: true };
const OLD = 'v1.12.4';

const ENDS: readonly (readonly [fault: FaultName | 'none', says: string, end: End])[] = [
  ['none', 'installs and is ready', READY],
  ['firmwareReboot', 'resets through firmware after the install, boots its disk and is ready', READY],
  ['noEventSink', 'is followed by its kernel log alone, to ready', READY],
  ['noKernelLog', 'is followed by its events alone, to ready', READY],
  ['deadApi', 'is ready by its reports, whatever its API says', READY],
  ['replaysReports', 'tells everything again at every connection, and is ready once', READY],
  ['neverReady', 'runs, and what it waits for is shown', { phase: 'running', installs: true }],
  ['configRejected', 'refuses its configuration, and says so', { code: 'CONFIG_BAD', installs: false }],
  ['wrongDisk', 'finds no disk that matches', { code: 'DISK_MISSING', installs: false }],
  ['installFails', 'cannot write its disk', { code: 'INSTALL_FAILED', installs: false }],
  ['haltsInstalled', 'halts on the system that it finds', { code: 'HALTED', installs: true }],
  ['kernelPanic', 'panics', { code: 'KERNEL_PANIC', installs: false }],
  ['bootLoop', 'resets again and again, until it is sent to its disk', { code: 'LOOP', installs: false }],
];

const NODES = 60;
const SEED = 5;

const workersOf = (shape: string) =>
  generateSite(NODES, SEED).filter((one) => one.role === 'worker' && one.talosVersion === shape && !one.isProtected);

/** One that asks the network first is asked what becomes of its wipe; of the others each has a fault. */
function cast(shape: string) {
  const workers = workersOf(shape);
  const again = workers.find((one) => one.spec.bootOrder === 'networkFirst')?.spec.name ?? '';
  const others = workers.filter((one) => one.spec.name !== again);
  if (again === '' || others.length < ENDS.length)
    throw new Error(`${workers.length} machines of ${shape} are too few`);
  return { again, roles: new Map(ENDS.map((end, i) => [others[i]?.spec.name ?? '', end])) };
}

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

describe.each([
  ['1.13, with machine.install', OLD_SHAPE],
  ['1.14, with UnattendedInstallConfig', NEW_SHAPE],
])('Talos %s', (_name, shape) => {
  test('each fault ends where it must, with its cause; a reinstall wipes once and then installs', {
    timeout: 240_000,
  }, async () => {
    const { again, roles } = cast(shape);
    const faults = [...roles].flatMap(([name, [fault]]) => (fault === 'none' ? [] : [`${fault}:${name}`]));
    stack = await createWholeStack({
      nodes: NODES,
      seed: SEED,
      speed: 40,
      api: false,
      faults: [...faults, `haltsInstalled:${again}`].join(','),
    });
    const { node, rack, arm, until, world, notes } = stack;
    const named = new Map<string, Set<string>>();
    world.engine.follow(() => {
      for (const name of roles.keys()) {
        const { health } = node(name);
        if ('code' in health) named.set(name, (named.get(name) ?? new Set()).add(health.code));
      }
    });
    expect(await arm([...roles.keys()])).toMatchObject({ ok: true });
    expect(await arm([again], 'reinstall', again)).toMatchObject({ ok: true });
    const arrived = (name: string, { phase, code }: End): boolean =>
      code === undefined
        ? node(name).phase.is === phase && node(name).job === undefined
        : named.get(name)?.has(code) === true;
    await until(() => [...roles].every(([name, [, , end]]) => arrived(name, end)), 180_000);

    const told = [...roles].map(([name, [fault, says, end]]) => {
      const [first, second] = rack.machines.get(name)?.disks ?? [];
      const installed = first?.content.is === 'talos' && (fault !== 'haltsInstalled' || first.content.version === OLD);
      return {
        line: `${fault}: ${says}`,
        installed: installed === end.installs,
        otherDisk: second?.content.is,
        // A machine that did well carries no fault away from it.
        health: end.code === undefined ? node(name).health.is : 'named',
      };
    });
    expect(told).toEqual(
      ENDS.map(([fault, says, end]) => ({
        line: `${fault}: ${says}`,
        installed: true,
        otherDisk: 'blank',
        health: end.code === undefined ? 'ok' : 'named',
      })),
    );
    // Each installed once: whatever it did on the way, nobody was given a second installation.
    for (const [name, [, , end]] of roles)
      if (end.phase === 'ready') expect(node(name).endedJobs.map((job) => job.outcome)).toEqual(['done']);
    const unready = [...roles].find(([, [fault]]) => fault === 'neverReady')?.[0] ?? '';
    await until(() => JSON.stringify(node(unready).phase).includes('"unmet":["nodeReady: node is not ready"]'), 60_000);

    await until(() => node(again).phase.is === 'ready' && node(again).job === undefined, 60_000);
    expect(notes.filter((one) => one.startsWith(`${again} `) && one.includes('wiped disk'))).toHaveLength(1);
    expect(rack.machines.get(again)?.disks[0]?.content).toMatchObject({ is: 'talos', version: shape });
  });
});

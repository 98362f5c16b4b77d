import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { renderUkiMark } from '../../src/sim/firmware/uki-mark.ts';
import type { SimRack } from '../../src/sim/rack/sim-rack.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const ARGS = 'talos.platform=metal console=tty0 slab_nomerge pti=on lockdown=confidentiality';

/** Firmware that runs signed programs alone, the signed UKI in the vault, and the inventory that says so. */
function signed(rack: SimRack, names: readonly string[]): void {
  const site = join(rack.inventoryFolder, '_site.yaml');
  // In a test there is no bundle that a second thread could be started from.
  if (!/^threads:/m.test(readFileSync(site, 'utf8'))) appendFileSync(site, 'threads: 0\n');
  const path = join(rack.inventoryFolder, '..', 'signed-uki.efi');
  writeFileSync(
    path,
    Buffer.concat([Buffer.from(renderUkiMark({ cpu: 'amd64', args: ARGS })), Buffer.alloc(400_000, 7)]),
  );
  const kernels = rack.images.filter((one) => one.kind === 'kernel' && one.arch === 'amd64');
  (rack.images as unknown[]).push(...kernels.map((one) => ({ ...one, kind: 'secureUki', path })));
  for (const name of names) {
    appendFileSync(join(rack.inventoryFolder, `${name.slice(0, 3)}/${name}.yaml`), 'boot: secure-boot\n');
    const machine = rack.machines.get(name);
    machine?.setFaults({ ...machine.faults(), secureBoot: true });
  }
}

/** With HTTP boot in firmware and BMC. */
const fitting = (rack: SimRack): readonly string[] =>
  [...rack.machines.values()].filter(({ spec }) => spec.firmware.startsWith('uefi')).map(({ spec }) => spec.name);

test('a machine with Secure Boot is installed by its signed UKI and its API', { timeout: 180_000 }, async () => {
  let chosen: readonly string[] = [];
  stack = await createWholeStack({ nodes: 24, speed: 60 }, (rack) => {
    chosen = fitting(rack);
    signed(rack, chosen);
  });
  const { node, rack, until, arm, world } = stack;
  const url = `http://${rack.network.server}:${world.inventory.current().site.ports.http}/u/boot.efi`;
  expect((await fetch(url)).status).toBe(404);
  const last = (version: RegExp) =>
    chosen.findLast((one) => node(one).spec.role === 'worker' && version.test(node(one).spec.talos.version ?? '')) ??
    '';
  const names = [last(/^v1\.13/), last(/^v1\.14/)];
  expect(names).not.toContain('');
  for (const name of names) {
    const planned = await world.planner.plan(node(name), 'install');
    if (!planned.ok) throw new Error(planned.error);
    expect(planned.value.rendered.plan).toMatchObject({ uki: true, kernelArgs: [] });
    expect(planned.value.rendered.configText).toMatch(/installer-secureboot/);
  }
  expect(await arm(names)).toMatchObject({ ok: true });
  await until(() => names.every((name) => node(name).phase.is === 'ready'), 120_000);
  for (const name of names) {
    const { console } = rack.machines.get(name) ?? { console: [] };
    expect(console.join('\n')).toMatch(/starting .*\/u\/boot\.efi, a signed UKI/);
    expect(console.join('\n')).not.toMatch(/iPXE/);
    expect(node(name).endedJobs.at(-1)).toMatchObject({ kind: 'install', outcome: 'done' });
  }
  expect((await fetch(url)).status).toBe(404);
});

test('a reinstall is refused before anything is armed, with what to do', { timeout: 60_000 }, async () => {
  let chosen: readonly string[] = [];
  stack = await createWholeStack({ nodes: 6, speed: 60 }, (rack) => {
    chosen = fitting(rack).slice(0, 1);
    signed(rack, chosen);
  });
  const name = chosen[0] ?? '';
  const refused = await stack.arm([name], 'reinstall', name);
  expect(refused.ok ? '' : refused.error).toMatch(/takes no argument.*talosctl reset, then install/);
});

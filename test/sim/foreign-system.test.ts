import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SimRack } from '../../src/sim/rack/sim-rack.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const PROFILE = `debian:
  kind: linux
  kernel: debian/vmlinuz
  initrds: [debian/initrd.gz]
  args: [auto=true, priority=critical]
  writesDisk: true
  userData: _cloud/user-data.yaml
`;

function installDebian(rack: SimRack, name: string): void {
  const folder = rack.inventoryFolder;
  const site = join(folder, '_site.yaml');
  // In a test there is no bundle that a second thread could be started from.
  if (!/^threads:/m.test(readFileSync(site, 'utf8'))) appendFileSync(site, 'threads: 0\n');
  appendFileSync(join(folder, '_profiles.yaml'), PROFILE);
  mkdirSync(join(folder, '_cloud'), { recursive: true });
  writeFileSync(join(folder, '_cloud/user-data.yaml'), '#cloud-config\nhostname: {{node}}\npassword: hunter2\n');
  appendFileSync(join(folder, `${name.slice(0, 3)}/${name}.yaml`), 'profile: debian\n');
  const debian = join(folder, '../assets/debian');
  mkdirSync(debian, { recursive: true });
  writeFileSync(join(debian, 'vmlinuz'), Buffer.alloc(150_000, 1));
  writeFileSync(join(debian, 'initrd.gz'), Buffer.alloc(300_000, 2));
}

test('an installer that is not Talos is booted once, reads its files, and is never booted again', {
  timeout: 180_000,
}, async () => {
  let name = '';
  stack = await createWholeStack({ nodes: 6, speed: 60 }, (rack) => {
    name = [...rack.machines.values()].findLast(({ spec }) => spec.bootOrder === 'networkFirst')?.spec.name ?? '';
    installDebian(rack, name);
  });
  const { node, rack, until, arm, notes, log } = stack;
  expect(name).not.toBe('');
  expect(await arm([name])).toMatchObject({ ok: false, error: expect.stringContaining('it takes a reinstall') });
  expect(await arm([name], 'reinstall', 'another')).toMatchObject({ ok: false });
  expect(await arm([name], 'reinstall', name)).toEqual({ ok: true, value: `${name} armed: reinstall` });
  const machine = rack.machines.get(name);
  await until(() => machine?.state.step === 'otherSystem', 90_000);
  expect(node(name).job?.spentAt).toBeDefined();
  expect(node(name).health.is).toBe('ok');
  const own = () => notes.filter((note) => note.startsWith(`${name} `)).join('\n');
  for (const file of ['meta-data', 'user-data']) expect(own()).toContain(`cloud-init: ${file}: 200`);
  for (const file of ['vendor-data', 'network-config']) expect(own()).toContain(`cloud-init: ${file}: 404`);
  expect(JSON.stringify(log)).not.toContain('hunter2');
  // It resets itself, and its firmware asks the network first.
  machine?.powerOff();
  machine?.powerOn();
  await until(() => own().includes(`crashcart: ${name}: boot the local disk`), 90_000);
  expect(own().split('initramfs.img... ok')).toHaveLength(2);
  expect(node(name).attempt?.answered).toBe('local');
});

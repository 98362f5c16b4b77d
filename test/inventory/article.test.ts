import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';

const folder = new URL('fixtures/article', import.meta.url).pathname;

test('the tree of the PXE-for-Talos article loads unchanged', async () => {
  const { inventory, problems } = await loadInventory(folder);
  expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
  expect(inventory?.nodes.map((node) => node.name)).toEqual(
    Array.from({ length: 12 }, (_, index) => `node-${String(index + 1).padStart(2, '0')}`),
  );
});

test('node-01 has the effective values that the article prints', async () => {
  const { inventory } = await loadInventory(folder);
  const node = inventory?.nodes[0];
  const printed = {
    schematicID: node?.talos.schematic,
    talosVersion: node?.talos.version,
    kernelArgs: node?.talos.kernelArgs.join(' '),
    dns0: node?.network.dns[0],
    dns1: node?.network.dns[1],
    ntp: node?.network.ntp.join(),
    netmask: node?.network.prefix === 24 ? '255.255.255.0' : node?.network.prefix,
    gateway: node?.network.gateway,
    vlan: node?.network.vlan,
    interface: node?.network.interface,
    serial: node?.identity.serial,
    ip: node?.network.ip,
    install: node?.talos.install,
  };
  expect(printed).toEqual({
    schematicID: '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba',
    talosVersion: 'v1.9.5',
    kernelArgs:
      'talos.platform=metal console=tty0 init_on_alloc=1 slab_nomerge pti=on consoleblank=0 nvme_core.io_timeout=4294967295 printk.devkmsg=on ima_template=ima-ng ima_appraise=fix ima_hash=sha512',
    dns0: '1.1.1.1',
    dns1: '8.8.8.8',
    ntp: 'fr.pool.ntp.org',
    netmask: '255.255.255.0',
    gateway: '192.168.100.1',
    vlan: 1234,
    interface: 'ens1',
    serial: 'ABCDEFGHIJ01',
    ip: '192.168.100.1',
    install: true,
  });
  // The flat kernelArgs is the whole command line.
  expect(node?.talos.kernelArgsReplace).toBe(true);
  // Its neighbour has no install key of its own.
  expect(inventory?.nodes[1]?.talos.install).toBe(false);
});

test('a tree without _site.yaml says what to write to serve DHCP', async () => {
  const { inventory, problems } = await loadInventory(folder);
  expect(inventory?.site.networks).toEqual([]);
  expect(problems[0]).toMatchObject({ file: '_site.yaml', line: 1, column: 1, severity: 'warning' });
  expect(problems[0]?.message).toContain('to serve DHCP write networks:');
});

test('the example site at the top of the repository is accepted without a word', async () => {
  const { inventory, problems } = await loadInventory(new URL('../../inventory', import.meta.url).pathname);
  expect(problems).toEqual([]);
  expect(inventory?.nodes.map((node) => [node.name, node.role, node.bmc?.url, node.network.prefix])).toEqual([
    ['node-01', 'worker', 'https://10.21.7.33', 24],
    ['node-02', 'controlplane', 'https://10.21.7.34', 24],
    ['node-03', 'worker', undefined, 24],
  ]);
});

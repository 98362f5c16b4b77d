import { describe, expect, test } from 'vitest';
import type { DiskRule } from '../../../src/core/spec.ts';
import { parseInventory } from '../../../src/inventory/parse-inventory.ts';
import { personalityOf } from '../../../src/sim/bmc/personalities.ts';
import { assignFaults, FAULT_NAMES, parseFaults } from '../../../src/sim/rack/assign-faults.ts';
import { segmentOf } from '../../../src/sim/rack/claim-segment.ts';
import { renderFaults } from '../../../src/sim/rack/fault-words.ts';
import { generateSite } from '../../../src/sim/rack/generate-site.ts';
import { rehearseInventory } from '../../../src/sim/rack/rehearse-inventory.ts';
import { renderSite } from '../../../src/sim/rack/render-site-files.ts';
import { diskRuleNamesOne, matchesDisk } from '../../../src/talos/disk-rule.ts';

const site = `
site: hall-2
networks:
  - { relay: 10.20.0.1, address: 10.20.0.2, subnet: 10.20.0.0/16, pool: 10.20.200.1-10.20.200.99 }
  - { relay: 10.30.0.1, address: 10.30.0.2, dhcp: proxy, subnet: 10.30.0.0/16 }
talos: { version: v1.13.9 }
`;
const node = (ip: string, rest: string) => `
macs: ["52:54:00:0a:00:${ip.split('.').at(-1)?.padStart(2, '0')}"]
serial: CZJ${ip.split('.').at(-1)}
ip: ${ip}
bmc: { url: https://10.21.7.${ip.split('.').at(-1)}, username: admin, password: env:REAL_SECRET, system: /redfish/v1/Systems/1 }
${rest}
`;
const parsed = parseInventory([
  { path: '_site.yaml', text: site },
  {
    path: 'a/n1.yaml',
    text: node('10.20.7.33', 'talos: { disk: { model: "SAMSUNG*", size: ">= 900GB", type: nvme } }'),
  },
  {
    path: 'a/n2.yaml',
    text: node('10.30.7.34', 'talos: { extensions: [siderolabs/iscsi-tools], config: _talos/w.yaml }'),
  },
  { path: 'b/n3.yaml', text: node('10.20.0.35', 'arch: arm64\nfirmware: http\nprotected: true') },
]);
const segments = [segmentOf(77), segmentOf(91, 77)] as const;
const options = { folder: '/srv/inventory', seed: 1, vanilla: 'f'.repeat(64), segments };
const rehearsal = rehearseInventory(parsed.inventory, options);
const files = rehearsal.files((name) => ({ url: `http://127.0.0.1:4000${name.slice(1)}`, fingerprint: undefined }));
const read = parseInventory([
  ...files,
  renderSite(rehearsal.networks, { dhcp: 1, proxy: 2, tftp: 3, http: 4, events: 5, kernelLog: 6 }, 'hall-2'),
]);
const again = read.inventory.nodes;

describe("a rehearsal of the operator's inventory", () => {
  test('keeps who the machines are, and moves their addresses onto this computer, each network apart', () => {
    expect(again.map((one) => [one.file, one.network.ip, one.identity.serial])).toEqual([
      ['a/n1.yaml', '127.77.7.33', 'CZJ33'],
      ['a/n2.yaml', '127.91.7.34', 'CZJ34'],
      ['b/n3.yaml', '127.77.64.35', 'CZJ35'],
    ]);
  });

  test('plugs each machine into the segment of its network, where the same server gives the addresses', () => {
    expect(rehearsal.machines.map(({ network, ip }) => [network, ip])).toEqual([
      [0, '127.77.7.33'],
      [1, '127.91.7.34'],
      [0, '127.77.64.35'],
    ]);
    expect(read.problems.filter((one) => !one.message.startsWith('talos.disk'))).toEqual([]);
    expect(read.inventory.site.networks.map(({ dhcp, subnet, address }) => [dhcp, subnet, address])).toEqual([
      ['authoritative', '127.77.0.0/16', '127.77.0.1'],
      ['proxy', '127.91.0.0/16', '127.77.0.1'],
    ]);
  });

  test('keeps what the site says of its links and of disks by path', () => {
    const uplink = { site: 10e9, rack: 1e9, racks: { 'row 1: a': 940e6 } };
    const ports = { dhcp: 1, proxy: 2, tftp: 3, http: 4, events: 5, kernelLog: 6 };
    const copy = parseInventory([renderSite(rehearsal.networks, ports, 'hall-2', { uplink, allowDiskPath: true })]);
    expect(copy.inventory.site).toMatchObject({ uplink, allowDiskPath: true });
    const plain = parseInventory([renderSite(rehearsal.networks, ports, 'hall-2')]).inventory.site;
    expect(plain).toMatchObject({ allowDiskPath: false });
    expect(plain.uplink).toBeUndefined();
  });

  test('keeps fixed addresses out of the pool of its segment', () => {
    const { inventory } = parseInventory([
      { path: '_site.yaml', text: site },
      { path: 'a/n1.yaml', text: node('10.20.210.7', '') },
    ]);
    expect(rehearseInventory(inventory, options).machines[0]?.ip).toBe('127.77.18.8');
  });

  test('points every BMC at a simulated one, and takes no secret along', () => {
    expect(again.map((one) => one.bmc?.url)).toEqual([1, 2, 3].map((i) => `http://127.0.0.1:4000${i}`));
    expect(JSON.stringify(files)).not.toContain('REAL_SECRET');
    expect(JSON.stringify(files)).not.toContain('10.21.7.');
  });

  test('has a disk that the rule means, and one that it does not', () => {
    const rule = parsed.inventory.nodes[0]?.talos.disk ?? {};
    const disks = rehearsal.machines[0]?.spec.disks.map((disk) => matchesDisk(rule, disk.info));
    expect(disks).toEqual([true, false]);
  });

  test.each<readonly [string, DiskRule]>([
    ['a kind and a size', { type: 'nvme', size: '>= 200GB' }],
    ['a size alone', { size: '>= 200GB' }],
    ['a size at most', { size: '<= 4TB' }],
    ['a kind that NVMe is too', { type: 'ssd' }],
    ['a pattern that fits all', { model: '*' }],
    ['the name of the other', { path: '/dev/nvme1n1' }],
    ['a wide wwid', { wwid: 'eui.*' }],
    ['a wide place', { busPath: '/pci*' }],
    ['a disk that turns', { type: 'hdd' }],
  ])('invents no second disk for a rule that names one disk by %s', (_, disk) => {
    const { inventory } = parseInventory([
      { path: '_site.yaml', text: site },
      { path: 'a/n1.yaml', text: node('10.20.7.33', `talos: { disk: ${JSON.stringify(disk)} }`) },
    ]);
    const [machine] = rehearseInventory(inventory, options).machines;
    const disks = machine?.spec.disks.map(({ info }) => info) ?? [];
    expect(disks.map((info) => matchesDisk(disk, info))).toEqual([true, ...disks.slice(1).map(() => false)]);
    expect(diskRuleNamesOne(disk, disks, true)).toMatchObject({ ok: true });
    expect(new Set(disks.map(({ name }) => name)).size).toBe(disks.length);
  });

  test('asks no image factory: a list of extensions is a schematic of its own', () => {
    const [, second] = again;
    expect(second?.talos.extensions ?? []).toEqual([]);
    expect(second?.talos.schematic).toMatch(/^[0-9a-f]{64}$/);
    expect(rehearsal.images[1]?.schematic).toBe(second?.talos.schematic);
  });

  test("finds the operator's documents where they are", () => {
    expect(again[1]?.talos.config).toEqual({ from: 'file', path: '/srv/inventory/_talos/w.yaml' });
  });

  test('gives machine and BMC the same maker, and HTTP boot only to a BMC that can order it', () => {
    for (const { spec, personality } of rehearsal.machines)
      expect([spec.manufacturer, spec.product]).toEqual([
        personalityOf(personality).manufacturer,
        personalityOf(personality).model,
      ]);
    const http = rehearsal.machines.find(({ spec }) => spec.firmware.endsWith('-http'));
    expect(personalityOf(http?.personality ?? 'supermicro-x10').boot.targets).toContain('UefiHttp');
  });

  test('boots each machine with the firmware that the inventory says', () => {
    expect(rehearsal.machines.map((one) => one.spec.firmware)).toEqual(['uefi', 'uefi', 'arm64-http']);
    expect(again[2]).toMatchObject({ arch: 'arm64', firmware: 'http', protected: true });
  });
});

describe('faults by name', () => {
  test.each([
    ['nothing', 'none', 0],
    ['what a newcomer should see', 'some', 8],
    ['a list', 'kernelPanic, wrongDisk', 2],
    ['several of one', 'tftpLoss:3', 1],
  ])('%s', (_, text, count) => {
    const wishes = parseFaults(text);
    expect(wishes.ok && wishes.value.length).toBe(count);
  });

  test('meet machines that can have them, one each, and the control planes only with what is theirs alone', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const wishes = parseFaults(FAULT_NAMES.join(','));
      const made = wishes.ok ? assignFaults(generateSite(60, seed), wishes.value, seed) : wishes;
      if (!made.ok) throw new Error(made.error);
      const faulty = made.value.filter((one) => Object.keys(one.faults).length > 0);
      expect(faulty.length).toBe(FAULT_NAMES.length);
      const ofControlPlanes = made.value.slice(0, 3).flatMap((one) => Object.keys(one.faults));
      expect(ofControlPlanes).toEqual(['awaitsBootstrap']);
      for (const { faults, spec } of faulty) {
        if (faults.tftpStalls !== undefined || faults.rivalDhcp === true) expect(spec.firmware).not.toMatch(/http|rom/);
      }
    }
  });

  test('each says what goes wrong, and the help has a line for each', () => {
    const lines = renderFaults().split('\n');
    for (const name of FAULT_NAMES)
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ {2}${name} +\\S`)));
    expect(lines.every((line) => line.length <= 110)).toBe(true);
  });

  test('add up on a machine that is named twice', () => {
    const wishes = parseFaults('deafBmc:r01-u05,slowBmc:r01-u05,kernelPanic:r01-u05');
    const made = wishes.ok ? assignFaults(generateSite(6, 1), wishes.value, 1) : wishes;
    const machine = made.ok ? made.value.find((one) => one.spec.name === 'r01-u05') : undefined;
    expect(machine?.faults).toEqual({ kernelPanic: true, bmc: { deafOverride: true, slowS: 20 } });
  });
});

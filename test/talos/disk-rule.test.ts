import { describe, expect, test } from 'vitest';
import type { SeenDisk } from '../../src/core/seen.ts';
import type { DiskRule } from '../../src/core/spec.ts';
import { diskRuleNamesOne, parseDiskSize } from '../../src/talos/disk-rule.ts';
import { diskMatchExpression, machineInstallFields } from '../../src/talos/install-disk.ts';

const DISKS: readonly SeenDisk[] = [
  {
    name: 'sda',
    sizeBytes: 480_103_981_056,
    model: 'MZ7L3480',
    serial: 'S6CKNE0T',
    wwid: 'naa.5002',
    type: 'ssd',
    byId: ['/dev/disk/by-id/wwn-0x5002'],
  },
  {
    name: 'sdb',
    sizeBytes: 4_000_787_030_016,
    model: 'ST4000NM',
    serial: 'ZC1',
    wwid: 'naa.5000',
    type: 'hdd',
    byId: [],
  },
  { name: 'sdc', sizeBytes: 4_000_787_030_016, model: 'ST4000NM', serial: 'ZC2', wwid: 'naa.5001', type: 'hdd' },
];

const NVME: SeenDisk = { name: 'nvme0n1', sizeBytes: 960e9, model: 'MZQL', serial: 'S7', type: 'nvme' };
const CARD: SeenDisk = { name: 'mmcblk0', sizeBytes: 32e9, type: 'sd' };

function verdict(rule: DiskRule | undefined, disks: readonly SeenDisk[] | undefined, allow = false): string {
  const result = diskRuleNamesOne(rule, disks, allow);
  return result.ok ? `yes: ${result.value}` : `no: ${result.error}`;
}

describe('a rule names one disk', () => {
  test.each<[string, DiskRule, readonly SeenDisk[] | undefined, RegExp]>([
    ['by serial, unseen', { serial: 'S6CKNE0T' }, undefined, /^yes: serial S6CKNE0T$/],
    ['by wwid, unseen', { wwid: 'naa.5002' }, undefined, /^yes: wwid/],
    ['by link, unseen', { byId: '/dev/disk/by-id/wwn-0x5002' }, undefined, /^yes: \/dev\/disk/],
    ['by serial, seen', { serial: 'S6CKNE0T' }, DISKS, /^yes: serial S6CKNE0T: sda MZ7L3480 480 GB/],
    ['by type, seen', { type: 'ssd' }, DISKS, /^yes: the only match: sda/],
    ['by size, seen', { size: '<= 1TB' }, DISKS, /^yes/],
    ['by pattern, seen', { model: 'MZ*480' }, DISKS, /^yes/],
    ['by link, seen on one of them', { byId: '/dev/disk/by-id/wwn-0x5002', model: 'MZ*' }, DISKS, /^yes/],
    ['by path of the only disk', { path: '/dev/sda' }, DISKS.slice(0, 1), /^yes/],
  ])('%s', (_name, rule, disks, expected) => {
    expect(verdict(rule, disks)).toMatch(expected);
  });

  test.each<[string, DiskRule | undefined, readonly SeenDisk[] | undefined, RegExp]>([
    ['no rule', undefined, DISKS, /not set/],
    ['an empty rule', {}, DISKS, /not set/],
    ['a type, unseen', { type: 'ssd' }, undefined, /inspect it first/],
    ['a type, nothing recorded', { type: 'ssd' }, [], /inspect it first/],
    ['two that match', { type: 'hdd' }, DISKS, /2 recorded disks match: sdb .*ZC1; sdc .*ZC2/],
    ['ssd, beside NVMe', { type: 'ssd' }, [...DISKS, NVME], /2 recorded disks match: sda .*; nvme0n1/],
    ['ssd, beside a card', { type: 'ssd' }, [...DISKS, CARD], /2 recorded disks match: sda .*; mmcblk0/],
    ['a type, beside a disk of none', { type: 'nvme' }, [NVME, { name: 'sdx', sizeBytes: 1 }], /2 recorded disks/],
    ['any model, beside a disk without', { model: '*' }, [NVME, CARD], /2 recorded disks match/],
    ['an empty field', { serial: '' }, [NVME], /talos.disk.serial is empty/],
    ['none that matches', { serial: 'OTHER' }, DISKS, /no recorded disk matches/],
    ['a path', { path: '/dev/sda' }, DISKS, /can be another disk at the next boot: use its serial/],
    ['a path, unseen', { path: '/dev/sda' }, undefined, /can be another disk/],
    ['a placeholder as serial', { serial: '0000000000' }, undefined, /inspect/],
    ['a pattern as serial, unseen', { serial: 'S6*' }, undefined, /inspect/],
    ['a pattern that Talos may read otherwise', { model: 'MZ[7]*' }, DISKS, /only \* stands for/],
    ['a size that is none', { size: 'big', serial: 'S6CKNE0T' }, DISKS, /no disk size/],
    ['== with a round number', { size: '== 4TB' }, DISKS, /no recorded disk/],
    [
      'the same serial on two disks',
      { serial: 'ZC1' },
      [...DISKS, { name: 'sdd', sizeBytes: 1, serial: 'ZC1' }],
      /2 recorded/,
    ],
  ])('not by %s', (_name, rule, disks, expected) => {
    expect(verdict(rule, disks)).toMatch(expected);
    expect(verdict(rule, disks)).toMatch(/^no/);
  });

  test('a path counts where the site allows it', () => {
    expect(verdict({ path: '/dev/sda' }, undefined, true)).toMatch(/^yes: path/);
    expect(verdict({ path: '/dev/sda' }, DISKS, true)).toMatch(/^yes/);
    expect(verdict({ path: '/dev/sdz' }, DISKS, true)).toMatch(/^no/);
  });
});

test.each([
  ['>= 900GB', '>=', 900e9],
  ['4TB', '==', 4e12],
  ['<2TiB', '<', 2 * 2 ** 40],
  ['<= 1.5 tb', '<=', 1.5e12],
  ['> 512', '>', 512],
])('the size %s', (text, op, sizeBytes) => {
  expect(parseDiskSize(text)).toEqual({ ok: true, value: { op, sizeBytes } });
});

test.each<[string, DiskRule, string]>([
  ['serial', { serial: 'S1' }, 'disk.serial == "S1"'],
  ['pattern', { model: 'MZ*' }, 'glob("MZ*", disk.model)'],
  ['link', { byId: '/dev/disk/by-id/x' }, '"/dev/disk/by-id/x" in disk.symlinks'],
  ['type and size', { type: 'nvme', size: '> 1TB' }, 'disk.size > 1000000000000u && disk.transport == "nvme"'],
  ['a quote in the text', { model: 'a" || true' }, 'disk.model == "a\\" || true"'],
])('as CEL: %s', (_name, rule, expected) => {
  const tail = ' && disk.transport != "" && !disk.readonly && !disk.cdrom';
  expect(diskMatchExpression(rule)).toEqual({ ok: true, value: expected + tail });
});

test('machine.install takes a device or a selector, never both', () => {
  expect(machineInstallFields({ path: '/dev/sda' })).toEqual({ ok: true, value: { disk: '/dev/sda' } });
  expect(machineInstallFields({ serial: 'S1', type: 'ssd' })).toEqual({
    ok: true,
    value: { diskSelector: { serial: 'S1', type: 'ssd' } },
  });
  expect(machineInstallFields({ path: '/dev/sda', serial: 'S1' }).ok).toBe(false);
});

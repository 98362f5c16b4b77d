import { describe, expect, test } from 'vitest';
import type { DiskRule } from '../../../src/core/spec.ts';
import { diskBeside, diskFor } from '../../../src/sim/rack/rehearse-disks.ts';
import { matchesDisk } from '../../../src/talos/disk-rule.ts';

const made = (slot: number) => ({
  name: `nvme${slot}n1`,
  serial: `S${slot}`,
  sizeBytes: slot === 0 ? 480_103_981_056 : 3_840_755_982_336,
  model: slot === 0 ? 'SIM PM9A3 480' : 'SIM CD8 3840',
  type: 'nvme' as const,
  wwid: `eui.00253844123456${slot}0`,
  busPath: `/pci0000:00/0000:00:1${slot}.0/nvme`,
});

describe('the disk of a rehearsed machine', () => {
  test.each<readonly [string, DiskRule, string]>([
    [
      'turns and hangs on SATA where the rule wants one that turns',
      { type: 'hdd' },
      'sda hdd SIM EXOS 4000 ata1 naa.5',
    ],
    ['is a SATA SSD where the rule wants an SSD', { type: 'ssd' }, 'sda ssd SIM PM893 480 ata1 naa.5'],
    ['is NVMe where the rule wants that', { type: 'nvme' }, 'nvme0n1 nvme SIM PM9A3 480 nvme eui.0'],
    ['is a card where the rule wants one', { type: 'sd' }, 'mmcblk0 sd SIM SD 64 mmc0 '],
    [
      'is NVMe where the SSD has a name of NVMe',
      { type: 'ssd', path: '/dev/nvme0n1' },
      'nvme0n1 nvme SIM PM9A3 480 nvme eui.0',
    ],
    ['is SATA by its path', { path: '/dev/sdb' }, 'sdb ssd SIM PM893 480 ata1 naa.5'],
    ['is SATA by its link', { byId: '/dev/disk/by-id/ata-X_1' }, 'sda ssd SIM PM893 480 ata1 naa.5'],
    ['is SATA by its world wide name', { wwid: 'naa.500a*' }, 'sda ssd SIM PM893 480 ata1 naa.5'],
    ['has its size in its model', { type: 'hdd', size: '>= 12TB' }, 'sda hdd SIM EXOS 12000 ata1 naa.5'],
    ['says a small size too', { size: '<= 32GB' }, 'nvme0n1 nvme SIM PM9A3 32 nvme eui.0'],
    ['has the model that the rule wants', { type: 'hdd', model: 'ST8000*' }, 'sda hdd ST8000SIM ata1 naa.5'],
  ])('%s', (_, rule, expected) => {
    const disk = diskFor(rule, made(0));
    const { name, type, model, busPath, wwid = '' } = disk;
    expect([name, type, model, busPath?.split('/').at(-1), wwid.slice(0, 5)].join(' ')).toBe(expected);
    expect(matchesDisk(rule, disk)).toBe(true);
    const beside = diskBeside(rule, made(1));
    expect(beside === undefined || (beside.name !== name && !matchesDisk(rule, beside))).toBe(true);
  });

  test('is the made-up one where no rule says anything', () => {
    expect([diskFor(undefined, made(0)), diskBeside(undefined, made(1))]).toEqual([made(0), made(1)]);
  });
});

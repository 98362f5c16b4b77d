import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSimRack } from '../../../src/sim/rack/sim-rack.ts';
import { mustBe, openSim } from '../../drivers/redfish/sim-port.ts';

test('a BMC names the drives that its machine has, also where they are not those of the inventory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sim-drives-'));
  const made = await createSimRack({ folder, nodes: 6, seed: 1, speed: 60, faults: 'wrongDisk:r01-u05', strangers: 0 });
  if (!made.ok) throw new Error(made.error);
  const rack = made.value;
  for (const name of ['r01-u04', 'r01-u05']) {
    const disks = rack.machines.get(name)?.disks.map(({ info }) => [info.serial, info.sizeBytes, info.type]);
    expect(rack.bmcs.get(name)?.identity.drives?.map((one) => [one.serial, one.sizeBytes, one.type])).toEqual(disks);
  }
  expect(rack.bmcs.get('r01-u05')?.identity.drives?.[0]?.serial).toMatch(/^X/);
  await rack.stop();
  rmSync(folder, { recursive: true });
});

test('a BMC shows disks that turn and disks on SATA as what they are', async () => {
  const drive = (type: 'nvme' | 'ssd' | 'hdd') => ({ model: 'SIM', serial: `S-${type}`, sizeBytes: 1e12, type });
  const bench = await openSim({
    personality: 'openbmc',
    identity: { drives: [drive('hdd'), drive('ssd'), drive('nvme')] },
  });
  const { drives } = await mustBe(bench.port.readIdentity());
  expect(drives.map(({ media }) => media)).toEqual(['hdd', 'ssd', 'nvme']);
  await bench.close();
});

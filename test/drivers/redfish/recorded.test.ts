import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BmcIdentity, BmcPort } from '../../../src/core/bmc.ts';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { serveRecorded } from './recorded-bmc.ts';
import { fastTimings, mustBe } from './sim-port.ts';

/** Real BMCs, as others recorded and published them. They are not ours to copy, so they may be missing. */
const top = resolve(
  process.env.CRASHCART_REDFISH_TREES ?? join(import.meta.dirname, '../../../../shared/redfish-trees'),
);
const there = existsSync(top);
if (!there && process.env.CI === 'true') throw new Error(`no recorded Redfish trees in ${top}, which CI must have`);
if (!there)
  process.stderr.write(`recorded Redfish trees: skipped, there is no folder ${top} (set CRASHCART_REDFISH_TREES)\n`);

async function withTree<T>(tree: string, use: (port: BmcPort) => Promise<T>): Promise<T> {
  const recorded = await serveRecorded(join(top, tree));
  const drivers = createBmcDrivers({
    timings: { ...fastTimings, inventoryMs: 15_000, readMs: 10_000, requestMs: 5_000 },
  });
  const spec = { url: recorded.url, username: 'root', password: { from: 'env', name: 'BMC' } } as const;
  try {
    return await use(drivers.openBmc({ node: 'recorded', spec, password: 'x' }));
  } finally {
    await drivers.closeAll();
    await recorded.close();
  }
}

const count = (identity: BmcIdentity) => ({ macs: identity.macs.length, drives: identity.drives.length });

describe.skipIf(!there)('a recorded BMC', () => {
  const dell = 'dell/r750-idrac9-6.00';
  const hpe = 'hpe/dl385g10plusv2-ilo5-2.72';
  const supermicro = 'supermicro/x10sdv-bmc';
  const ami = 'ami/gigabyte-h262-megarac';
  const openbmc = 'openbmc/stock-palmetto-qemu';

  test('iDRAC9 6.00 gives the service tag as serial and the board serial apart', async () => {
    const identity = await withTree(dell, (port) => mustBe(port.readIdentity()));
    expect(identity).toMatchObject({
      vendor: 'Dell Inc.',
      model: 'PowerEdge R750',
      serial: 'F54P1G3',
      boardSerial: 'CNIVC0014M0388',
      firmwareVersion: '6.00.30.00',
      locate: 'on',
      health: 'ok',
      bootTargets: ['pxe', 'uefiHttp', 'cd'],
      canInsertMedia: true,
      processors: { count: 2, cores: 36 },
    });
    expect(identity.asset).toBeUndefined();
    // Five Ethernet interfaces, and an InfiniBand card that is nowhere but among the device functions.
    expect(count(identity)).toEqual({ macs: 7, drives: 3 });
    expect(identity.drives.every((drive) => drive.media === 'nvme')).toBe(true);
  });

  test('iLO 5 hides cards from its interfaces and shows empty bays as drives', async () => {
    const identity = await withTree(hpe, (port) => mustBe(port.readIdentity()));
    expect(identity).toMatchObject({
      vendor: 'HPE',
      serial: 'MXQ302099S',
      health: 'critical',
      locate: 'off',
      memoryGiB: 1024,
    });
    expect(count(identity)).toEqual({ macs: 9, drives: 18 });
    expect(identity.macs.some((one) => one.from.startsWith('NetworkAdapters/'))).toBe(true);
  });

  test('X10 has blanks for a serial, a MAC for a UUID and no settings for the mode', async () => {
    const identity = await withTree(supermicro, (port) => mustBe(port.readIdentity()));
    expect([identity.serial, identity.sku, identity.uuid, identity.asset]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(identity).toMatchObject({ vendor: 'Supermicro', canInsertMedia: false, bootTargets: ['pxe', 'cd'] });
    expect(count(identity)).toEqual({ macs: 4, drives: 0 });
    expect(await withTree(supermicro, (port) => mustBe(port.readOverride()))).toEqual({
      target: 'none',
      enabled: 'disabled',
    });
  });

  test('MegaRAC says AMI and means Gigabyte, and its placeholder SKU and asset tag are gone', async () => {
    const identity = await withTree(ami, (port) => mustBe(port.readIdentity()));
    expect(identity).toMatchObject({ vendor: 'GIGABYTE', serial: 'GJG9NF512A000302', canInsertMedia: true });
    expect([identity.sku, identity.asset]).toEqual([undefined, undefined]);
    // Four entries, two of them the same port and one the USB card of the BMC.
    expect(count(identity)).toEqual({ macs: 2, drives: 1 });
  });

  test('OpenBMC knows next to nothing of its host and says so', async () => {
    const identity = await withTree(openbmc, (port) => mustBe(port.readIdentity()));
    expect(identity).toMatchObject({ vendor: 'OpenBMC', health: 'ok', locate: 'off', bootTargets: ['pxe', 'cd'] });
    expect(count(identity)).toEqual({ macs: 0, drives: 0 });
    expect(identity.processors).toBeUndefined();
  });

  test.each([
    [dell, 'on', undefined],
    [hpe, 'on', 'FinishedPost'],
    [supermicro, 'on', undefined],
    [ami, 'on', undefined],
    [openbmc, 'off', 'None'],
  ])('%s is %s, and its boot progress is %s', async (tree, power, progress) => {
    const read = await withTree(tree, async (port) => [await port.readPower(), await port.readBootProgress()]);
    expect(read).toEqual([
      { ok: true, value: power },
      { ok: true, value: progress },
    ]);
  });

  test.each([
    [dell, 'An OEM diagnostic event occurred.'],
    [hpe, 'Slot=2 Storage - Volume 1 status changed to ok'],
    [supermicro, '[ OEM ] Activate Node Product Key'],
    [ami, /^[A-Z].* 0x0500FF$/],
  ])('%s gives the newest lines of its hardware log first', async (tree, text) => {
    const lines = await withTree(tree, (port) => mustBe(port.readLog(5)));
    expect(lines).toHaveLength(5);
    expect(lines[0]?.text).toMatch(text);
    const times = lines.map((line) => line.at ?? '');
    expect([...times].sort().reverse()).toEqual(times);
  });
});

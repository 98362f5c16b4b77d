import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STRANGE_SYSTEM } from './boot-sector.ts';
import type { Program } from './crashcart-program.ts';
import type { Rack } from './open-rack.ts';
import { openServedRack, type ServedRack, skipsFirmware } from './open-served-rack.ts';
import type { RackChecks } from './rack-checks.ts';
import { sleep, waitFor } from './run-command.ts';
import { shownFetches } from './serial-console.ts';

/**
 * Real firmware, end to end: QEMU machines behind a Redfish service that is not ours, and `crashcart serve` as the only
 * server of their network. The tests build on each other: the rack is installed by the first and used by the rest.
 */
const MINUTE = 60_000;
const LAB_REDFISH = 'f450ee9dd33e0dc013d781ff74fd361a0610bfcfbcbc288e075905e5f3fba4f9';

it('the Redfish service in front of the machines is the one of the lab, byte for byte: what we need otherwise is in its hooks', async () => {
  const source = await readFile(join(import.meta.dirname, 'rack/redfish.py'));
  expect(createHash('sha256').update(source).digest('hex')).toBe(LAB_REDFISH);
});

describe.skipIf(skipsFirmware)('real firmware', { concurrent: false }, () => {
  let served: ServedRack;
  let rack: Rack;
  let program: Program;
  let checks: RackChecks;

  beforeAll(async () => {
    served = await openServedRack('rack', [
      { name: 'uefi', kind: 'uefi' },
      { name: 'bios', kind: 'bios', order: 'net' },
      { name: 'bios-vendor', kind: 'bios-plain', disk: 'strange' },
      { name: 'bios-strange', kind: 'bios', order: 'net', disk: 'strange', hasBmc: false },
      { name: 'uefi-http', kind: 'http' },
      { name: 'arm64', kind: 'arm64' },
      { name: 'no-bmc', kind: 'bios', hasBmc: false },
      { name: 'cut-download', kind: 'bios-plain' },
      { name: 'cut-install', kind: 'uefi', kernelArgs: ['lab.install_seconds=20'] },
    ]);
    ({ rack, program, checks } = served);
  }, 8 * MINUTE);

  afterAll(() => served?.close(), MINUTE);

  /** Kills the program and starts it again. */
  async function cutOff(): Promise<{ readonly killedAtMs: number; readonly backAtMs: number }> {
    const killedAtMs = Date.now();
    await program.stop('SIGKILL');
    await sleep(2000);
    const backAtMs = Date.now();
    await program.start();
    return { killedAtMs, backAtMs };
  }

  /** The system that was on the disk when the rack came. */
  const strangeSince = (name: string, sinceMs: number) =>
    checks.toldSince(name, sinceMs, new RegExp(STRANGE_SYSTEM.replace(/[[\]]/g, '\\$&')));

  it(
    'an unarmed BIOS machine that tries the network first is sent to the disk that it came with, and no byte of it changes',
    async () => {
      const name = 'bios-strange';
      expect(rack.machine(name)).toMatchObject({ firmware: 'bios', order: 'net' });
      const before = await rack.hashDisk(name);
      const since = Date.now();
      await rack.press(name, 'On');
      await rack.waitForConsole(name, new RegExp(`crashcart: ${name}: boot the local disk`), since, 5 * MINUTE);
      await waitFor('its own system', async () => (await strangeSince(name, since))[0], 5 * MINUTE);
      const asked = await checks.askedSince(name, since);
      expect(asked.filter((text) => text.startsWith('200 /s: script: local'))).toHaveLength(1);
      expect(asked.filter((text) => /kernel|initrd|config/.test(text))).toEqual([]);
      expect((await program.status(name)).job).toBeUndefined();
      expect(await rack.hashDisk(name)).toBe(before);
      await rack.press(name, 'ForceOff');
    },
    12 * MINUTE,
  );

  it(
    'a machine whose disk boots does so by itself: what follows comes to the network by the one-shot order alone',
    async () => {
      const name = 'bios-vendor';
      expect(rack.machine(name)).toMatchObject({ order: 'disk' });
      const since = Date.now();
      await rack.press(name, 'On');
      await waitFor('its own system', async () => (await strangeSince(name, since))[0], 5 * MINUTE);
      expect(await checks.askedSince(name, since)).toEqual([]);
      await rack.press(name, 'ForceOff');
    },
    6 * MINUTE,
  );

  it(
    'UEFI PXE, iPXE in a BIOS ROM and a plain BIOS ROM go from power-on to a system on their disk',
    async () => {
      const since = Date.now();
      await checks.install(['uefi', 'bios', 'bios-vendor']);
      expect(await strangeSince('bios-vendor', since)).toEqual([]);
    },
    20 * MINUTE,
  );

  it(
    'UEFI HTTP boot and arm64 UEFI go from power-on to a system on their disk',
    async () => {
      const since = Date.now();
      await checks.install(['uefi-http', 'arm64']);
      await checks.expectHttpBoot('uefi-http', since);
    },
    20 * MINUTE,
  );

  it(
    'a machine without a BMC is asked for by name, and installs when a person switches it on',
    async () => {
      const armed = await program.cli('provision', 'no-bmc');
      expect(armed.code, armed.err).toBe(0);
      const row = await program.waitForStatus('no-bmc', (one) => one.ask !== undefined, 10_000);
      expect(row.ask).toMatch(/no-bmc/);
      expect(await rack.power('no-bmc')).toBe('Off');
      const since = Date.now();
      await rack.chooseBoot('no-bmc', 'Pxe');
      await rack.press('no-bmc', 'On');
      await rack.waitForConsole('no-bmc', /\[rack\] install done/, since, 10 * MINUTE);
      await checks.expectInstalled('no-bmc', since, 5 * MINUTE);
      await checks.expectReady('no-bmc');
      await checks.printSteps('s after the button', ['no-bmc'], since);
    },
    20 * MINUTE,
  );

  it(
    'a power-cycle boots the disk: unasked where the firmware tries it first, and by our word where it tries the network',
    async () => {
      const names = ['uefi', 'bios'];
      expect(rack.machine('bios').order).toBe('net');
      const before = await Promise.all(names.map(rack.hashDisk));
      const since = Date.now();
      const cycled = await program.cli('power', ...names, 'cycle');
      expect(cycled.code, cycled.err).toBe(0);
      for (const name of names) await checks.expectInstalled(name, since, 10 * MINUTE);
      expect(await checks.askedSince('uefi', since)).toEqual([]);
      expect(await checks.toldSince('bios', since, /crashcart: bios: boot the local disk/)).toHaveLength(1);
      const asked = await checks.askedSince('bios', since);
      expect(asked.filter((text) => text.startsWith('200 /s: script: local'))).toHaveLength(1);
      expect(asked.filter((text) => /kernel|initrd|config/.test(text))).toEqual([]);
      await checks.printSteps('after a power-cycle', names, since);
      expect(await Promise.all(names.map(rack.hashDisk))).toEqual(before);
      for (const name of names) await checks.expectReady(name);
    },
    25 * MINUTE,
  );

  it(
    'an unarmed machine that boots from the network is sent to its disk, and no byte of it changes',
    async () => {
      await checks.expectSentToDisk(['uefi', 'bios-vendor', 'uefi-http', 'arm64']);
    },
    25 * MINUTE,
  );

  it(
    'provision once more without reinstall is harmless: the installer halts, and no byte of the disk changes',
    async () => {
      const before = await rack.hashDisk('bios');
      const since = Date.now();
      const done = await program.cli('provision', 'bios', '--wait', '--timeout', '540');
      expect(done.code, `${done.out}${done.err}`).toBe(1);
      expect(done.out).toContain('halted');
      await rack.waitForConsole('bios', /\[rack\] halted/, since, 1000);
      expect(await rack.hashDisk('bios')).toBe(before);
    },
    10 * MINUTE,
  );

  it(
    'a reinstall needs the typed name, wipes once and installs',
    async () => {
      for (const wrong of [[], ['--confirm', 'bios']]) {
        const refused = await program.cli('provision', 'uefi', '--reinstall', ...wrong);
        expect(refused).toMatchObject({ code: 2 });
        expect(refused.err).toContain('--confirm uefi');
      }
      expect((await program.status('uefi')).job).toBeUndefined();
      const since = Date.now();
      const done = await program.cli(
        'provision',
        'uefi',
        '--reinstall',
        '--confirm',
        'uefi',
        '--wait',
        '--timeout',
        '900',
      );
      expect(done.code, `${done.out}${done.err}`).toBe(0);
      const told = (await rack.console('uefi')).filter((line) => line.atMs >= since).map((line) => line.text);
      expect(told.filter((text) => text.includes('[rack] wiped'))).toHaveLength(1);
      expect(told.filter((text) => text.includes('[rack] install done'))).toHaveLength(1);
      await checks.expectInstalled('uefi', since);
      await checks.expectReady('uefi');
    },
    20 * MINUTE,
  );

  it(
    'SIGKILL of the program in a download and in an install, and a new start: both machines arrive, installed once',
    async () => {
      const since = Date.now();
      const names = ['cut-download', 'cut-install'];
      const armed = await program.cli('provision', ...names);
      expect(armed.code, armed.err).toBe(0);

      await rack.waitForProgress('cut-download', /\/initrd\.\.\..*[1-9]\d?%/, 10 * MINUTE);
      const inDownload = await cutOff();
      await rack.waitForConsole('cut-install', /\[rack\] installing to/, since, 10 * MINUTE);
      const inInstall = await cutOff();

      for (const name of names) {
        await checks.expectInstalled(name, since, 10 * MINUTE);
        const row = await program.waitForStatus(name, (one) => one.job === undefined, MINUTE);
        expect(row.lastJob).toMatchObject({ outcome: 'done' });
        await checks.expectInstalledOnce(name, since);
      }
      await checks.printSteps('with the program cut', names, since);

      const fetches = shownFetches(await checks.toldSince('cut-download', since, /./), 'initrd');
      const broken = fetches[0];
      expect(broken).toMatchObject({ isWhole: false });
      expect(broken?.percent).toBeGreaterThan(0);
      expect(broken?.percent).toBeLessThan(100);
      expect(broken?.endedAtMs).toBeGreaterThan(inDownload.killedAtMs);
      expect(fetches.filter((one) => one.isWhole)).toHaveLength(1);
      const sent = (await program.log('cut-download', since)).filter(({ text }) =>
        /^initrd: .* bytes, sent$/.test(text),
      );
      expect(sent.map(({ text }) => /^initrd: (\d+) of \1 bytes, sent$/.test(text))).toEqual([true]);
      expect(sent[0]?.atMs).toBeGreaterThan(inDownload.backAtMs);

      // It was under way when the program died, and not before the program was back did it end.
      const [done] = await checks.toldSince('cut-install', since, /\[rack\] install done/);
      expect(done?.atMs).toBeGreaterThan(inInstall.backAtMs);
      expect((await program.status('uefi')).job).toBeUndefined();
    },
    25 * MINUTE,
  );
});

import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillVault, openProgram, type Program } from './crashcart-program.ts';
import { openRack, type Rack } from './open-rack.ts';
import { missingHere, prepareImages } from './prepare-images.ts';
import { sleep } from './run-command.ts';
import { renderSteps, stepTimes } from './serial-console.ts';
import { writeInventory } from './write-inventory.ts';

/**
 * Real firmware, end to end: QEMU machines behind a Redfish service that is not ours, and `crashcart serve` as the only
 * server of their network. The tests build on each other: the rack is installed by the first and used by the rest.
 */
const WORK = join(import.meta.dirname, '../../.bench/firmware');
const MINUTE = 60_000;
const ARCHS = ['amd64', 'arm64'] as const;

const missing = await missingHere();
if (missing !== '' && process.env['CI'] !== 'true') console.log(`firmware tests are skipped here: ${missing}`);

describe.skipIf(missing !== '' && process.env['CI'] !== 'true')('real firmware', { concurrent: false }, () => {
  let rack: Rack;
  let program: Program;

  beforeAll(async () => {
    if (missing !== '') throw new Error(missing);
    await prepareImages(join(WORK, 'cache'), ARCHS);
    rack = await openRack(join(WORK, 'rack'), [
      { name: 'uefi', kind: 'uefi' },
      { name: 'bios', kind: 'bios' },
      { name: 'bios-vendor', kind: 'bios-plain' },
      { name: 'uefi-http', kind: 'http' },
      { name: 'arm64', kind: 'arm64' },
      { name: 'no-bmc', kind: 'bios', hasBmc: false },
      { name: 'cut-download', kind: 'bios-plain' },
      { name: 'cut-install', kind: 'uefi', kernelArgs: ['lab.install_seconds=8'] },
    ]);
    program = await openProgram(rack);
    await writeInventory(rack);
    expect(await program.cli('check')).toMatchObject({ code: 0 });
    await fillVault(program, join(WORK, 'cache'), ARCHS);
    await program.start();
  }, 8 * MINUTE);

  afterAll(async () => {
    await program?.stop();
    await rack?.close();
  }, MINUTE);

  /** The system runs from the disk, is who the inventory says, and has the configuration that was served. */
  async function expectInstalled(name: string, sinceMs: number, withinMs = 30_000): Promise<void> {
    const machine = rack.machine(name);
    const line = await rack.waitForConsole(name, /\[rack\] installed /, sinceMs, withinMs);
    expect(line.text).toContain(
      `uuid=${machine.uuid} serial=${machine.serial} board=${machine.boardSerial} mac=${machine.mac}`,
    );
    expect(line.text).toContain(`ip=${machine.ip} name=${name} firmware=${machine.firmware}`);
  }

  async function expectReady(name: string): Promise<void> {
    const row = await program.waitForStatus(name, (one) => one.phase === 'ready', MINUTE);
    expect(row).toMatchObject({ phase: 'ready', health: 'ok', lastJob: { outcome: 'done' } });
    expect(row.job).toBeUndefined();
  }

  async function printSteps(title: string, names: readonly string[], sinceMs: number): Promise<void> {
    const rows: [string, ReturnType<typeof stepTimes>][] = [];
    for (const name of names) rows.push([name, stepTimes(await rack.console(name), sinceMs)]);
    const table = `\n${renderSteps(title, rows)}\n`;
    console.log(table);
    // CI says them once more at its very end, where people look.
    const reports = process.env['CRASHCART_TEST_REPORTS'];
    if (reports !== undefined) await appendFile(join(reports, 'firmware-times.txt'), `${table}\n`);
  }

  /** What the program served this machine over HTTP since then. */
  async function servedSince(name: string, sinceMs: number): Promise<readonly string[]> {
    const lines = (await program.log()).split('\n').filter((line) => line.startsWith('{'));
    return lines.flatMap((line) => {
      const one = JSON.parse(line) as { at: string; node?: string; source: string; text: string };
      return one.node === name && one.source === 'http' && Date.parse(one.at) >= sinceMs ? [one.text] : [];
    });
  }

  const install = async (names: readonly string[]) => {
    const since = Date.now();
    const done = await program.cli('provision', ...names, '--wait', '--timeout', '420');
    await printSteps('s after arming', names, since);
    expect(`${done.out}${done.err}`).toContain('installing');
    expect(done.code, `${done.out}${done.err}`).toBe(0);
    for (const name of names) {
      await expectInstalled(name, since);
      await expectReady(name);
      const config = /\[rack\] config \d+ bytes sha256=(\w+)/;
      const texts = (await rack.console(name)).map((line) => line.text);
      const served = texts.map((text) => config.exec(text)?.[1]).findLast((one) => one !== undefined);
      expect(texts.findLast((text) => text.includes('[rack] installed'))).toContain(`config=${served}`);
    }
  };

  it(
    'UEFI PXE, iPXE in a BIOS ROM and a plain BIOS ROM go from power-on to a system on their disk',
    async () => {
      await install(['uefi', 'bios', 'bios-vendor']);
    },
    9 * MINUTE,
  );

  it(
    'UEFI HTTP boot and arm64 UEFI go from power-on to a system on their disk',
    async () => {
      const since = Date.now();
      await install(['uefi-http', 'arm64']);
      const texts = (await rack.console('uefi-http')).filter((line) => line.atMs >= since).map((line) => line.text);
      expect(texts.some((text) => text.includes('Start HTTP Boot over IPv4'))).toBe(true);
      expect(texts.some((text) => text.includes('Start PXE'))).toBe(false);
    },
    9 * MINUTE,
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
      await rack.waitForConsole('no-bmc', /\[rack\] install done/, since, 5 * MINUTE);
      await expectInstalled('no-bmc', since, MINUTE);
      await expectReady('no-bmc');
      await printSteps('s after the button', ['no-bmc'], since);
    },
    9 * MINUTE,
  );

  it(
    'a power-cycle boots the disk, and asks the network for nothing',
    async () => {
      const since = Date.now();
      const cycled = await program.cli('power', 'uefi', 'bios', 'cycle');
      expect(cycled.code, cycled.err).toBe(0);
      for (const name of ['uefi', 'bios']) {
        await expectInstalled(name, since, 2 * MINUTE);
        expect(await servedSince(name, since)).toEqual([]);
      }
    },
    4 * MINUTE,
  );

  it(
    'an unarmed machine that boots from the network is sent to its disk, and no byte of it changes',
    async () => {
      const names = ['uefi', 'bios-vendor'];
      const before = await Promise.all(names.map(rack.hashDisk));
      const since = Date.now();
      for (const name of names) {
        await rack.chooseBoot(name, 'Pxe');
        await rack.press(name, 'ForceRestart');
      }
      for (const name of names) {
        await rack.waitForConsole(name, new RegExp(`crashcart: ${name}: boot the local disk`), since, 2 * MINUTE);
        await expectInstalled(name, since, 4 * MINUTE);
      }
      await printSteps('sent to the disk', names, since);
      expect(await Promise.all(names.map(rack.hashDisk))).toEqual(before);
      expect((await program.status('uefi')).job).toBeUndefined();
    },
    7 * MINUTE,
  );

  it(
    'provision once more without reinstall is harmless: the installer halts, and no byte of the disk changes',
    async () => {
      const before = await rack.hashDisk('bios');
      const since = Date.now();
      const done = await program.cli('provision', 'bios', '--wait', '--timeout', '300');
      expect(done.code, `${done.out}${done.err}`).toBe(1);
      expect(done.out).toContain('halted');
      await rack.waitForConsole('bios', /\[rack\] halted/, since, 1000);
      expect(await rack.hashDisk('bios')).toBe(before);
    },
    6 * MINUTE,
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
        '300',
      );
      expect(done.code, `${done.out}${done.err}`).toBe(0);
      const told = (await rack.console('uefi')).filter((line) => line.atMs >= since).map((line) => line.text);
      expect(told.filter((text) => text.includes('[rack] wiped'))).toHaveLength(1);
      expect(told.filter((text) => text.includes('[rack] install done'))).toHaveLength(1);
      await expectInstalled('uefi', since);
      await expectReady('uefi');
    },
    9 * MINUTE,
  );

  it(
    'SIGKILL of the program in a download and in an install, and a new start: both machines arrive',
    async () => {
      const since = Date.now();
      const names = ['cut-download', 'cut-install'];
      const armed = await program.cli('provision', ...names);
      expect(armed.code, armed.err).toBe(0);
      const restart = async () => {
        await program.stop('SIGKILL');
        await sleep(2000);
        await program.start();
      };
      const cuts = [
        ['cut-download', /initrd\S*\.\.\. +[1-9]/],
        ['cut-install', /\[rack\] installing to/],
      ] as const;
      for (const [name, moment] of cuts) {
        await rack.waitForConsole(name, moment, since, 5 * MINUTE);
        await restart();
      }
      for (const name of names) {
        await expectInstalled(name, since, 4 * MINUTE);
        const row = await program.waitForStatus(name, (one) => one.job === undefined, MINUTE);
        expect(row.lastJob).toMatchObject({ outcome: 'done' });
      }
      await printSteps('with the program cut', names, since);
      expect((await program.status('uefi')).job).toBeUndefined();
    },
    10 * MINUTE,
  );
});

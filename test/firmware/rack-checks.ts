import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LogLine, Program } from './crashcart-program.ts';
import type { Rack } from './open-rack.ts';
import { type ConsoleLine, renderSteps, stepTimes } from './serial-console.ts';

const MINUTE = 60_000;

export type RackChecks = ReturnType<typeof createChecks>;

/** What the tests ask of a machine, by its console, its program and what it asked of the network. */
export function createChecks(rack: Rack, program: Program) {
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
    const row = await program.waitForStatus(name, (one) => one.phase === 'ready' && one.health === 'ok', 5 * MINUTE);
    expect(row).toMatchObject({ phase: 'ready', health: 'ok', lastJob: { outcome: 'done' } });
    expect(row.job).toBeUndefined();
  }

  async function printSteps(title: string, names: readonly string[], sinceMs: number): Promise<void> {
    const rows: [string, ReturnType<typeof stepTimes>][] = [];
    for (const name of names) rows.push([name, stepTimes(await rack.console(name), sinceMs)]);
    const where = rack.net.kind === 'own' ? '' : `${rack.net.kind}: `;
    const table = `\n${renderSteps(where + title, rows)}\n`;
    console.log(table);
    // CI says them once more at its very end, where people look.
    const reports = process.env['CRASHCART_TEST_REPORTS'];
    if (reports !== undefined) await appendFile(join(reports, 'firmware-times.txt'), `${table}\n`);
  }

  /** What the machine wanted of the network since then, other than the address of the system that runs on it. */
  async function askedSince(name: string, sinceMs: number): Promise<readonly string[]> {
    const lines = await program.log(name, sinceMs);
    const isAsking = ({ source, text }: LogLine) =>
      source === 'http' || source === 'tftp' || source === 'dhcp' || text.startsWith('wire: ');
    return lines.filter(isAsking).flatMap(({ text }) => (text.startsWith('system ') ? [] : [text]));
  }

  async function toldSince(name: string, sinceMs: number, pattern: RegExp): Promise<readonly ConsoleLine[]> {
    return (await rack.console(name)).filter((line) => line.atMs >= sinceMs && pattern.test(line.text));
  }

  async function expectHttpBoot(name: string, sinceMs: number): Promise<void> {
    expect(await toldSince(name, sinceMs, /Start HTTP Boot over IPv4/)).not.toEqual([]);
    expect(await toldSince(name, sinceMs, /Start PXE/)).toEqual([]);
  }

  /** One network boot, one install and no wipe: what was cut off went on, and did not begin anew. */
  async function expectInstalledOnce(name: string, sinceMs: number): Promise<void> {
    for (const step of [/\[rack\] network boot/, /\[rack\] installing to/, /\[rack\] install done/])
      expect(await toldSince(name, sinceMs, step), `${name}: ${step}`).toHaveLength(1);
    expect(await toldSince(name, sinceMs, /\[rack\] wiped/)).toEqual([]);
  }

  async function install(names: readonly string[]): Promise<void> {
    const since = Date.now();
    const done = await program.cli('provision', ...names, '--wait', '--timeout', '900');
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
  }

  /** Machines that nobody armed are made to boot from the network. */
  async function expectSentToDisk(names: readonly string[]): Promise<void> {
    const before = await Promise.all(names.map(rack.hashDisk));
    const since = Date.now();
    for (const name of names) {
      await rack.chooseBoot(name, rack.machine(name).kind === 'http' ? 'UefiHttp' : 'Pxe');
      await rack.press(name, 'ForceRestart');
    }
    for (const name of names) {
      await rack.waitForConsole(name, new RegExp(`crashcart: ${name}: boot the local disk`), since, 10 * MINUTE);
      await expectInstalled(name, since, 10 * MINUTE);
      expect((await program.status(name)).job).toBeUndefined();
      if (rack.machine(name).kind === 'http') await expectHttpBoot(name, since);
    }
    await printSteps('sent to the disk', names, since);
    expect(await Promise.all(names.map(rack.hashDisk))).toEqual(before);
  }

  return {
    expectInstalled,
    expectSentToDisk,
    expectInstalledOnce,
    expectReady,
    expectHttpBoot,
    printSteps,
    askedSince,
    toldSince,
    install,
  };
}

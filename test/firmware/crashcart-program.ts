import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rack } from './open-rack.ts';
import type { Arch } from './prepare-images.ts';
import { endCommand, type Finished, runCommand, startCommand, waitFor } from './run-command.ts';
import { VERSION } from './write-inventory.ts';

export interface StatusRow {
  readonly name: string;
  readonly phase: string;
  readonly health: string;
  readonly code?: string;
  readonly detail?: string;
  readonly ask?: string;
  readonly power: string;
  readonly job?: { readonly kind: string; readonly spent: boolean };
  readonly lastJob?: { readonly kind: string; readonly outcome: string };
}

export interface LogLine {
  readonly atMs: number;
  readonly source: string;
  readonly text: string;
}

export interface Program {
  /** `crashcart serve` where the rack's network has its server. */
  readonly start: () => Promise<void>;
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
  readonly cli: (...args: string[]) => Promise<Finished>;
  readonly status: (name: string) => Promise<StatusRow>;
  readonly waitForStatus: (name: string, is: (row: StatusRow) => boolean, timeoutMs: number) => Promise<StatusRow>;
  /** What it said of a machine since then. */
  readonly log: (name: string, sinceMs: number) => Promise<readonly LogLine[]>;
}

const ROOT = join(import.meta.dirname, '../..');

/** The built program, copied: another build in the middle of a run must not pull the file from under it. */
export async function openProgram(rack: Rack): Promise<Program> {
  const built = process.env['CRASHCART_BUILD'] ?? join(ROOT, 'dist/crashcart.mjs');
  if (!existsSync(built)) throw new Error(`${built} is missing: npm run build`);
  const main = join(rack.folder, 'crashcart.mjs');
  await copyFile(built, main);
  const state = join(rack.folder, 'state');
  const log = join(rack.folder, 'serve.log');
  const env = {
    CRASHCART_INVENTORY: join(rack.folder, 'inventory'),
    CRASHCART_ASSETS: join(rack.folder, 'vault'),
    CRASHCART_SOCKET: join(state, 'control.sock'),
    LAB_BMC_PASSWORD: 'labpass',
  };
  let child: ChildProcess | undefined;
  const cli = (...args: string[]) => runCommand(process.execPath, [main, ...args], { env, timeoutMs: 1_000_000 });
  const readLog = () => readFile(log, 'utf8').catch(() => '');
  const status = async (name: string) => {
    const done = await cli('status', name, '--json');
    const rows = (JSON.parse(done.out) as { readonly nodes: readonly StatusRow[] }).nodes;
    const [row] = rows;
    if (row === undefined) throw new Error(`no status of ${name}: ${done.err}`);
    return row;
  };
  return {
    start: async () => {
      const before = (await readLog()).length;
      const args = ['netns', 'exec', rack.net.serverNamespace, process.execPath, main, 'serve', '--state', state];
      child = startCommand('ip', args, log, env);
      const isReady = async () => {
        const said = (await readLog()).slice(before);
        if (child?.exitCode !== null) throw new Error(`crashcart serve ended:\n${said}`);
        return said.includes('"ready"') ? true : undefined;
      };
      await waitFor('crashcart serve is ready', isReady, 60_000, 100);
    },
    stop: async (signal) => {
      await endCommand(child, signal);
      child = undefined;
    },
    cli,
    status,
    waitForStatus: async (name, is, timeoutMs) => {
      let last: StatusRow | undefined;
      const look = async () => {
        last = await status(name);
        return is(last) ? last : undefined;
      };
      return waitFor(`${name} gets there`, look, timeoutMs, 700, () => JSON.stringify(last));
    },
    log: async (name, sinceMs) => linesOf(await readLog(), name).filter((line) => line.atMs >= sinceMs),
  };
}

function linesOf(log: string, name: string): readonly LogLine[] {
  return log.split('\n').flatMap((line) => {
    // The last line of a program that was killed may be half a line.
    if (!line.startsWith('{') || !line.endsWith('}')) return [];
    const one = JSON.parse(line) as { at: string; node?: string; source: string; text: string };
    return one.node === name ? [{ atMs: Date.parse(one.at), source: one.source, text: one.text }] : [];
  });
}

/** Puts the installer into the vault as if it were Talos, and newer loaders where Debian's package has none. */
export async function fillVault(program: Program, images: string, archs: readonly Arch[]): Promise<void> {
  const add = async (...args: string[]) => {
    const done = await program.cli('images', 'add', ...args);
    if (done.code !== 0) throw new Error(`images add ${args.join(' ')}: ${done.err}`);
  };
  for (const arch of archs) {
    const files = [
      // Debian's kernel and a small initramfs of our own.
      '--any-shape',
      '--kernel',
      join(images, 'out', arch, 'kernel'),
      '--initramfs',
      join(images, 'out', arch, 'initramfs'),
    ];
    await add('--version', VERSION, '--arch', arch, ...files);
  }
  if (archs.includes('arm64')) await add('--loader', join(images, 'ipxe/ipxe-arm64.efi'));
}

import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeStrangeDisk } from './boot-sector.ts';
import { type MachineSpec, type MachineWish, machineSpec } from './machine-spec.ts';
import { makeRackNet, type RackNet, type RackNetKind, removeRackNet, startNetServices } from './rack-network.ts';
import { endCommand, mustRun, startCommand, waitFor } from './run-command.ts';
import { type ConsoleLine, lastLine, parseConsole } from './serial-console.ts';

export interface Rack {
  readonly folder: string;
  readonly net: RackNet;
  readonly machines: readonly MachineSpec[];
  readonly machine: (name: string) => MachineSpec;
  readonly certificate: string;
  /** What a person at the machine does; the product never hears of it. */
  readonly press: (name: string, how: 'On' | 'ForceOff' | 'ForceRestart') => Promise<void>;
  readonly chooseBoot: (name: string, target: 'Pxe' | 'UefiHttp') => Promise<void>;
  readonly power: (name: string) => Promise<string>;
  readonly console: (name: string) => Promise<readonly ConsoleLine[]>;
  readonly waitForConsole: (name: string, pattern: RegExp, sinceMs: number, timeoutMs: number) => Promise<ConsoleLine>;
  /** What stands on the last line of its console, which serial.log has only once the line is ended: progress is shown there. */
  readonly waitForProgress: (name: string, pattern: RegExp, timeoutMs: number) => Promise<string>;
  /** Over every byte of the disk as the machine sees it; the machine must be off, or its system must not write. */
  readonly hashDisk: (name: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

const HERE = import.meta.dirname;
const DISK_SIZE = '512M';

/** A network namespace with a bridge in it, machines on its ports, all off, and their BMCs behind it. */
export async function openRack(
  folder: string,
  wishes: readonly MachineWish[],
  kind: RackNetKind = 'own',
): Promise<Rack> {
  const machines = wishes.map(machineSpec);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const machine of machines) await freshDisk(folder, machine);
  await makeCertificate(folder, machines);
  await writeFile(join(folder, 'rack.json'), JSON.stringify({ machines }, undefined, 1));
  const closing = async (python?: ChildProcess) => {
    await endCommand(python);
    await removeRackNet();
  };
  let python: ChildProcess | undefined;
  try {
    const net = await makeRackNet(kind, machines);
    const run = ['netns', 'exec', net.namespace, 'python3', '-B', join(HERE, 'rack/rack.py'), folder];
    python = startCommand('ip', run, join(folder, 'rack.log'));
    await waitFor('the rack starts', () => (existsSync(join(folder, 'rack.sock')) ? true : undefined), 90_000, 50);
    await mustRun('ip', ['-n', net.namespace, 'link', 'set', 'uplink0', 'master', 'br0', 'up']);
    await startNetServices(net, folder, machines);
    return rackOf(folder, net, machines, () => closing(python));
  } catch (error) {
    await closing(python);
    throw error;
  }
}

async function freshDisk(folder: string, machine: MachineSpec): Promise<void> {
  const own = join(folder, machine.name);
  const disk = join(own, 'disk.qcow2');
  await mkdir(own, { recursive: true });
  if (machine.disk === 'strange') await writeStrangeDisk(own, disk, DISK_SIZE);
  else await mustRun('qemu-img', ['create', '-q', '-f', 'qcow2', disk, DISK_SIZE]);
  if (machine.firmware === 'bios') return;
  const vars = machine.arch === 'arm64' ? '/usr/share/AAVMF/AAVMF_VARS.fd' : '/usr/share/OVMF/OVMF_VARS_4M.fd';
  await copyFile(vars, join(own, 'vars.fd'));
}

async function makeCertificate(folder: string, machines: readonly MachineSpec[]): Promise<void> {
  const names = machines.flatMap((one) => (one.bmc === undefined ? [] : [`IP:${one.bmc}`]));
  const subject = ['-subj', '/CN=lab-bmc', '-addext', `subjectAltName=${['IP:127.0.0.1', ...names].join(',')}`];
  const files = ['-keyout', join(folder, 'bmc.key'), '-out', join(folder, 'bmc.crt')];
  await mustRun('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', ...subject, ...files]);
}

function rackOf(folder: string, net: RackNet, machines: readonly MachineSpec[], close: () => Promise<void>): Rack {
  const ask = (question: object) => askRack(join(folder, 'rack.sock'), question);
  const consoleOf = async (name: string) =>
    parseConsole(await readFile(join(folder, name, 'serial.log'), 'latin1').catch(() => ''));
  return {
    folder,
    net,
    machines,
    machine: (name) => {
      const found = machines.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no ${name} in the rack`);
      return found;
    },
    certificate: join(folder, 'bmc.crt'),
    press: async (name, how) => void (await ask({ do: 'power', machine: name, how })),
    chooseBoot: async (name, target) => {
      await ask({ do: 'boot', machine: name, enabled: 'Once', target });
    },
    power: async (name) => (await ask({ do: 'status', machine: name })).power,
    console: consoleOf,
    waitForConsole: (name, pattern, sinceMs, timeoutMs) => {
      let tail: readonly ConsoleLine[] = [];
      const look = async () => {
        const lines = (await consoleOf(name)).filter((line) => line.atMs >= sinceMs);
        tail = lines.slice(-25);
        return lines.find((line) => pattern.test(line.text));
      };
      return waitFor(`${name} says ${pattern}`, look, timeoutMs, 250, () => tail.map((one) => one.text).join('\n'));
    },
    waitForProgress: (name, pattern, timeoutMs) => {
      let last = '';
      const look = async () => {
        last = lastLine(await readFile(join(folder, name, 'serial.raw'), 'latin1').catch(() => ''));
        return pattern.test(last) ? last : undefined;
      };
      return waitFor(`${name} shows ${pattern}`, look, timeoutMs, 50, () => last);
    },
    hashDisk: (name) => hashDisk(join(folder, name)),
    close,
  };
}

/** `-U` reads beside a running machine: its system keeps everything in memory, and QEMU's cache is flushed by then. */
async function hashDisk(folder: string): Promise<string> {
  const raw = join(folder, 'disk.raw');
  await mustRun('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'raw', join(folder, 'disk.qcow2'), raw]);
  const hash = createHash('sha256');
  await pipeline(createReadStream(raw), hash);
  await rm(raw);
  return hash.digest('hex');
}

function askRack(path: string, question: object): Promise<{ readonly power: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.setTimeout(30_000, () => socket.destroy(new Error('the rack does not answer')));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (!text.includes('\n')) return;
      socket.destroy();
      const answer = JSON.parse(text) as { readonly ok?: { readonly power: string }; readonly error?: string };
      if (answer.ok === undefined) reject(new Error(answer.error));
      else resolve(answer.ok);
    });
    socket.write(`${JSON.stringify(question)}\n`);
  });
}

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endCommand, type Finished, runCommand, startCommand, waitFor } from '../../firmware/run-command.ts';
import { type BenchNet, macOf, POOL, SERVER, SERVER_IF } from './open-bench-net.ts';
import type { BenchFiles, Running } from './peers.ts';

export interface OwnServer extends Running {
  readonly cli: (...args: string[]) => Promise<Finished>;
  readonly log: string;
  readonly startedInS: number;
  readonly env: Readonly<Record<string, string>>;
  readonly program: string;
}

/** Said in its log some seconds behind `ready`, where the rack is as large. */
const AT_FULL_SPEED = 'answered at full speed';
const WARMS_UP_FROM = 100;
const ROOT = join(import.meta.dirname, '../../..');
const VERSION = 'v1.13.9';
export const METRICS_PORT = 9470;

/** Of netload's machine `index`: its UUID ends in its MAC. */
function identityOf(index: number): { readonly mac: string; readonly uuid: string } {
  const mac = macOf(index);
  return { mac, uuid: `a0a1a2a3-a4a5-a6a7-a8a9-${mac.replaceAll(':', '')}` };
}

export const nodeName = (index: number): string => `n${String(index).padStart(5, '0')}`;

const CONFIG = `version: v1alpha1
machine:
  type: worker
  token: lab123.0123456789abcdef
cluster:
  clusterName: bench
  controlPlane:
    endpoint: https://10.77.0.2:6443
`;

/** An inventory with all of netload's machines: strangers would get nothing, and prove nothing. */
async function writeInventory(folder: string, machines: number, threads: number | undefined): Promise<void> {
  await mkdir(join(folder, '_talos'), { recursive: true });
  await writeFile(
    join(folder, '_site.yaml'),
    `site: bench
networks:
  - interface: ${SERVER_IF}
    address: ${SERVER}
    subnet: 10.77.0.0/16
    pool: ${POOL.join('-')}
    lease: 12h
loaders: { uefi: bench.efi }
talos: { version: ${VERSION} }
metrics: ${SERVER}:${METRICS_PORT}
${threads === undefined ? '' : `threads: ${threads}\n`}`,
  );
  await writeFile(join(folder, '_talos/worker.yaml'), CONFIG);
  for (let index = 0; index < machines; index += 1) {
    const { mac, uuid } = identityOf(index);
    const text = `macs: ["${mac}"]\nuuid: ${uuid}\ntalos: { disk: { serial: D${index} }, config: _talos/worker.yaml }\n`;
    await writeFile(join(folder, `${nodeName(index)}.yaml`), text);
  }
}

/** `crashcart serve` as operators run it: engine, journal, all servers, one process. `threads` as in _site.yaml. */
export async function startOwn(
  net: BenchNet,
  files: BenchFiles,
  machines: number,
  threads?: number,
): Promise<OwnServer> {
  const folder = join(net.folder, 'crashcart');
  await rm(folder, { recursive: true, force: true });
  await writeInventory(join(folder, 'inventory'), machines, threads);
  const program = join(ROOT, `.bench/crashcart-${process.pid}.mjs`);
  await copyFile(process.env['CRASHCART_BUILD'] ?? join(ROOT, 'dist/crashcart.mjs'), program);
  const env = {
    CRASHCART_INVENTORY: join(folder, 'inventory'),
    CRASHCART_ASSETS: join(folder, 'vault'),
    CRASHCART_SOCKET: join(folder, 'state/control.sock'),
  };
  const cli = (...args: string[]) => runCommand(process.execPath, [program, ...args], { env, timeoutMs: 120_000 });
  const images = ['--kernel', join(files.wwwRoot, 'kernel'), '--initramfs', join(files.wwwRoot, 'initrd')];
  for (const args of [
    ['--version', VERSION, ...images],
    ['--loader', join(files.tftpRoot, 'bench.efi')],
    ['--loader', join(files.wwwRoot, 'big.img')],
  ]) {
    // The files of the bench have the sizes of images and none of their shapes.
    const added = await cli('images', 'add', '--any-shape', ...args);
    if (added.code !== 0) throw new Error(`images add ${args.join(' ')}: ${added.err}`);
  }
  const log = join(folder, 'serve.log');
  const began = performance.now();
  const args = ['netns', 'exec', net.server, process.execPath, program, 'serve', '--state', join(folder, 'state')];
  const child = startCommand('ip', args, log, env);
  await waitFor(
    'crashcart serve is ready',
    async () => {
      const said = await readFile(log, 'utf8').catch(() => '');
      if (child.exitCode !== null) throw new Error(`crashcart serve ended: ${said.slice(-2000)}`);
      return said.includes('"ready"') ? true : undefined;
    },
    120_000,
    50,
  );
  const startedInS = (performance.now() - began) / 1000;
  if (machines >= WARMS_UP_FROM) {
    const isWarm = async () => ((await readFile(log, 'utf8')).includes(AT_FULL_SPEED) ? true : undefined);
    await waitFor('crashcart says that it answers at full speed', isWarm, 60_000, 50);
  }
  const stop = async () => {
    await endCommand(child);
    await rm(program, { force: true });
  };
  return { pids: child.pid === undefined ? [] : [child.pid], stop, cli, log, startedInS, env, program };
}

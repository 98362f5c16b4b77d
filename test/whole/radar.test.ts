import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Rival } from '../../src/core/fleet.ts';
import { type Bundle, bundleProgram } from '../cli/bundle.ts';
import { endCommand, mustRun, runCommand } from '../firmware/run-command.ts';
import { burstMac } from './burst-mac.ts';

/**
 * The whole program on a switch with a thousand machines that all ask in one instant, beside an office's DHCP server with
 * a boot file of its own and a forgotten proxyDHCP, both dnsmasq.
 */

const MACHINES = 1_000;
/** So many of them take what the office offers. */
const TAKERS = 5;
const id = process.pid % 10_000;
const [SWITCH, SERVER, OFFICE, WDS, RACK] = ['w', 's', 'o', 'p', 'r'].map((letter) => `ccr${id}${letter}`) as [
  string,
  string,
  string,
  string,
  string,
];
const ALL = [SWITCH, SERVER, OFFICE, WDS, RACK];
const CLIENTS = new URL('burst-clients.ts', import.meta.url).pathname;
const PATIENT = { timeout: 60_000, interval: 250 };

const CI = process.env['CI'] === 'true';
const has = (name: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status === 0;
const works = process.getuid?.() === 0 && has('dnsmasq') && spawnSync('ip', ['netns', 'add', SWITCH]).status === 0;
if (!works) process.stderr.write('skipped: the radar in a burst needs root, iproute2 and dnsmasq\n');
const describeHere = works || CI ? describe : describe.skip;

const nodeName = (index: number) => `n${String(index).padStart(4, '0')}`;

let folder = '';
let program: Bundle;
const running: ChildProcess[] = [];

function start(namespace: string, ...args: string[]): { readonly said: () => string } {
  const child = spawn('ip', ['netns', 'exec', namespace, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      text += String(bytes);
    });
  return { said: () => text };
}

const crashcart = (...args: string[]) => mustRun(process.execPath, [program.file, ...args], { timeoutMs: 60_000 });

function dnsmasq(namespace: string, device: string, ...args: string[]): { readonly said: () => string } {
  const alone = ['-k', '--port=0', '--conf-file=/dev/null', '--pid-file', '--user=root', '--log-facility=-'];
  const lease = `--dhcp-leasefile=${join(folder, `leases-${namespace}-${running.length}`)}`;
  return start(namespace, 'dnsmasq', ...alone, lease, `--interface=${device}`, '--bind-interfaces', ...args);
}

async function plug(namespace: string, device: string, address?: string): Promise<void> {
  const port = `p-${device}`;
  await mustRun('ip', [
    'link',
    'add',
    port,
    'netns',
    SWITCH,
    'type',
    'veth',
    'peer',
    'name',
    device,
    'netns',
    namespace,
  ]);
  await mustRun('ip', ['-n', SWITCH, 'link', 'set', port, 'master', 'sw', 'up']);
  await mustRun('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  if (address !== undefined) await mustRun('ip', ['-n', namespace, 'addr', 'add', address, 'dev', device]);
  await mustRun('ip', ['-n', namespace, 'link', 'set', device, 'up']);
}

beforeAll(async () => {
  if (!works) return;
  folder = mkdtempSync(join(tmpdir(), 'crashcart-radar-'));
  program = await bundleProgram();
  for (const name of ALL.slice(1)) await mustRun('ip', ['netns', 'add', name]);
  await mustRun('ip', ['-n', SWITCH, 'link', 'add', 'sw', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0']);
  await mustRun('ip', ['-n', SWITCH, 'link', 'set', 'sw', 'up']);
  await plug(SERVER, 's0', '10.9.0.1/16');
  await plug(OFFICE, 'o0', '10.9.0.2/16');
  await plug(WDS, 'w0', '10.9.0.3/16');
  // Machines that boot have no address: what they send leaves by the only way there is.
  await plug(RACK, 'c0');
  await mustRun('ip', ['-n', RACK, 'route', 'add', 'default', 'dev', 'c0']);
  writeFileSync(join(folder, 'own.efi'), Buffer.alloc(100_000, 'loader'));
  const where = ['--inventory', inventory('authoritative'), '--assets', join(folder, 'assets')];
  await crashcart('images', 'add', '--any-shape', '--loader', join(folder, 'own.efi'), ...where);
}, 120_000);
afterEach(async () => {
  for (const child of running.splice(0).toReversed()) await endCommand(child);
}, 60_000);
afterAll(async () => {
  for (const name of ALL) await runCommand('ip', ['netns', 'del', name]);
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
  program?.remove();
});

function inventory(dhcp: string): string {
  const at = join(folder, dhcp);
  mkdirSync(at, { recursive: true });
  const pool = dhcp === 'authoritative' ? 'pool: 10.9.16.1-10.9.31.254, ' : '';
  writeFileSync(
    join(at, '_site.yaml'),
    `networks: [{ interface: s0, address: 10.9.0.1, dhcp: ${dhcp}, ${pool}subnet: 10.9.0.0/16 }]
loaders: { uefi: own.efi }
talos: { version: v1.13.9 }
`,
  );
  for (let index = 0; index < MACHINES; index += 1)
    writeFileSync(join(at, `${nodeName(index)}.yaml`), `macs: ["${burstMac(index)}"]\n`);
  return at;
}

interface Told {
  readonly rivals: readonly Rival[];
  readonly services: Readonly<Record<string, unknown>>;
  readonly nodes: readonly { readonly name: string; readonly code?: string }[];
}

async function serve(dhcp: string): Promise<() => Promise<Told>> {
  const socket = join(folder, `${dhcp}-state/control.sock`);
  const state = ['--state', join(folder, `${dhcp}-state`), '--assets', join(folder, 'assets')];
  const { said } = start(SERVER, process.execPath, program.file, 'serve', '--inventory', inventory(dhcp), ...state);
  await vi.waitFor(() => expect(said()).toContain('"text":"ready"'), PATIENT);
  return async () => {
    return JSON.parse(await crashcart('status', '--json', '--socket', socket)) as Told;
  };
}

describeHere('in a burst of a thousand machines', { timeout: 240_000 }, () => {
  test.each(['authoritative', 'proxy'])(
    '%s: every other server is on the radar, and whoever took its answer is named',
    async (dhcp) => {
      const status = await serve(dhcp);
      const office = dnsmasq(
        OFFICE,
        'o0',
        ...['--dhcp-range=10.9.64.1,10.9.71.254,1h', '--no-ping', '--dhcp-lease-max=5000', '--dhcp-boot=office.0'],
      );
      const wds = dnsmasq(
        WDS,
        'w0',
        '--dhcp-range=10.9.0.0,proxy',
        '--dhcp-boot=wds.0',
        '--pxe-service=X86-64_EFI,WDS,wds.efi',
      );
      for (const one of [office, wds]) await vi.waitFor(() => expect(one.said()).toMatch(/DHCP, /), PATIENT);
      const args = [CLIENTS, '10.9.0.1', '10.9.0.2', String(MACHINES), String(TAKERS)];
      const burst = await mustRun('ip', ['netns', 'exec', RACK, process.execPath, ...args], { timeoutMs: 120_000 });
      expect(burst).toContain('have answered all');
      const takers = Array.from({ length: TAKERS }, (_, index) => nodeName(index));
      await vi.waitFor(async () => {
        const { rivals, services, nodes } = await status();
        expect(services['radar']).toEqual({ is: 'ok', listens: 's0:68' });
        expect(rivals.map((one) => one.server).sort()).toEqual(['10.9.0.2', '10.9.0.3']);
        const [first, second] = [...rivals].sort((a, b) => a.server.localeCompare(b.server));
        expect(first).toMatchObject({
          iface: 's0',
          bootFile: 'office.0',
          offers: expect.stringMatching(/^10\.9\.(6[4-9]|7[01])\.\d+/),
        });
        expect(second).toMatchObject({
          iface: 's0',
          offers: expect.stringContaining('no address (a proxyDHCP server)'),
        });
        const named = nodes.filter((one) => one.code === 'RIVAL_PXE').map((one) => one.name);
        expect(named).toEqual(expect.arrayContaining(takers));
      }, PATIENT);
    },
  );
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ServiceState } from '../../src/core/event.ts';
import { endCommand, mustRun, runCommand } from '../firmware/run-command.ts';
import { BUNDLE, run } from './run-program.ts';

/** Interfaces do not keep their addresses: people change them, links flap, devices are made anew. The program goes on. */

const SERVER = `cmv${process.pid % 10_000}`;
const CLIENT = `cmc${process.pid % 10_000}`;
const MAC = '52:54:00:99:00:01';
const WAIT = { timeout: 60_000, interval: 200 };
const works = process.getuid?.() === 0 && (await runCommand('ip', ['netns', 'add', SERVER])).code === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'crashcart-moving-'));
const inServer = (...args: string[]) => mustRun('ip', ['-n', SERVER, ...args]);
const inClient = (...args: string[]) => mustRun('ip', ['-n', CLIENT, ...args]);

async function connect(): Promise<void> {
  await mustRun('ip', ['link', 'add', 's0', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', CLIENT]);
  await inServer('addr', 'add', '10.9.0.1/24', 'dev', 's0');
  await inServer('link', 'set', 's0', 'up');
  await inClient('addr', 'add', '10.9.0.66/24', 'dev', 'c0');
  await inClient('link', 'set', 'c0', 'address', MAC, 'up');
}

beforeAll(async () => {
  mkdirSync(join(folder, 'inventory'));
  writeFileSync(join(folder, 'inventory', 'n1.yaml'), `macs: ["${MAC}"]\n`);
  if (works) await mustRun('ip', ['netns', 'add', CLIENT]);
});
let child: ChildProcess | undefined;
let said = '';
afterEach(async () => {
  if (child !== undefined) await endCommand(child);
  await runCommand('ip', ['-n', SERVER, 'link', 'del', 's0']);
});
afterAll(async () => {
  for (const name of [SERVER, CLIENT]) await runCommand('ip', ['netns', 'del', name]);
  rmSync(folder, { recursive: true, force: true });
});

const site = (own: string) =>
  writeFileSync(
    join(folder, 'inventory', '_site.yaml'),
    `site: t\nnetworks: [{ interface: s0, ${own}subnet: 10.9.0.0/24, pool: 10.9.0.100-10.9.0.110, dhcp: authoritative }]\n`,
  );

async function serve(state: string): Promise<void> {
  said = '';
  const ours = spawn(
    'ip',
    ['netns', 'exec', SERVER, process.execPath, BUNDLE, 'serve', '--state', join(folder, state)],
    {
      cwd: folder,
    },
  );
  child = ours;
  for (const stream of [ours.stdout, ours.stderr])
    stream.on('data', (bytes) => {
      said += String(bytes);
    });
  await vi.waitFor(() => expect(said).toContain('"text":"ready"'), WAIT);
}

async function services(state: string): Promise<Readonly<Record<string, ServiceState>>> {
  const { out } = await run(['status', '--json', '--socket', join(folder, state, 'control.sock')]);
  return (JSON.parse(out) as { services: Readonly<Record<string, ServiceState>> }).services;
}

/** From whom a system in the other namespace gets its address. */
async function leasedBy(): Promise<string | undefined> {
  const asked = ['udhcpc', '-f', '-n', '-q', '-t', '2', '-T', '1', '-i', 'c0', '-s', '/bin/true'];
  const { err } = await runCommand('ip', ['netns', 'exec', CLIENT, ...asked]);
  return /obtained from ([\d.]+)/.exec(err)?.[1];
}

const httpStatus = async (address: string) =>
  (
    await runCommand('ip', [
      'netns',
      'exec',
      CLIENT,
      'curl',
      '-sS',
      '-m',
      '5',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `http://${address}/nothing`,
    ])
  ).out;

const doctor = async (state: string) =>
  (
    await runCommand(
      'ip',
      ['netns', 'exec', SERVER, process.execPath, BUNDLE, 'doctor', '--quiet-wire', '--state', join(folder, state)],
      { cwd: folder },
    )
  ).out;

const everywhere = (address: string) =>
  Object.fromEntries(
    ['DHCP', 'proxyDHCP', 'TFTP', 'HTTP', 'events', 'kernel log'].map((name) => [
      name,
      { is: 'ok', listens: expect.stringContaining(`${address}:`) },
    ]),
  );

describeHere('an address of ours that changes while the program runs', { timeout: 240_000 }, () => {
  test('every service follows the interface to its new address, and machines get their leases from there', async () => {
    site('');
    await connect();
    await serve('follow');
    expect(await leasedBy()).toBe('10.9.0.1');
    await inServer('addr', 'flush', 'dev', 's0');
    await inServer('addr', 'add', '10.9.0.5/24', 'dev', 's0');
    await vi.waitFor(async () => expect(await services('follow')).toMatchObject(everywhere('10.9.0.5')), WAIT);
    expect(said).toContain('s0 has the address 10.9.0.5 now, and not 10.9.0.1');
    expect(await leasedBy()).toBe('10.9.0.5');
    expect(await httpStatus('10.9.0.5')).toBe('404');
    expect((await services('follow'))['DHCP']).not.toHaveProperty('warning');
  });

  test('an address that the site names and the interface has lost is told with what to do, until it is back', async () => {
    site('address: 10.9.0.1, ');
    await connect();
    await serve('lost');
    const warning = async () => {
      const state = (await services('lost'))['DHCP'];
      return state?.is === 'ok' ? (state.warning ?? 'none') : state?.is;
    };
    await inServer('addr', 'flush', 'dev', 's0');
    await inServer('addr', 'add', '10.9.0.9/24', 'dev', 's0');
    await vi.waitFor(
      async () =>
        expect(await warning()).toBe(
          's0 has no longer the address 10.9.0.1, machines of 10.9.0.0/24 are not answered: ip addr add 10.9.0.1/24 dev s0, or write address: 10.9.0.9 in _site.yaml, which it has now',
        ),
      WAIT,
    );
    expect(said).toContain('DHCP: s0 has no longer the address 10.9.0.1');
    expect(await doctor('lost')).toMatch(/10\.9\.0\.1 \(s0\) is no address of this machine/);
    await inServer('link', 'add', 'b0', 'type', 'bridge');
    await inServer('addr', 'add', '10.9.0.1/32', 'dev', 'b0');
    await inServer('link', 'set', 'b0', 'up');
    // A bridge without ports has no carrier, and is not listed: a port brings it up.
    await inServer('link', 'add', 'p0', 'master', 'b0', 'type', 'veth', 'peer', 'name', 'p1');
    for (const port of ['p0', 'p1']) await inServer('link', 'set', port, 'up');
    await vi.waitFor(async () => expect(await warning()).toContain('it is on b0; write interface: b0'), WAIT);
    const told = await doctor('lost');
    expect(told).toContain('10.9.0.1 is on b0, and not on s0');
    expect(told).toMatch(/DHCP is hampered/);
    for (const device of ['b0', 'p0']) await inServer('link', 'del', device);
    await inServer('addr', 'add', '10.9.0.1/24', 'dev', 's0');
    await vi.waitFor(async () => expect(await warning()).toBe('none'), WAIT);
    expect(await leasedBy()).toBe('10.9.0.1');
    // And as the advice says it, the other way.
    await inServer('addr', 'del', '10.9.0.1/24', 'dev', 's0');
    site('address: 10.9.0.9, ');
    await vi.waitFor(async () => expect(await services('lost')).toMatchObject(everywhere('10.9.0.9')), WAIT);
    await vi.waitFor(async () => expect(await leasedBy()).toBe('10.9.0.9'), WAIT);
  });

  test('an interface that is removed and made again is served again', async () => {
    site('address: 10.9.0.1, ');
    await connect();
    await serve('anew');
    expect(await leasedBy()).toBe('10.9.0.1');
    await inServer('link', 'del', 's0');
    await vi.waitFor(() => expect(said).toContain('s0 has no longer the address'), WAIT);
    await connect();
    await vi.waitFor(async () => expect(await leasedBy()).toBe('10.9.0.1'), WAIT);
    expect(await httpStatus('10.9.0.1')).toBe('404');
    // So quickly that its address was never missed: the radar, too, hears the new one, and not what is gone.
    await inServer('link', 'del', 's0');
    await connect();
    const ears = () => mustRun('ip', ['netns', 'exec', SERVER, 'ss', '-Hlun', 'sport = :68']);
    await vi.waitFor(async () => expect(await ears()).toMatch(/%s0:68/), WAIT);
    expect(await ears()).not.toMatch(/%if/);
  });
});

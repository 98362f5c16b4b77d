import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mustRun, runCommand } from '../firmware/run-command.ts';

/** What the kernel's own ARP tells of addresses before they are given. */

const id = process.pid % 10_000;
const SERVER = `cca${id}s`;
const PEER = `cca${id}p`;
const OTHER = '52:54:00:00:00:02';
const PEER_MAC = '52:54:00:00:00:fe';
const WAIT = { timeout: 20_000, interval: 100 };

const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
else spawnSync('ip', ['netns', 'del', SERVER]);
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

interface Told {
  readonly n1: string;
  readonly n2: string;
  readonly logs: readonly string[];
}

let server: ChildProcess | undefined;
let told: Told = { n1: '', n2: '', logs: [] };

const sysctl = (name: string, ...values: readonly string[]) =>
  mustRun('ip', ['netns', 'exec', name, 'sysctl', '-qw', ...values]);

function start(how: string): void {
  const script = new URL('arp-probe.ts', import.meta.url).pathname;
  const child = spawn('ip', ['netns', 'exec', SERVER, process.execPath, script, how], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  server = child;
  createInterface({ input: child.stdout }).on('line', (line) => {
    told = JSON.parse(line);
  });
}

beforeEach(async () => {
  if (!works) return;
  told = { n1: '', n2: '', logs: [] };
  const ip = (...args: string[]) => mustRun('ip', args);
  await ip('netns', 'add', SERVER);
  await ip('netns', 'add', PEER);
  await ip('link', 'add', 's0', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'p0', 'netns', PEER);
  await ip('-n', SERVER, 'addr', 'add', '10.9.0.1/24', 'dev', 's0');
  await ip('-n', SERVER, 'link', 'set', 's0', 'up');
  await ip('-n', PEER, 'link', 'set', 'p0', 'address', PEER_MAC, 'up');
  // Who was there is believed for a second, and not for up to 45.
  await sysctl(SERVER, 'net.ipv4.neigh.s0.base_reachable_time_ms=1000', 'net.ipv4.neigh.s0.delay_first_probe_time=1');
});

afterEach(async () => {
  if (server !== undefined && server.exitCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  server = undefined;
  await runCommand('ip', ['netns', 'del', SERVER]);
  await runCommand('ip', ['netns', 'del', PEER]);
});

describeHere('on a wire whose router answers for everybody', { timeout: 60_000 }, () => {
  test.each([
    ['', '10.9.0.100'],
    ['bare', 'nothing'],
  ])('all get their addresses (%s)', async (how, other) => {
    await mustRun('ip', ['-n', PEER, 'addr', 'add', '10.9.0.254/24', 'dev', 'p0']);
    await sysctl(
      PEER,
      'net.ipv4.ip_forward=1',
      'net.ipv4.conf.p0.proxy_arp_pvlan=1',
      'net.ipv4.neigh.p0.proxy_delay=0',
    );
    start(how);
    await vi.waitFor(() => expect(told.logs).toHaveLength(1), WAIT);
    expect(told.logs[0]).toMatch(`${PEER_MAC} answers for whatever address of 10.9.0.0/24 is asked for`);
    expect([told.n1, told.n2]).toEqual(['10.9.0.14', other]);
  });
});

describeHere('on a wire where a host holds many addresses', { timeout: 60_000 }, () => {
  test('none of them is given, from the first moment on', async () => {
    const held = ['10.9.0.14', ...Array.from({ length: 5 }, (_, index) => `10.9.0.${100 + index}`)];
    for (const address of held) await mustRun('ip', ['-n', PEER, 'addr', 'add', `${address}/24`, 'dev', 'p0']);
    start('');
    await vi.waitFor(() => expect(told.n2).not.toBe(''), WAIT);
    expect([told.n1, told.n2]).toEqual(['10.9.0.105', '10.9.0.105']);
    const used = () => told.logs.filter((line) => line.includes(`is used by ${PEER_MAC}`));
    await vi.waitFor(() => expect(used()).toHaveLength(held.length), WAIT);
  });

  test('who asked before the first look is answered after it', async () => {
    await mustRun('ip', ['-n', PEER, 'addr', 'add', '10.9.0.100/24', 'dev', 'p0']);
    const script = new URL('early-client.ts', import.meta.url).pathname;
    const args = ['netns', 'exec', PEER, process.execPath, script, OTHER, '10.9.0.255'];
    const client = spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let offered = '';
    client.stdout.on('data', (text) => {
      offered += text;
    });
    try {
      await once(client.stderr, 'data');
      start('');
      await vi.waitFor(() => expect(offered).not.toBe(''), WAIT);
      expect(offered).toBe('10.9.0.101');
    } finally {
      client.kill('SIGKILL');
    }
  });
});

describeHere('where somebody else stands at the address of a machine', { timeout: 60_000 }, () => {
  test('it gets that seconds after he is gone', async () => {
    await mustRun('ip', ['-n', PEER, 'addr', 'add', '10.9.0.14/24', 'dev', 'p0']);
    start('bare');
    await vi.waitFor(() => expect(told.logs.join()).toMatch(`its ip 10.9.0.14 is used by ${PEER_MAC}`), WAIT);
    expect(told.logs.join()).toContain('it gets no address until that one is gone, as its network has no pool');
    expect(told.n1).toBe('nothing');
    await mustRun('ip', ['-n', PEER, 'addr', 'del', '10.9.0.14/24', 'dev', 'p0']);
    await vi.waitFor(() => expect(told.n1).toBe('10.9.0.14'), WAIT);
    expect(told.logs.at(-1)).toBe('nobody else answers at its ip 10.9.0.14 any more: it gets that when it asks');
  });
});

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import type { ServerNews } from '../../src/servers/create-dhcp-server.ts';
import { ip, packet } from '../netboot/client-packets.ts';

/** Real broadcasts on veth pairs, real DHCP clients. The test makes its namespaces and removes them. */

const run = promisify(execFile);
const id = process.pid % 10_000;
const SERVER = `ccs${id}`;
const CLIENTS = [`cca${id}`, `ccb${id}`] as const;
const MACS = ['52:54:00:77:00:01', '52:54:00:77:00:02'] as const;

const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
// In CI a missing right is a failure: these are the only tests with real broadcasts.
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const ipCommand = (...args: string[]) => run('ip', args);
const inside = (name: string, ...args: string[]) => run('ip', ['netns', 'exec', name, ...args], { timeout: 15_000 });

let server: ChildProcess | undefined;
const events: EventBody[] = [];
const news: ServerNews[] = [];
const WAIT = { timeout: 30_000, interval: 100 };

async function startServer(mode: 'authoritative' | 'proxy'): Promise<void> {
  events.length = 0;
  news.length = 0;
  const script = new URL('netns-server.ts', import.meta.url).pathname;
  const child = spawn('ip', ['netns', 'exec', SERVER, process.execPath, script, mode, ...MACS], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  server = child;
  let errors = '';
  child.stderr?.on('data', (bytes) => {
    errors += String(bytes);
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (bytes) => {
      const lines = (text + String(bytes)).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const told = JSON.parse(line) as { type: string };
        if (told.type === 'ready') resolve();
        else if (told.type === 'failed') reject(new Error(line));
        else if (told.type === 'news') news.push(JSON.parse(line) as ServerNews);
        else if (told.type !== 'warnings') events.push(told as EventBody);
      }
    });
    child.once('exit', () => reject(new Error(`the server ended: ${errors}`)));
  });
}

async function stopServer(): Promise<void> {
  const child = server;
  server = undefined;
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

beforeAll(async () => {
  if (!works) return;
  for (const [i, client] of CLIENTS.entries()) {
    await ipCommand('netns', 'add', client);
    await ipCommand('link', 'add', `s${i}`, 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', client);
    await ipCommand('-n', SERVER, 'addr', 'add', `10.9.${i}.1/24`, 'dev', `s${i}`);
    await ipCommand('-n', SERVER, 'link', 'set', `s${i}`, 'up');
    await ipCommand('-n', client, 'link', 'set', 'c0', 'address', MACS[i] ?? '', 'up');
  }
  await ipCommand('-n', SERVER, 'addr', 'add', '10.9.1.3/24', 'dev', 's1');
});

afterEach(stopServer);
afterAll(async () => {
  for (const name of [SERVER, ...CLIENTS]) await ipCommand('netns', 'del', name).catch(() => undefined);
});

const udhcpc = (client: string, ...more: string[]) =>
  inside(client, 'udhcpc', '-f', '-n', '-q', '-t', '4', '-T', '1', '-i', 'c0', '-s', '/bin/true', ...more);

/** It runs on: SIGUSR1 makes it renew. `ip` becomes the program itself. */
function renewing(client: string, hook: string): { readonly child: ChildProcess; readonly said: () => string } {
  const args = ['netns', 'exec', client, 'udhcpc', '-f', '-t', '4', '-T', '1', '-i', 'c0', '-s', hook];
  const child = spawn('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr?.on('data', (bytes) => {
    text += String(bytes);
  });
  return { child, said: () => text };
}

describeHere('real broadcasts on two interfaces', () => {
  test('udhcpc on each side gets an address of its own network', async () => {
    await startServer('authoritative');
    for (const [i, client] of CLIENTS.entries()) {
      const { stderr } = await udhcpc(client);
      expect(stderr).toMatch(new RegExp(`lease of 10\\.9\\.${i}\\.1\\d\\d obtained from 10\\.9\\.${i}\\.1`));
    }
    expect(events.filter((event) => 'leasedUntil' in event)).toMatchObject([
      { mac: MACS[0], node: 'n1' },
      { mac: MACS[1], node: 'n2' },
    ]);
  });

  test('dhclient takes the lease with its options, and gives it back', async () => {
    await startServer('authoritative');
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-dhclient-'));
    const files = ['-lf', join(folder, 'leases'), '-pf', join(folder, 'pid'), '-sf', '/bin/true'];
    try {
      await inside(CLIENTS[0], 'dhclient', '-1', '-q', ...files, 'c0');
      const lease = readFileSync(join(folder, 'leases'), 'utf8');
      expect(lease).toContain('option dhcp-server-identifier 10.9.0.1;');
      expect(lease).toContain('option domain-name "lab.example";');
      expect(lease).toContain('option host-name "n1";');
      // The script set no address, so the release must be told where to come from.
      const address = /fixed-address ([\d.]+);/.exec(lease)?.[1] ?? '';
      await ipCommand('-n', CLIENTS[0], 'addr', 'add', `${address}/24`, 'dev', 'c0');
      await inside(CLIENTS[0], 'dhclient', '-r', '-q', ...files, 'c0');
      await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ type: 'lease.ended', address, why: 'released' }));
    } finally {
      await ipCommand('-n', CLIENTS[0], 'addr', 'flush', 'dev', 'c0');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a stranger hears nothing and is noted', async () => {
    await startServer('authoritative');
    await ipCommand('-n', CLIENTS[0], 'link', 'set', 'c0', 'address', '52:54:00:77:00:99');
    try {
      await expect(udhcpc(CLIENTS[0], '-t', '2')).rejects.toThrow();
      expect(events).toContainEqual(expect.objectContaining({ type: 'stranger.seen', mac: '52:54:00:77:00:99' }));
    } finally {
      await ipCommand('-n', CLIENTS[0], 'link', 'set', 'c0', 'address', MACS[0]);
    }
  });

  test('in proxy mode a system gets no address from us', async () => {
    await startServer('proxy');
    await expect(udhcpc(CLIENTS[0], '-t', '2')).rejects.toThrow();
    expect(events.some((event) => 'leasedUntil' in event || event.type === 'lease.granted')).toBe(false);
  });

  test.each([
    ['and whom it answered', 'offer', { bootFile: 'pxelinux.0' }, { bootFile: 'pxelinux.0' }],
    ['and whom it refuses what we gave', 'nak', { refuses: true }, { refused: true }],
  ] as const)('another DHCP server on the wire is heard, %s', async (_, messageType, heard, answered) => {
    await startServer('authoritative');
    const offers = { yiaddr: ip('10.9.0.77'), siaddr: ip('10.9.0.7'), file: 'pxelinux.0' };
    const answer = encodeDhcp({
      ...packet('os', MACS[0]),
      op: 'reply',
      ...(messageType === 'offer' ? offers : {}),
      options: { messageType, serverId: ip('10.9.0.7') },
    });
    await ipCommand('-n', CLIENTS[0], 'addr', 'add', '10.9.0.7/24', 'dev', 'c0');
    const send = `const s=require('dgram').createSocket('udp4');s.bind(67,'10.9.0.7',()=>{s.setBroadcast(true);s.send(Buffer.from('${answer.toString('hex')}','hex'),68,'255.255.255.255',()=>s.close())})`;
    try {
      await inside(CLIENTS[0], process.execPath, '-e', send);
      await vi.waitFor(() => expect(events).toHaveLength(2));
      expect(events[0]).toMatchObject({ type: 'rival.heard', server: '10.9.0.7', iface: 's0', ...heard });
      expect(events[1]).toMatchObject({
        type: 'dhcp.rivalAnswered',
        node: 'n1',
        server: '10.9.0.7',
        ack: false,
        ...answered,
      });
    } finally {
      await ipCommand('-n', CLIENTS[0], 'addr', 'flush', 'dev', 'c0');
    }
  });

  test.each([
    ['an address that an unknown machine took by itself is not offered', '52:54:00:99:99:99', '10.9.0.101'],
    ['one at which a machine of the inventory stands by its own MAC is its own', MACS[0], '10.9.0.100'],
  ])('%s', async (_, mac, given) => {
    const mine = (...args: string[]) => ipCommand('-n', CLIENTS[0], ...args);
    await ipCommand('-n', SERVER, 'neigh', 'flush', 'all');
    await mine('link', 'set', 'c0', 'address', mac);
    await mine('addr', 'add', '10.9.0.100/24', 'dev', 'c0');
    try {
      await startServer('authoritative');
      // The first look is taken at the start; the kernel's table is read two seconds later.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await mine('addr', 'flush', 'dev', 'c0');
      await mine('link', 'set', 'c0', 'address', MACS[0]);
      const { stderr } = await udhcpc(CLIENTS[0]);
      expect(stderr).toContain(`lease of ${given} obtained`);
    } finally {
      await mine('addr', 'flush', 'dev', 'c0');
      await mine('link', 'set', 'c0', 'address', MACS[0]);
    }
  });

  test('a network that the inventory has since then is served as soon as its interface is there', async () => {
    await startServer('authoritative');
    // `ip` has become the program itself.
    server?.kill('SIGHUP');
    await vi.waitFor(
      () =>
        expect(news.at(-1)?.warning).toMatch(/^interface s2 is not there, machines of 10\.9\.2\.0\/24 are not served/),
      WAIT,
    );
    await ipCommand('link', 'add', 's2', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c2', 'netns', CLIENTS[0]);
    await ipCommand('-n', SERVER, 'addr', 'add', '10.9.2.1/24', 'dev', 's2');
    await ipCommand('-n', SERVER, 'link', 'set', 's2', 'up');
    await ipCommand('-n', CLIENTS[0], 'link', 'set', 'c2', 'address', MACS[0], 'up');
    await vi.waitFor(() => expect(news.at(-1)?.listens.map(({ address }) => address)).toContain('10.9.2.1'), WAIT);
    expect(news.at(-1)?.warning).toBeUndefined();
    const { stderr } = await udhcpc(CLIENTS[0], '-i', 'c2');
    expect(stderr).toMatch(/lease of 10\.9\.2\.1\d\d obtained from 10\.9\.2\.1/);
    await expect(udhcpc(CLIENTS[1])).resolves.toBeDefined();
  });

  test('one MAC on both, as of VLANs of one NIC, renews on each in turn and loses neither address', async () => {
    await startServer('authoritative');
    await ipCommand('-n', CLIENTS[1], 'link', 'set', 'c0', 'address', MACS[0]);
    const folder = mkdtempSync(join(tmpdir(), 'crashcart-udhcpc-'));
    const hook = join(folder, 'hook');
    const take = '[ -n "$ip" ] && ip addr replace "$ip/24" dev "$interface"';
    writeFileSync(hook, `#!/bin/sh\n${take}\nexit 0\n`, { mode: 0o755 });
    const clients = CLIENTS.map((client) => renewing(client, hook));
    try {
      const taken = (i: number, text: string) =>
        text.match(new RegExp(`(?<=lease of )10\\.9\\.${i}\\.1\\d\\d`, 'g')) ?? [];
      for (let leases = 1; leases <= 3; leases += 1) {
        for (const [i, { child, said }] of clients.entries()) {
          if (leases > 1) child.kill('SIGUSR1');
          await vi.waitFor(() => expect(taken(i, said())).toHaveLength(leases), { timeout: 5000, interval: 100 });
        }
      }
      const own = clients.map(({ said }, i) => [...new Set(taken(i, said()))]);
      expect(own.map((addresses) => addresses.length)).toEqual([1, 1]);
      const granted = events.flatMap((one) => ('leasedUntil' in one ? `${one.address} of ${one.subnet}` : []));
      expect([...new Set(granted)].sort()).toEqual(own.map(([address], i) => `${address} of 10.9.${i}.0/24`));
    } finally {
      for (const { child } of clients) child.kill('SIGTERM');
      await ipCommand('-n', CLIENTS[1], 'link', 'set', 'c0', 'address', MACS[1]);
      for (const client of CLIENTS) await ipCommand('-n', client, 'addr', 'flush', 'dev', 'c0');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a port that is taken is told with the way out', async () => {
    await startServer('authoritative');
    const first = server;
    await expect(startServer('authoritative')).rejects.toThrow(/UDP .*:67 is taken by another program/);
    server = first;
  });
});

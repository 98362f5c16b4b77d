import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mustRun, runCommand } from '../firmware/run-command.ts';

/** Router advertisements as the kernel and tcpdump of a neighbour see them, on two cables of which one is ours alone. */

const id = process.pid % 10_000;
const SERVER = `ccra${id}`;
const PEERS = [`ccrb${id}`, `ccrc${id}`] as const;
const WAIT = { timeout: 40_000, interval: 200 };

const missing = ['radvd', 'tcpdump'].filter(
  (name) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status !== 0,
);
const namespaces = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
const works = namespaces && missing.length === 0;
if (!works)
  process.stderr.write(
    `skipped: router advertisements need root, iproute2 and ${missing.join(', ') || 'nothing more'}\n`,
  );
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'crashcart-ra-test-'));
const children: ChildProcess[] = [];

function start(namespace: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', namespace, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

/** With its temporary files in a folder of its own, so that what is left behind can be seen. */
async function startServer(mode: string): Promise<{ readonly child: ChildProcess; readonly said: () => string }> {
  const script = new URL('netns-server.ts', import.meta.url).pathname;
  const child = start(SERVER, [process.execPath, script, mode], { TMPDIR: folder });
  let text = '';
  child.stdout?.on('data', (bytes) => {
    text += String(bytes);
  });
  await vi.waitFor(() => expect(text).toContain('"ready"'), WAIT);
  return { child, said: () => text };
}

async function stopServer(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

/** The kernel counts only what it accepted: hop limit 255, a link-local source, a right checksum. */
function accepted(peer: string, iface = 'c0'): Promise<number> {
  return mustRun('ip', ['netns', 'exec', peer, 'cat', `/proc/net/dev_snmp6/${iface}`]).then((text) =>
    Number(/^Icmp6InRouterAdvertisements\s+(\d+)/m.exec(text)?.[1] ?? 0),
  );
}

/** By the folder of its configuration, which no other radvd of this machine has. */
const radvds = () =>
  runCommand('pgrep', ['-f', `radvd .*${folder}`]).then(({ out }) => out.split('\n').filter((line) => line !== ''));

beforeAll(async () => {
  if (!works) return;
  for (const [i, peer] of PEERS.entries()) {
    await mustRun('ip', ['netns', 'add', peer]);
    const cable = ['link', 'add', `s${i}`, 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', peer];
    await mustRun('ip', cable);
    await mustRun('ip', ['-n', SERVER, 'addr', 'add', `10.9.${i}.1/24`, 'dev', `s${i}`]);
    await mustRun('ip', ['-n', SERVER, 'link', 'set', `s${i}`, 'up']);
    await mustRun('ip', ['-n', peer, 'link', 'set', 'c0', 'up']);
  }
  await mustRun('ip', ['-n', SERVER, 'addr', 'add', '10.9.1.3/24', 'dev', 's1']);
}, 30_000);

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const name of [SERVER, ...PEERS]) await runCommand('ip', ['netns', 'del', name]);
  rmSync(folder, { recursive: true, force: true });
});

describeHere('router advertisements', { timeout: 90_000 }, () => {
  test('reach the machines of a dedicated network and of no other, and change nothing there', async () => {
    const dump = join(folder, 'dump.txt');
    const tcpdump = start(PEERS[0], ['sh', '-c', `exec tcpdump --immediate-mode -lnvi c0 'ip6[40] == 134' > ${dump}`]);
    const { child, said } = await startServer('dedicated');
    await vi.waitFor(() => expect(readFileSync(dump, 'utf8')).toContain('router advertisement'), WAIT);
    await vi.waitFor(async () => expect(await accepted(PEERS[0])).toBeGreaterThan(0), WAIT);
    // Neither DHCPv6 nor a router nor a prefix: what iPXE waits for, and nothing more.
    expect(readFileSync(dump, 'utf8')).toMatch(/Flags \[none\], pref medium, router lifetime 0s/);
    expect(readFileSync(dump, 'utf8')).not.toContain('prefix info');
    expect(await mustRun('ip', ['-n', PEERS[0], '-6', 'route', 'show', 'default'])).toBe('');
    expect(said()).toContain('"service":"router advertisements","state":{"is":"ok","listens":"s0"}');
    const running = await radvds();
    expect(running.length).toBeGreaterThan(0);
    // Ours may die; another one is started, and the network hears on.
    const before = await accepted(PEERS[0]);
    for (const pid of running) process.kill(Number(pid), 'SIGKILL');
    await vi.waitFor(() => expect(said()).toMatch(/"is":"off","why":"radvd ended/), WAIT);
    await vi.waitFor(async () => expect(await accepted(PEERS[0])).toBeGreaterThan(before), WAIT);
    expect(await accepted(PEERS[1])).toBe(0);
    await stopServer(child, 'SIGTERM');
    expect(await radvds()).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.startsWith('crashcart-radvd'))).toEqual([]);
    tcpdump.kill();
  });

  test('end with the program, also when it is killed', async () => {
    const { child, said } = await startServer('dedicated');
    await vi.waitFor(() => expect(said()).toContain('"is":"ok","listens":"s0"'), WAIT);
    await vi.waitFor(async () => expect(await radvds()).not.toEqual([]), WAIT);
    await stopServer(child, 'SIGKILL');
    await vi.waitFor(async () => expect(await radvds()).toEqual([]), WAIT);
  });

  test('without radvd say what that costs, and machines are served all the same', async () => {
    const script = new URL('netns-server.ts', import.meta.url).pathname;
    // A file system without it: only this process sees the empty folder.
    const hide = 'mount --bind /dev/null /usr/sbin/radvd && exec "$@"';
    const child = start(SERVER, ['sh', '-c', hide, 'sh', process.execPath, script, 'dedicated'], { TMPDIR: folder });
    let text = '';
    child.stdout?.on('data', (bytes) => {
      text += String(bytes);
    });
    await vi.waitFor(() => expect(text).toContain('"ready"'), WAIT);
    await vi.waitFor(
      () => expect(text).toMatch(/"is":"off","why":"radvd is not installed: each iPXE boot waits up to 16 s/),
      WAIT,
    );
    await stopServer(child, 'SIGTERM');
    expect(existsSync('/usr/sbin/radvd')).toBe(true);
  });

  test('wait for no interface that is not there yet, and reach it when it comes', async () => {
    const { child, said } = await startServer('late');
    const missing = 'interface s2 is not there; each iPXE boot waits up to 16 s for IPv6';
    await vi.waitFor(() => expect(said()).toContain(`"is":"ok","listens":"s0","warning":"${missing}"`), WAIT);
    const cable = ['link', 'add', 's2', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c2', 'netns', PEERS[1]];
    await mustRun('ip', cable);
    await mustRun('ip', ['-n', SERVER, 'link', 'set', 's2', 'up']);
    await mustRun('ip', ['-n', PEERS[1], 'link', 'set', 'c2', 'up']);
    await vi.waitFor(() => expect(said()).toContain('"is":"ok","listens":"s0, s2"}'), WAIT);
    await vi.waitFor(async () => expect(await accepted(PEERS[1], 'c2')).toBeGreaterThan(0), WAIT);
    await stopServer(child, 'SIGTERM');
    await mustRun('ip', ['-n', SERVER, 'link', 'del', 's2']);
  });

  test('are not sent where no network is dedicated', async () => {
    const before = await accepted(PEERS[0]);
    const { child } = await startServer('authoritative');
    expect(await radvds()).toEqual([]);
    expect(await accepted(PEERS[0])).toBe(before);
    await stopServer(child, 'SIGTERM');
  });
});

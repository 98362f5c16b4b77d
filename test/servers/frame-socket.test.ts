import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadLibc } from '../../src/servers/libc.ts';
import { removeNamespace } from '../firmware/namespaces.ts';
import { endCommand, mustRun } from '../firmware/run-command.ts';
import { type FrameProbe, type FrameTold, replyOf } from './frame-replies.ts';

/** DHCP's broadcasts as whole packets over a veth pair: what a UDP socket at the other end makes of them. */

const id = process.pid % 10_000;
const [SERVER, CLIENT] = [`ccfs${id}`, `ccfc${id}`] as const;
const MAC = '52:54:00:77:00:01';
const FROM = '10.9.0.1:67';
const WAIT = { timeout: 20_000, interval: 50 };
const has = (name: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${name}`]).status === 0;
const isCi = process.env['CI'] === 'true';

const works =
  loadLibc() !== undefined && process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: frame sockets need root, iproute2 and the package koffi\n');
const describeHere = works || isCi ? describe : describe.skip;
const missing = ['tcpdump', 'setpriv', 'udhcpc', 'tc'].filter((name) => !has(name));
if (missing.length > 0) process.stderr.write(`skipped: some tests of frame sockets need ${missing.join(', ')}\n`);
const needs = (name: string) => test.skipIf(missing.includes(name) && !isCi);

const scriptAt = (name: string) => new URL(name, import.meta.url).pathname;
const inServer = (...args: readonly string[]) => mustRun('ip', ['netns', 'exec', SERVER, ...args]);
const link = (...args: readonly string[]) => mustRun('ip', ['-n', SERVER, 'link', ...args]);

const children: ChildProcess[] = [];
/** A program in a namespace, whose lines are kept; ready when it has said `word`. */
async function start(name: string, word: string, ...args: readonly string[]): Promise<readonly string[]> {
  const child = spawn('ip', ['netns', 'exec', name, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  let said = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      let text = '';
      stream.on('data', (bytes) => {
        said += String(bytes);
        const whole = (text + String(bytes)).split('\n');
        text = whole.pop() ?? '';
        lines.push(...whole);
        if (said.includes(word)) resolve();
      });
    }
    child.once('exit', () => reject(new Error(`${args.join(' ')} ended: ${said}`)));
  });
  return lines;
}

async function listen(): Promise<() => readonly { readonly from: string; readonly hex: string }[]> {
  const lines = await start(CLIENT, 'listening', process.execPath, scriptAt('frame-listener.ts'));
  return () => lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

async function probe(wanted: Partial<FrameProbe>, ...before: readonly string[]): Promise<FrameTold> {
  const given: FrameProbe = { iface: 's0', address: '10.9.0.1', steps: [], ...wanted };
  return JSON.parse(
    await inServer(...before, process.execPath, scriptAt('frame-probe.ts'), JSON.stringify(given)),
  ) as FrameTold;
}

const repliesOf = (first: number, count: number, sizeBytes: number) =>
  Array.from({ length: count }, (_, at) => ({ from: FROM, hex: replyOf(first + at, sizeBytes).toString('hex') }));
const allFrames = (count: number) => ({ frames: count, byNode: 0, sent: count, errors: [] });
const allByNode = (count: number) => ({ frames: 0, byNode: count, sent: count, errors: [] });

beforeAll(async () => {
  if (works) await mustRun('ip', ['netns', 'add', CLIENT]);
});
beforeEach(async () => {
  if (!works) return;
  const cable = ['link', 'add', 's0', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', CLIENT];
  await mustRun('ip', cable);
  for (const [name, device, address] of [
    [SERVER, 's0', '10.9.0.1/24'],
    [CLIENT, 'c0', '10.9.0.2/24'],
  ] as const) {
    await mustRun('ip', ['-n', name, 'addr', 'add', address, 'dev', device]);
    await mustRun('ip', ['-n', name, 'link', 'set', device, 'up']);
  }
  await mustRun('ip', ['-n', CLIENT, 'link', 'set', 'c0', 'address', MAC]);
});
afterEach(async () => {
  for (const child of children.splice(0)) await endCommand(child);
  if (works) await link('del', 's0').catch(() => undefined);
});
afterAll(async () => {
  for (const name of [SERVER, CLIENT]) await removeNamespace(name);
});

describeHere('broadcasts as whole packets', { timeout: 60_000 }, () => {
  test('of one turn are heard as they were, in order, from the port of DHCP', async () => {
    const heard = await listen();
    const counts = [1, 64, 65, 200];
    const steps = counts.map((count, at) => ({ send: { count, sizeBytes: 301 + at, first: at * 1000 } }));
    expect((await probe({ steps })).turns).toEqual(counts.map(allFrames));
    await vi.waitFor(() => expect(heard()).toHaveLength(330), WAIT);
    expect(heard()).toEqual(counts.flatMap((count, at) => repliesOf(at * 1000, count, 301 + at)));
  });

  test('go by the UDP socket where they are longer than a frame', async () => {
    const heard = await listen();
    const steps = [1472, 1473, 3000].map((sizeBytes, at) => ({ send: { count: 2, sizeBytes, first: at * 10 } }));
    expect((await probe({ steps })).turns).toEqual([allFrames(2), allByNode(2), allByNode(2)]);
    await vi.waitFor(() => expect(heard()).toHaveLength(6), WAIT);
    expect(heard()).toEqual([repliesOf(0, 2, 1472), repliesOf(10, 2, 1473), repliesOf(20, 2, 3000)].flat());
  });

  test('go by the UDP socket where the interface carries less than they have, and come in pieces', async () => {
    const heard = await listen();
    await link('set', 's0', 'mtu', '1000');
    const steps = [972, 973, 1400].map((sizeBytes, at) => ({ send: { count: 3, sizeBytes, first: at * 10 } }));
    expect((await probe({ steps })).turns).toEqual([allFrames(3), allByNode(3), allByNode(3)]);
    await vi.waitFor(() => expect(heard()).toHaveLength(9), WAIT);
    expect(heard()).toEqual([repliesOf(0, 3, 972), repliesOf(10, 3, 973), repliesOf(20, 3, 1400)].flat());
  });

  needs('tcpdump')('have good checksums on the wire', async () => {
    const args = ['-i', 'c0', '-nvvl', '-c', '66', 'udp', 'dst', 'port', '68'];
    const lines = await start(CLIENT, 'listening on', 'tcpdump', ...args);
    const sizes = [301, 302].map((sizeBytes, at) => ({ send: { count: 33, sizeBytes, first: at * 100 } }));
    expect((await probe({ steps: sizes })).turns).toEqual([allFrames(33), allFrames(33)]);
    await vi.waitFor(() => expect(lines.filter((line) => line.includes('10.9.0.1.67 >'))).toHaveLength(66), WAIT);
    const said = lines.join('\n');
    expect(said.match(/10\.9\.0\.1\.67 > 255\.255\.255\.255\.68: \[udp sum ok\]/g)).toHaveLength(66);
    expect(said).not.toContain('bad');
  });

  test('that the link does not take go by the UDP socket, and later ones as frames again', async () => {
    const heard = await listen();
    const ip = (...args: readonly string[]) => ({ run: ['ip', 'link', 'set', 's0', ...args] });
    const send = (first: number) => ({ send: { count: 3, sizeBytes: 300, first } });
    const { turns } = await probe({ steps: [send(0), ip('down'), send(10), ip('up'), send(20)] });
    const [up, down, again] = turns;
    expect([up, again]).toEqual([allFrames(3), allFrames(3)]);
    // Linux takes broadcasts for a link that is down, and drops them; others may say so.
    expect(down).toMatchObject({ frames: 0, byNode: 3 });
    expect((down?.sent ?? 0) + (down?.errors.length ?? 0)).toBe(3);
    await vi.waitFor(() => expect(heard()).toEqual([...repliesOf(0, 3, 300), ...repliesOf(20, 3, 300)]), WAIT);
  });

  test('are sent by nobody who has not their source any more: another host may have it', async () => {
    const heard = await listen();
    const address = (what: string) => ({ run: ['ip', 'addr', what, '10.9.0.1/24', 'dev', 's0'] });
    const send = (first: number) => ({ send: { count: 3, sizeBytes: 300, first } });
    const { turns } = await probe({ steps: [send(0), address('del'), send(10), address('add'), send(20)] });
    const [ours, lost, again] = turns;
    expect([ours, again]).toEqual([allFrames(3), allFrames(3)]);
    expect(lost).toMatchObject({ frames: 0, byNode: 3, sent: 0 });
    expect(lost?.errors).toHaveLength(3);
    await vi.waitFor(() => expect(heard()).toEqual([...repliesOf(0, 3, 300), ...repliesOf(20, 3, 300)]), WAIT);
  });

  test('go by the UDP socket where the interface is another one of the same name', async () => {
    const commands = ['link del x0', 'link add x0 type veth peer name x1', 'addr add 10.9.5.1/24 dev x0'];
    const steps = [...commands, 'link set x0 up', 'link set x1 up'].map((line) => ({
      run: ['ip', ...line.split(' ')],
    }));
    await link('add', 'x0', 'type', 'veth', 'peer', 'name', 'x1');
    try {
      await mustRun('ip', ['-n', SERVER, 'addr', 'add', '10.9.5.1/24', 'dev', 'x0']);
      const wanted = { iface: 'x0', address: '10.9.5.1' };
      const { turns } = await probe({ ...wanted, steps: [...steps, { send: { count: 2, sizeBytes: 300, first: 0 } }] });
      expect(turns).toEqual([allByNode(2)]);
    } finally {
      await link('del', 'x0');
    }
  });

  test('leave by a bridge as by a card', async () => {
    const heard = await listen();
    await link('add', 'br0', 'type', 'bridge');
    try {
      await link('set', 's0', 'master', 'br0');
      await mustRun('ip', ['-n', SERVER, 'addr', 'flush', 'dev', 's0']);
      await mustRun('ip', ['-n', SERVER, 'addr', 'add', '10.9.0.1/24', 'dev', 'br0']);
      await link('set', 'br0', 'up');
      const steps = [{ send: { count: 2, sizeBytes: 300, first: 0 } }];
      expect((await probe({ iface: 'br0', steps })).turns).toEqual([allFrames(2)]);
      await vi.waitFor(() => expect(heard()).toEqual(repliesOf(0, 2, 300)), WAIT);
    } finally {
      await link('del', 'br0');
    }
  });

  needs('tc')('wait where the wire is slower than they come, and none is lost', async () => {
    const heard = await listen();
    await inServer('tc', 'qdisc', 'add', 'dev', 's0', 'root', ...'tbf rate 10mbit burst 3000 limit 3000000'.split(' '));
    const [turn] = (await probe({ steps: [{ send: { count: 1000, sizeBytes: 300, first: 0 } }] })).turns;
    // Frames fill the room of their own socket, then that of the UDP socket, and Node keeps the rest.
    expect(turn).toMatchObject({ sent: 1000, errors: [] });
    expect(turn?.frames).toBeGreaterThan(64);
    expect(turn?.byNode).toBe(1000 - (turn?.frames ?? 0));
    expect(turn?.byNode).toBeGreaterThan(64);
    await vi.waitFor(() => expect(heard()).toHaveLength(1000), WAIT);
    const inOrder = (replies: readonly { readonly hex: string }[]) => replies.map(({ hex }) => hex).sort();
    expect(inOrder(heard())).toEqual(inOrder(repliesOf(0, 1000, 300)));
  });

  test('are not made for an interface that is no Ethernet', async () => {
    await link('set', 'lo', 'up');
    expect(await probe({ iface: 'lo', address: '127.0.0.1' })).toMatchObject({ made: false });
    await inServer('ip', 'tuntap', 'add', 'tun0', 'mode', 'tun');
    await inServer('ip', 'addr', 'add', '10.9.6.1/24', 'dev', 'tun0');
    expect(await probe({ iface: 'tun0', address: '10.9.6.1' })).toMatchObject({ made: false });
    await link('del', 'tun0');
    expect(await probe({ iface: 'eth9' })).toMatchObject({ made: false });
  });

  test('leave no file open behind 50 sockets, and one that is closed in between says so', async () => {
    const closeBeforeFlush = { count: 3, sizeBytes: 300, first: 0 };
    const { made, turns, descriptors } = await probe({ rounds: 50, steps: [{ closeBeforeFlush }] });
    expect(made).toBe(true);
    const closed = 'ERR_SOCKET_DGRAM_NOT_RUNNING';
    expect(turns).toEqual([{ frames: 0, byNode: 3, sent: 0, errors: [closed, closed, closed] }]);
    expect(descriptors[1]).toBe(descriptors[0]);
  });

  needs('setpriv')('are not made without the right to, and DHCP answers all the same', async () => {
    const without = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw'];
    expect(await probe({}, ...without)).toMatchObject({ made: false });
    if (missing.includes('udhcpc') && !isCi) return;
    for (const rights of [without, []]) {
      const script = scriptAt('frame-dhcp.ts');
      await start(SERVER, '"ready"', ...rights, process.execPath, script, MAC);
      const ask = ['udhcpc', '-f', '-n', '-q', '-t', '4', '-T', '1', '-i', 'c0', '-s', '/bin/true'];
      // What it says goes to its error output.
      const said = await mustRun('sh', ['-c', 'exec "$@" 2>&1', '-', 'ip', 'netns', 'exec', CLIENT, ...ask]);
      expect(said).toMatch(/lease of 10\.9\.0\.1\d\d obtained from 10\.9\.0\.1/);
      const server = children.pop();
      server?.kill('SIGKILL');
      if (server !== undefined) await once(server, 'exit');
    }
  });
});

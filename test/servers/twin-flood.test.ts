import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { indexOf } from '../../src/servers/interface-socket.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { ETH_P_ARP, openPacketEar } from '../../src/servers/packet-ear.ts';
import { CODE, NOTHING } from '../../src/servers/packet-filter.ts';
import type { Inbox } from '../../src/servers/receive-many.ts';
import { moreTwins, shownTwins, type Twin } from '../../src/servers/twin-watch.ts';
import { mustRun, runCommand } from '../firmware/run-command.ts';

/** A wire full of hosts at our address: of forged ones there may be any number. */

const twins = (count: number, iface = 's0'): readonly Twin[] =>
  Array.from({ length: count }, (_, index) => ({ iface, address: '10.9.0.1', mac: `mac${index}` }));

test.each([
  [1, 'mac0'],
  [3, 'mac0 mac1 mac2'],
  [4, 'mac0 mac1 mac2 1 more host on s0 has an address of ours as well'],
  [5, 'mac0 mac1 mac2 2 more hosts on s0 have an address of ours as well'],
  [16, 'mac0 mac1 mac2 at least 13 more hosts on s0 have an address of ours as well'],
])('of %i the first ones are told, and how many more there are', (count, text) => {
  expect(shownTwins(twins(count), ({ mac }) => mac).join(' ')).toBe(text);
});

test('those of each interface are counted by themselves', () => {
  const all = [...twins(4), ...twins(2, 's1')];
  expect(shownTwins(all, ({ mac }) => mac)).toHaveLength(6);
  expect(moreTwins('s1', all)).toBeUndefined();
});

const id = process.pid % 10_000;
const SERVER = `ccf${id}s`;
const OTHER = `ccf${id}o`;
const FLOODER = new URL('twin-flooder.ts', import.meta.url).pathname;
const PROBE = new URL('twin-flood-probe.ts', import.meta.url).pathname;

const works =
  process.getuid?.() === 0 && loadLibc() !== undefined && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: a flood of hosts at our address needs root, iproute2 and koffi\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

beforeAll(async () => {
  if (!works) return;
  await mustRun('ip', ['netns', 'add', OTHER]);
  const at = (namespace: string, ...args: string[]) => mustRun('ip', ['-n', namespace, ...args]);
  await at(SERVER, 'link', 'add', 's0', 'type', 'veth', 'peer', 'name', 'o0', 'netns', OTHER);
  await at(OTHER, 'link', 'set', 'o0', 'up');
  await at(SERVER, 'addr', 'add', '10.9.0.1/24', 'dev', 's0');
  await at(SERVER, 'link', 'set', 's0', 'up');
}, 60_000);
afterAll(async () => {
  for (const name of [SERVER, OTHER]) await runCommand('ip', ['netns', 'del', name]);
});

interface Told {
  readonly news: number;
  readonly most: number;
  readonly last: readonly string[];
  readonly cpuMs: number;
}

describeHere('hosts without number at our address', { timeout: 60_000 }, () => {
  test('are read a few at a time, however many there are', () => {
    const libc = loadLibc() ?? expect.fail('koffi is not there');
    let calls = 0;
    const endless: Inbox = {
      receive: () => {
        calls += 1;
        if (calls > 1_000) throw new Error('it goes on for ever');
        return 16;
      },
      bytesOf: () => Buffer.alloc(28),
      names: new Int32Array(16),
      nameIn: () => 0,
    };
    const ear = openPacketEar(libc, indexOf('lo') ?? 0, ETH_P_ARP, [[CODE.give, 0, 0, NOTHING]], endless);
    let frames = 0;
    ear?.read(() => {
      frames += 1;
    });
    ear?.close();
    expect(frames).toBe(8 * 16);
  });

  test('cost next to nothing, and are told in a few lines', async () => {
    const there = (namespace: string, script: string, ms: number) =>
      mustRun('ip', ['netns', 'exec', namespace, process.execPath, script, String(ms)], { timeoutMs: 30_000 });
    const flooding = there(OTHER, FLOODER, 6_000);
    const told = JSON.parse(await there(SERVER, PROBE, 4_000)) as Told;
    await flooding;
    expect(told.last).toHaveLength(4);
    expect(told.last[0]).toMatch(/^another host, 52:54:00:.* on s0, has our own address 10\.9\.0\.1: /);
    expect(told.last[3]).toBe('at least 13 more hosts on s0 have an address of ours as well');
    expect(told.most).toBeLessThan(1_200);
    expect(told.news).toBeLessThan(10);
    expect(told.cpuMs).toBeLessThan(1_000);
  });
});

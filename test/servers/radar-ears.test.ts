import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSocketOptions } from '../../src/servers/socket-options.ts';

/** Where the radar can listen, and what it says where it cannot: in a namespace of its own, with one interface and no route. */

const run = promisify(execFile);
const NAME = `cce${process.pid % 10_000}`;
const PROBE = new URL('radar-ears-probe.ts', import.meta.url).pathname;

const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', NAME]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;
const hasNative = loadSocketOptions() !== undefined;

const inside = (...args: string[]) => run('ip', ['netns', 'exec', NAME, ...args], { timeout: 60_000 });

async function probe(iface: string, how = ''): Promise<string> {
  const { stdout } = await inside(process.execPath, PROBE, iface, how);
  const told = JSON.parse(stdout) as { ok: boolean; error?: string };
  return told.ok ? 'hears' : (told.error ?? '');
}

beforeAll(async () => {
  if (!works) return;
  await run('ip', ['-n', NAME, 'link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1']);
  await run('ip', ['-n', NAME, 'addr', 'add', '10.9.0.1/24', 'dev', 'e0']);
});
afterAll(() => {
  if (works) spawnSync('ip', ['netns', 'del', NAME]);
});

describeHere('a socket for one interface', () => {
  test.each<readonly [string, Readonly<Record<string, string>>, readonly [string, string?], string | RegExp]>([
    ['is had without a route, on a link that is down', {}, ['e0'], 'hears'],
    ['is had without the optional package too', {}, ['e0', 'noNative'], 'hears'],
    [
      'is had with IPv6 switched off by sysctl',
      { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.e0.disable_ipv6': '1' },
      ['e0', 'noNative'],
      'hears',
    ],
    ['is had for an interface that has no address', {}, ['e1'], 'hears'],
    [
      'needs the optional package where foreign addresses may be bound, and says so',
      { 'net.ipv6.ip_nonlocal_bind': '1' },
      ['e0', 'noNative'],
      /^net\.ipv6\.ip_nonlocal_bind is set here, and the optional package sockopt is not there$/,
    ],
    [
      'is had there with it',
      { 'net.ipv6.ip_nonlocal_bind': '1' },
      ['e0'],
      hasNative ? 'hears' : /sockopt is not there/,
    ],
    [
      'is not had beside a program that shares the port with nobody',
      {},
      ['e0', 'held'],
      /^UDP port 68 is taken .* ss /,
    ],
    ['is not had without a right to the port', {}, ['e0', 'nobody'], /^no permission for UDP port 68/],
    ['is not had for an interface that is not there', {}, ['eth9'], 'there is no interface eth9'],
  ])('%s', { timeout: 120_000 }, async (_, sysctls, [iface, how], expected) => {
    const names = Object.keys(sysctls);
    for (const [name, value] of Object.entries(sysctls)) await inside('sysctl', '-qw', `${name}=${value}`);
    const told = await probe(iface, how);
    for (const name of names) await inside('sysctl', '-qw', `${name}=0`);
    expect(told).toMatch(expected === 'hears' ? /^hears$/ : expected);
  });
});

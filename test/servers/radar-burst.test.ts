import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import type { HeardAnswer } from '../../src/servers/radar-ears.ts';
import { loadSocketOptions } from '../../src/servers/socket-options.ts';
import { mustRun, runCommand } from '../firmware/run-command.ts';
import { ip, packet } from '../netboot/client-packets.ts';

/** The worst moment for ears: 2,000 answers of ours go out, no core is free to read, and in the middle a rival speaks once. */

const id = process.pid % 10_000;
const SERVER = `ccq${id}s`;
const RIVAL = `ccq${id}r`;
const PROBE = new URL('radar-burst-probe.ts', import.meta.url).pathname;

const works = process.getuid?.() === 0 && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const offerOf = (server: string, yiaddr: string): string =>
  encodeDhcp({
    ...packet('os', '52:54:00:00:00:01'),
    op: 'reply',
    yiaddr: ip(yiaddr),
    file: 'office.0',
    options: { messageType: 'offer', serverId: ip(server) },
  }).toString('hex');

/** Said once, or with `last` as its argument the word after which nothing comes. */
const SPEAK = `const s=require('dgram').createSocket('udp4');s.bind(67,'10.9.0.2',()=>{s.setBroadcast(true);
s.send(Buffer.from(process.argv[1]==='last'?'${offerOf('10.9.0.2', '0.0.0.0')}':'${offerOf('10.9.0.2', '10.9.0.77')}','hex'),68,'255.255.255.255',()=>s.close())})`;

beforeAll(async () => {
  if (!works) return;
  await mustRun('ip', ['netns', 'add', RIVAL]);
  await mustRun('ip', ['link', 'add', 's0', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'r0', 'netns', RIVAL]);
  for (const [name, device, address] of [
    [SERVER, 's0', '10.9.0.1/24'],
    [RIVAL, 'r0', '10.9.0.2/24'],
  ] as const) {
    await mustRun('ip', ['-n', name, 'addr', 'add', address, 'dev', device]);
    await mustRun('ip', ['-n', name, 'link', 'set', device, 'up']);
  }
}, 60_000);
afterAll(async () => {
  for (const name of [SERVER, RIVAL]) await runCommand('ip', ['netns', 'del', name]);
});

describeHere('ears in a burst of our own', () => {
  test('hear the one answer of somebody else between 2,000 of ours, and none of ours', {
    timeout: 120_000,
  }, async () => {
    // Nobody may ask for more than net.core.rmem_max but through the optional package.
    const rival = ['ip', 'netns', 'exec', RIVAL, process.execPath, '-e', SPEAK];
    const own = offerOf('10.9.0.1', '10.9.0.100');
    const out = await mustRun('ip', [
      'netns',
      'exec',
      SERVER,
      process.execPath,
      PROBE,
      's0',
      '10.9.0.1',
      own,
      ...rival,
    ]);
    const told = JSON.parse(out) as {
      heard: readonly HeardAnswer[];
      frames: number;
      queued: number;
      warnings: readonly string[];
    };
    expect(told.queued).toBe(0);
    // Without the optional package each of ours is read, as far as its sender.
    if (loadLibc() !== undefined) expect(told.frames).toBeLessThan(100);
    else expect(told.frames).toBeGreaterThan(2_000);
    if (loadSocketOptions() !== undefined) expect(told.warnings).toEqual([]);
    const answer = { mac: '52:54:00:00:00:01', file: 'office.0', options: { messageType: 'offer' } };
    const [first, ...last] = told.heard;
    expect(first).toMatchObject({ from: '10.9.0.2', iface: 's0', answer: { ...answer, yiaddr: ip('10.9.0.77') } });
    for (const one of last) expect(one).toMatchObject({ from: '10.9.0.2', answer: { ...answer, yiaddr: 0 } });
  });
});

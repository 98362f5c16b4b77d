import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/servers/libc.ts';
import type { Twin } from '../../src/servers/twin-watch.ts';
import { mustRun, runCommand } from '../firmware/run-command.ts';

/** A server with two interfaces on one wire, on which another host has its address as well. */

const id = process.pid % 10_000;
const SERVER = `cct${id}s`;
const OTHER = `cct${id}o`;
const MAC = '52:54:00:ee:00:01';
const DOCTOR = new URL('doctor-twins-probe.ts', import.meta.url).pathname;
const PROBE = new URL('twin-probe.ts', import.meta.url).pathname;
/** What a DHCP server at that address broadcasts, again and again. */
const SPEAK = `const s=require('dgram').createSocket('udp4');s.bind(67,'10.9.0.1',()=>{s.setBroadcast(true);
setInterval(()=>s.send('theirs',68,'10.9.0.255',()=>{}),200)});setTimeout(()=>process.exit(0),4500)`;

/** One that answers whoever has no address yet. */
const ANSWER = `const s=require('dgram').createSocket('udp4');s.on('message',(m,from)=>{if(from.address==='0.0.0.0')
s.send('answers '+m,68,'10.9.0.255',()=>{})});s.bind(67,()=>s.setBroadcast(true));setTimeout(()=>process.exit(0),4500)`;

const works =
  process.getuid?.() === 0 && loadLibc() !== undefined && spawnSync('ip', ['netns', 'add', SERVER]).status === 0;
if (!works) process.stderr.write('skipped: another host at our address needs root, iproute2 and koffi\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const at = (namespace: string, ...args: string[]) => mustRun('ip', ['-n', namespace, ...args]);

beforeAll(async () => {
  if (!works) return;
  await mustRun('ip', ['netns', 'add', OTHER]);
  await at(OTHER, 'link', 'add', 'br0', 'address', MAC, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0');
  await at(OTHER, 'link', 'set', 'br0', 'up');
  for (const one of ['0', '1']) {
    await at(SERVER, 'link', 'add', `s${one}`, 'type', 'veth', 'peer', 'name', `o${one}`, 'netns', OTHER);
    await at(OTHER, 'link', 'set', `o${one}`, 'master', 'br0', 'up');
    await at(SERVER, 'addr', 'add', `10.9.0.${Number(one) + 1}/24`, 'dev', `s${one}`);
    await at(SERVER, 'link', 'set', `s${one}`, 'up');
  }
}, 60_000);
afterAll(async () => {
  for (const name of [SERVER, OTHER]) await runCommand('ip', ['netns', 'del', name]);
});

interface Told {
  readonly hears: boolean;
  readonly twins: readonly Twin[];
  readonly heard: readonly (Twin & { readonly text: string })[];
  readonly kernel: readonly string[];
}

async function watch(...own: string[]): Promise<Told> {
  const args = ['netns', 'exec', SERVER, process.execPath, PROBE, '4000', ...own];
  return JSON.parse(await mustRun('ip', args, { timeoutMs: 30_000 })) as Told;
}

describeHere('another host at our address', { timeout: 60_000 }, () => {
  test('is none that we are ourselves, by another interface on the same wire', async () => {
    expect(await watch('10.9.0.1')).toEqual({ hears: true, twins: [], heard: [], kernel: [] });
  });

  test('is told by its MAC, with what its DHCP server sends and with nothing of ours', async () => {
    await at(OTHER, 'addr', 'add', '10.9.0.1/24', 'dev', 'br0');
    const speaking = mustRun('ip', ['netns', 'exec', OTHER, process.execPath, '-e', SPEAK], { timeoutMs: 30_000 });
    const { twins, heard, kernel } = await watch('10.9.0.1');
    await speaking;
    const twin = { iface: 's0', address: '10.9.0.1', mac: MAC };
    expect(twins).toEqual([twin]);
    expect(heard[0]).toEqual({ ...twin, text: 'theirs' });
    expect(new Set(heard.map(({ text }) => text))).toEqual(new Set(['theirs']));
    // Nobody is woken for ours.
    expect(new Set(kernel)).toEqual(new Set([MAC]));
  });

  test('is told by doctor, with what it answers a machine', async () => {
    const answering = mustRun('ip', ['netns', 'exec', OTHER, process.execPath, '-e', ANSWER], { timeoutMs: 30_000 });
    const said = await mustRun('ip', ['netns', 'exec', SERVER, process.execPath, DOCTOR, '10.9.0.1']);
    await answering;
    const what = `another host, ${MAC} on s0, has our own address 10.9.0.1, and answers who gives addresses`;
    expect(JSON.parse(said)).toMatchObject([{ state: 'fail', what }]);
  });

  test('is none where we have that address no longer: it is the other one that has it now', async () => {
    await at(SERVER, 'addr', 'del', '10.9.0.1/24', 'dev', 's0');
    await at(SERVER, 'addr', 'add', '10.9.0.7/24', 'dev', 's0');
    expect(await watch('10.9.0.1', '10.9.0.7')).toMatchObject({ hears: true, twins: [] });
  });
});

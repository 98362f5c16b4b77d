import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endCommand, mustRun, runCommand } from '../firmware/run-command.ts';

/** A machine on a real cable that has us answer to addresses where nobody is. */

const id = process.pid % 10_000;
const SERVER = `cfs${id}`;
const CLIENT = `cfc${id}`;
const WAIT = { timeout: 60_000, interval: 100 };
/** Machines of the inventory; the last one takes no part in a flood. */
const macs = Array.from({ length: 50 }, (_, i) => `52:54:00:88:00:${i.toString(16).padStart(2, '0')}`);
const QUIET = '52:54:00:88:01:00';

const works = process.getuid?.() === 0 && (await runCommand('ip', ['netns', 'add', SERVER])).code === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const running: ChildProcess[] = [];

function start(namespace: string, ...command: string[]): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push(child);
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += String(bytes);
  });
  return { child, said: () => text };
}

beforeAll(async () => {
  if (!works) return;
  await mustRun('ip', ['netns', 'add', CLIENT]);
  await mustRun('ip', ['link', 'add', 's0', 'netns', SERVER, 'type', 'veth', 'peer', 'name', 'c0', 'netns', CLIENT]);
  await mustRun('ip', ['-n', SERVER, 'link', 'add', 's1', 'type', 'bridge']);
  for (const [device, address] of [
    ['s0', '10.9.0.1/24'],
    ['s1', '10.9.1.1/24'],
    ['s1', '10.9.1.3/24'],
  ] as const) {
    await mustRun('ip', ['-n', SERVER, 'addr', 'add', address, 'dev', device]);
    await mustRun('ip', ['-n', SERVER, 'link', 'set', device, 'up']);
  }
  await mustRun('ip', ['-n', CLIENT, 'addr', 'add', '10.9.0.60/24', 'dev', 'c0']);
  await mustRun('ip', ['-n', CLIENT, 'link', 'set', 'c0', 'up']);
}, 60_000);

afterEach(async () => {
  for (const child of running.splice(0)) await endCommand(child);
});
afterAll(async () => {
  for (const name of [SERVER, CLIENT]) await runCommand('ip', ['netns', 'del', name]);
});

describeHere('10,000 answers to addresses where nobody is', { timeout: 300_000 }, () => {
  const floods: readonly (readonly [string, string, readonly string[], RegExp])[] = [
    ['INFORMs of one machine', 'informs', macs.slice(0, 1), /52:54:00:88:00:00 on s0 asks for more answers/],
    ['INFORMs of fifty machines', 'informs', macs, /renewals on s0 are not answered: too many answers go to addresses/],
    ['renewals of fifty machines that left', 'renewals', macs, /renewals on s0 are not answered|asks for more answers/],
  ];
  test.each(floods)('%s keep nobody from an address, and are told', async (_, kind, flooders, warning) => {
    const program = new URL('netns-server.ts', import.meta.url).pathname;
    const server = start(SERVER, process.execPath, program, 'authoritative', ...macs, QUIET);
    await vi.waitFor(() => expect(server.said()).toContain('"type":"ready"'), WAIT);
    const script = new URL('netns-flooder.ts', import.meta.url).pathname;
    const flooder = start(CLIENT, process.execPath, script, kind, QUIET, ...flooders);
    await vi.waitFor(() => expect(flooder.said()).toBe('offer\n'), WAIT);
    await vi.waitFor(() => expect(server.said()).toMatch(warning), WAIT);
    flooder.child.stdin?.end();
    await vi.waitFor(() => expect(flooder.said()).toBe('offer\nack\n'), WAIT);
  });
});

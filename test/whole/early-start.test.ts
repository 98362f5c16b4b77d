import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { endCommand, runCommand } from '../firmware/run-command.ts';
import { addBridge } from './one-bridge.ts';
import { BUNDLE, run } from './run-program.ts';

/** The first seconds of a large rack: machines are answered, so all that forbids must be taken, and said. */

const HOST = `ces${process.pid % 10_000}`;
const MACHINES = 400;
const WAIT = { timeout: 60_000, interval: 10 };
const works = process.getuid?.() === 0 && (await runCommand('ip', ['netns', 'add', HOST])).code === 0;
if (!works) process.stderr.write('skipped: network namespaces need root and iproute2\n');
const describeHere = works || process.env['CI'] === 'true' ? describe : describe.skip;

const folder = mkdtempSync(join(tmpdir(), 'crashcart-early-'));
const running: ChildProcess[] = [];

beforeAll(async () => {
  const inventory = join(folder, 'inventory');
  mkdirSync(inventory);
  const net = 'interface: s0, address: 10.9.0.1, subnet: 10.9.0.0/16, pool: 10.9.1.1-10.9.9.250';
  writeFileSync(join(inventory, '_site.yaml'), `site: t\nnetworks: [{ ${net} }]\n`);
  for (let index = 0; index < MACHINES; index += 1) {
    const end = index.toString(16).padStart(4, '0');
    writeFileSync(join(inventory, `n${index}.yaml`), `macs: ["52:54:00:99:${end.slice(0, 2)}:${end.slice(2)}"]\n`);
  }
  if (!works) return;
  await addBridge(HOST, '10.9.0.1/16');
});
afterEach(async () => {
  for (const child of running.splice(0)) await endCommand(child);
});
afterAll(async () => {
  await runCommand('ip', ['netns', 'del', HOST]);
  rmSync(folder, { recursive: true, force: true });
});

function serve(state: string) {
  const child = spawn(
    'ip',
    ['netns', 'exec', HOST, process.execPath, BUNDLE, 'serve', '--state', join(folder, state)],
    {
      cwd: folder,
    },
  );
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes) => {
      text += String(bytes);
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const says = (what: string) => vi.waitFor(() => expect(text).toContain(what), WAIT);
  const socket = ['--socket', join(folder, state, 'control.sock')];
  return { child, said: () => text, says, ended, ask: (...words: string[]) => run([...words, ...socket]) };
}

const WARM = 'answered at full speed';

describeHere('a large rack that starts', { timeout: 120_000 }, () => {
  test('takes orders and signals while it answers itself to be fast, and says when it is', async () => {
    const { child, said, says, ended, ask } = serve('orders');
    await says('"text":"ready"');
    const held = await ask('hold', 'n7', '--why', 'seen smoke');
    expect(held).toMatchObject({ code: 0 });
    child.kill('SIGHUP');
    await says('SIGHUP: reading the inventory again');
    await says(WARM);
    expect(said()).not.toContain('not warmed up');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('tells its log from the first line on, can be told to read its files again, and is there when it answers', async () => {
    const { child, said, says, ended, ask } = serve('early');
    await says('DHCP listens on 10.9.0.1:67');
    child.kill('SIGHUP');
    const [status] = await Promise.all([ask('status', '--json'), says('"text":"ready"')]);
    expect(status).toMatchObject({ code: 0, err: '' });
    expect(said().indexOf('DHCP listens')).toBeLessThan(said().indexOf('"text":"ready"'));
    expect(said()).toContain('SIGHUP: reading the inventory again');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test.each([0, 300, 600])('ends in order when it is told to %d ms after it was ready', async (afterMs) => {
    const { child, said, says, ended } = serve(`ends-${afterMs}`);
    await says('"text":"ready"');
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const toldAt = performance.now();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(10_000);
    expect(said()).not.toContain('fault of its own');
    // Thousands of exchanges take longer on any machine: they were broken off.
    if (afterMs === 0) expect(said()).not.toContain(WARM);
  });
});

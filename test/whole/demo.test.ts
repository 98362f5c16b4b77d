import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUNDLE, run } from './run-program.ts';

/** The simulated rack, driven through the real stack by the commands that scripts use. */

let demo: ChildProcess;
let socket: string;

beforeAll(async () => {
  demo = spawn(process.execPath, [BUNDLE, 'demo', '--plain', '--nodes', '10', '--faults', 'none', '--speed', '60'], {
    stdio: 'ignore',
  });
  socket = `/tmp/crashcart-demo-${demo.pid}/state/control.sock`;
  for (let left = 80; left > 0 && !existsSync(socket); left--) await new Promise((again) => setTimeout(again, 250));
  expect(existsSync(socket)).toBe(true);
}, 30_000);

afterAll(async () => {
  const exited = new Promise((resolve) => demo.once('exit', resolve));
  demo.kill('SIGTERM');
  await exited;
  expect(existsSync(socket)).toBe(false);
}, 30_000);

const provision = (...args: readonly string[]) =>
  run(['provision', ...args, '--wait', '--timeout', '40', '--json', '--take', '--socket', socket]);

interface Report {
  readonly nodes: readonly {
    readonly name: string;
    readonly phase: string;
    readonly code?: string;
    readonly lastJob?: { readonly outcome: string };
  }[];
}
const report = (out: string) => JSON.parse(out) as Report;

test('machines that are armed by name come up from their disks', { timeout: 60_000 }, async () => {
  const done = await provision('r01-u04', 'r01-u05', 'r01-u06');
  expect(done.code, done.out + done.err).toBe(0);
  expect(report(done.out).nodes.map((node) => [node.name, node.lastJob?.outcome])).toEqual([
    ['r01-u04', 'done'],
    ['r01-u05', 'done'],
    ['r01-u06', 'done'],
  ]);
});

test('an install of what is installed halts, and says so', { timeout: 60_000 }, async () => {
  const again = await provision('r01-u04');
  expect(again.code).toBe(1);
  expect(report(again.out).nodes[0]).toMatchObject({ phase: 'halted', code: 'HALTED' });
});

test('a reinstall needs the typed name', async () => {
  const refused = await run(['provision', 'r01-u05', '--reinstall', '--socket', socket]);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('--confirm r01-u05');
});

test('a reinstall wipes once and installs', { timeout: 60_000 }, async () => {
  const done = await provision('r01-u05', '--reinstall', '--confirm', 'r01-u05');
  expect(done.code, done.out + done.err).toBe(0);
  expect(report(done.out).nodes[0]?.lastJob?.outcome).toBe('done');
});

test('two control-plane nodes of one cluster are not taken together', async () => {
  const refused = await provision('r01-u02', 'r01-u03');
  expect(refused.code).toBe(1);
  expect(refused.out).toContain('control-plane');
});

test('a machine that nobody armed keeps its disk whatever its power does', { timeout: 60_000 }, async () => {
  const cycled = await run(['power', 'r01-u06', 'cycle', '--take', '--socket', socket]);
  expect(cycled.code, cycled.out + cycled.err).toBe(0);
  for (let left = 80; left > 0; left--) {
    const { out, err } = await run(['status', 'r01-u06', '--json', '--socket', socket]);
    expect(err).toBe('');
    const node = report(out).nodes[0];
    if (node?.phase === 'ready') return;
    await new Promise((again) => setTimeout(again, 250));
  }
  throw new Error('it did not come back from its disk');
});

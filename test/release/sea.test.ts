import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loopbackSite, makeFolder } from '../whole/run-program.ts';
import { runTool, TOP } from './run-tool.ts';

/** The executable for a machine without Node: built as `npm run sea` does, and started with an empty PATH. */

const executable = join(TOP, 'dist', `crashcart-${process.platform}-${process.arch}`);
const home = mkdtempSync(join(tmpdir(), 'crashcart-sea-'));
const bare = { PATH: '/nowhere', HOME: home };
const running: ChildProcess[] = [];

beforeAll(async () => {
  const built = await runTool(process.execPath, [join(TOP, '.tools', 'sea.mjs')], { cwd: TOP });
  expect(built.code, built.err).toBe(0);
}, 120_000);

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A child that goes on, its output so far, and its end. */
function start(args: readonly string[]) {
  const child = spawn(executable, args, { env: bare, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let text = '';
  const grown: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (const look of grown) look();
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const says = (what: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => what.test(text) && resolve();
      grown.push(look);
      look();
      void ended.then((code) => reject(new Error(`ended with ${code} before it said ${what}:\n${text}`)));
    });
  return { child, ended, says };
}

describe('the single executable', () => {
  test('says its version without a Node on the machine', async () => {
    const { code, out, err } = await runTool(executable, ['--version'], { cwd: home, env: bare });
    expect({ code, out, err }).toEqual({ code: 0, out: expect.stringMatching(/^crashcart \d+\.\d+\.\d+\n$/), err: '' });
  });

  test('checks an inventory, and its exit code is the answer', async () => {
    const where = { cwd: home, env: bare };
    expect((await runTool(executable, ['check', '--inventory', join(TOP, 'inventory')], where)).code).toBe(0);
    expect((await runTool(executable, ['check', '--inventory', 'none'], where)).code).toBe(2);
  });

  test('serves: its engine thread starts in it, answers over the socket, and ends at SIGTERM with its state saved', async () => {
    const site = makeFolder({ '_site.yaml': await loopbackSite() });
    const state = join(home, 'state');
    const engine = start(['serve', '--inventory', site, '--state', state]);
    await engine.says(/"text":"ready"/);
    const socket = join(state, 'control.sock');
    const status = await runTool(executable, ['status', '--json', '--socket', socket], { cwd: home, env: bare });
    expect(status.code, status.err).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({ nodes: [] });
    engine.child.kill('SIGTERM');
    expect(await engine.ended).toBe(0);
    rmSync(site, { recursive: true });
  }, 60_000);

  test('simulates a rack in a thread of its own, and takes a machine of it to its disk with all its other threads', async () => {
    const demo = start(['demo', '--plain', '--nodes', '4', '--speed', '60', '--faults', 'none']);
    await demo.says(/4 nodes/);
    const socket = `/tmp/crashcart-demo-${demo.child.pid}/state/control.sock`;
    const order = ['provision', 'r01-u04', '--wait', '--timeout', '80', '--take', '--socket', socket];
    const done = await runTool(executable, order, { cwd: home, env: bare });
    expect(done.code, done.out + done.err).toBe(0);
    // Which of the phases between are printed depends on how often the two programs get a turn.
    expect(done.out).toMatch(/(?:running|ready)/);
    demo.child.kill('SIGTERM');
    expect(await demo.ended).toBe(0);
  }, 180_000);
});

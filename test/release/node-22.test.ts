import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runTool, TOP } from './run-tool.ts';

/** The packed program on the oldest Node that `engines` promises: the tests before this one all run on a newer one. */

const OLDEST = [22, 19] as const;

/** Named by the environment, or the machine's own. */
function findOldNode(): string | undefined {
  const places = [
    process.env['CRASHCART_NODE_22'],
    ...(process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node')),
  ];
  return places.find((place) => {
    if (place === undefined || !existsSync(place)) return false;
    const [major = 0, minor = 0] = execFileSync(place, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .split('.')
      .map(Number);
    return major === OLDEST[0] && minor >= OLDEST[1];
  });
}

const folder = mkdtempSync(join(tmpdir(), 'crashcart-node-22-'));
const isCi = process.env['CI'] === 'true';

/** From the registry that the packages of this run came from. Not among them: every first start would fetch it too. */
function fetchOldNode(): string {
  const name = `node-${process.platform}-${process.arch}`;
  const flags = ['--no-save', '--no-audit', '--no-fund', '--silent', '--prefix', join(folder, 'node')];
  execFileSync('npm', ['install', ...flags, `${name}@${OLDEST.join('.')}.0`], { timeout: 300_000 });
  return join(folder, 'node', 'node_modules', name, 'bin', 'node');
}

const node = findOldNode() ?? (isCi ? fetchOldNode() : undefined);
if (node === undefined) {
  rmSync(folder, { recursive: true });
  const why = 'no Node 22 (from 22.19 on) is here: name one by CRASHCART_NODE_22';
  process.stderr.write(`${why}; the packed program is not tried on the oldest that it promises\n`);
}

const program = join(folder, 'package', 'dist', 'crashcart.mjs');
let demo: ChildProcess | undefined;

describe.skipIf(node === undefined)('the packed program on the oldest Node that it promises', () => {
  const run = (args: readonly string[]) => runTool(node ?? '', [program, ...args], { cwd: folder });

  beforeAll(async () => {
    const packed = await runTool('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
      cwd: TOP,
    });
    expect(packed.code, packed.err).toBe(0);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none';
    // Unpacked far from any node_modules: it must bring all that it needs.
    expect(await runTool('tar', ['-xzf', tarball], { cwd: folder })).toMatchObject({ code: 0 });
  }, 120_000);

  afterAll(async () => {
    const running = demo;
    if (running?.exitCode === null) {
      running.kill('SIGTERM');
      await new Promise((resolve) => running.once('exit', resolve));
    }
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test('says its version, and checks the inventory that it ships, without a warning of Node', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^crashcart \d/), err: '' });
    expect(await run(['check', '--inventory', 'package/inventory'])).toMatchObject({ code: 0, err: '' });
  });

  test('installs a machine of its demo, in all its threads', { timeout: 150_000 }, async () => {
    const args = ['demo', '--plain', '--nodes', '3', '--speed', '60', '--faults', 'none'];
    const started = spawn(node ?? '', [program, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    demo = started;
    let errors = '';
    started.stderr.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
    const socket = join(tmpdir(), `crashcart-demo-${started.pid}`, 'state', 'control.sock');
    for (const until = Date.now() + 60_000; !existsSync(socket) && Date.now() < until; )
      await new Promise((again) => setTimeout(again, 200));
    expect(existsSync(socket), errors).toBe(true);
    const done = await run(['provision', 'r01-u02', '--wait', '--timeout', '80', '--take', '--socket', socket]);
    expect(done.code, done.out + done.err).toBe(0);
    expect(errors).toBe('');
  });
});

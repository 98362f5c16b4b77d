import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { BUNDLE, run } from './run-program.ts';

/** What a newcomer has just seen can be looked at again. */

const folder = mkdtempSync(join(tmpdir(), 'demo-keep-'));
const keep = join(folder, 'kept');
let demo: ChildProcess | undefined;
afterAll(() => {
  demo?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'a demo that gets %s while it starts ends in order and leaves nothing',
  {
    timeout: 60_000,
  },
  async (signal) => {
    const child = spawn(process.execPath, [BUNDLE, 'demo', '--plain', '--nodes', '3'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    demo = child;
    let said = '';
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    const own = join(tmpdir(), `crashcart-demo-${child.pid}`);
    for (let left = 2_000; left > 0 && !said.includes('starting: journal'); left--)
      await new Promise((again) => setTimeout(again, 10));
    expect(existsSync(own)).toBe(true);
    child.kill(signal);
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
    expect(existsSync(own)).toBe(false);
  },
);

test('a demo with --keep leaves its journal, is found while it runs, and takes no folder of another one', {
  timeout: 180_000,
}, async () => {
  const child = spawn(process.execPath, [BUNDLE, 'demo', '--plain', '--nodes', '3', '--keep', keep], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  demo = child;
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
  const own = join(tmpdir(), `crashcart-demo-${child.pid}`);
  const socket = join(own, 'state', 'control.sock');
  for (let left = 240; left > 0 && !existsSync(socket); left--) await new Promise((again) => setTimeout(again, 250));
  const status = await run(['status', '--json', '--socket', socket]);
  expect(status.code, status.err + said).toBe(0);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(existsSync(own)).toBe(false);
  expect(said).toContain(`crashcart replay ${keep}`);

  const replayed = await run(['replay', keep, '--plain', '--speed', '0']);
  expect(replayed.code, replayed.err).toBe(0);
  expect(replayed.out).toContain('r01-u03');

  const again = await run(['demo', '--plain', '--nodes', '3', '--keep', keep]);
  expect([again.code, again.err]).toEqual([3, expect.stringContaining('--keep takes an empty folder or a new one')]);
  // The way to look at the old one is one that works.
  const [, ...way] = /`crashcart (export --state \S+)`/.exec(again.err)?.[1]?.split(' ') ?? [];
  const out = join(folder, 'report');
  const reported = await run(['export', ...way, '--out', out]);
  expect(reported.code, reported.err).toBe(0);
  expect(existsSync(join(out, 'report.md'))).toBe(true);
});

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ACTOR } from '../core/kit.ts';
import { type Bundle, bundleProgram } from './bundle.ts';
import { arm, boot, createRecordedSite, load, NODES, type RecordedSite } from './recorded-site.ts';

/** `crashcart … | head -1`: the reader of a real pipe goes, and the program ends without a word. */
vi.setConfig({ testTimeout: 60_000 });

let program: Bundle;
let site: RecordedSite;
let inventory: string;

beforeAll(async () => {
  program = await bundleProgram();
  inventory = join(program.folder, 'inventory');
  cpSync(new URL('../../inventory', import.meta.url).pathname, inventory, { recursive: true });
  site = createRecordedSite();
  const run = await site.run('crashcart serve');
  run.engine.emit(load(...NODES));
  for (const node of NODES.slice(0, 2)) {
    arm(run, node);
    boot(run, node);
  }
  run.engine.emit({ type: 'operator.retried', node: NODES[0]?.name ?? '', by: ACTOR });
  await run.end();
}, 60_000);
afterAll(() => {
  site.remove();
  program.remove();
});

function inBash(script: string, ...args: readonly string[]) {
  return spawnSync('bash', ['-o', 'pipefail', '-c', script, 'bash', process.execPath, program.file, ...args], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { PATH: process.env['PATH'], HOME: program.folder, NODE_COMPILE_CACHE: join(program.folder, 'cache') },
  });
}

/** The reader has ended before the program begins: `wait $!` waits for it. */
const withoutReader = (...args: readonly string[]) => inBash('exec 3> >(:); wait $!; exec "$@" >&3', ...args);

test.each<[name: string, args: () => readonly string[]]>([
  ['the help', () => ['--help']],
  ['the help of a command', () => ['export', '--help']],
  ['the version', () => ['--version']],
  ['the completions', () => ['completions', 'bash']],
  ['a report as JSON', () => ['export', '--json', '--state', site.dir]],
  ['the runs of a journal', () => ['export', '--list', '--state', site.dir]],
  ['a replay line by line', () => ['replay', site.dir, '--plain', '--speed', '0']],
  ['a check', () => ['check', '--inventory', inventory]],
])('%s ends quietly when its reader is gone', (_name, args) => {
  const { status, stderr } = withoutReader(...args());
  expect([status, stderr]).toEqual([141, '']);
});

test('head gets its line, and the program says nothing', () => {
  const { status, stdout, stderr } = inBash('"$@" | head -n 1', 'export', '--json', '--state', site.dir);
  expect([stdout, stderr]).toEqual(['{\n', '']);
  // All of it went into the pipe before the reader was gone, or the reader was quicker.
  expect([0, 141]).toContain(status);
});

test('what cannot be written for another reason is said', () => {
  const { status, stderr } = inBash('exec "$@" >/dev/full', 'export', '--json', '--state', site.dir);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^crashcart: the output cannot be written: .*ENOSPC.*\n$/);
});

test('a demo that prints lines ends in order, and leaves nothing behind', () => {
  const { status, stderr, pid } = withoutReader('demo', '--plain', '--nodes', '2', '--faults', 'none');
  expect([status, stderr]).toEqual([141, '']);
  expect(existsSync(join(tmpdir(), `crashcart-demo-${pid}`))).toBe(false);
});

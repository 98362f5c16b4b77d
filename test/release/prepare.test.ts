import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runTool, TOP } from './run-tool.ts';

/**
 * What stands before `npm start` and `npm test`, in a small clone with one package, an npm that writes down how it was called,
 * and a build that takes no time.
 */

const FAKE_NPM = `#!/bin/sh
echo "npm $*" >> "$CLONE/calls"
sleep "\${NPM_TAKES:-0}"
[ -n "$NPM_FAILS" ] && exit 1
mkdir -p "$CLONE/node_modules/one" "$CLONE/node_modules/.bin" "$CLONE/node_modules/@esbuild/${process.platform}-${process.arch}"
echo '{}' > "$CLONE/node_modules/one/package.json"
ln -sf "$NODE" "$CLONE/node_modules/.bin/node"
cp "$CLONE/package-lock.json" "$CLONE/node_modules/.package-lock.json"
`;

const FAKE_BUILD = `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { BUILT, hashInputs, INPUTS_FILE, TOP } from './freshness.mjs';
appendFileSync(TOP + '/calls', 'build\\n');
mkdirSync(TOP + '/dist/completions', { recursive: true });
for (const path of [...BUILT, INPUTS_FILE]) writeFileSync(TOP + '/' + path, path === INPUTS_FILE ? hashInputs() : '');
`;

const lockOf = (version: string) => JSON.stringify({ packages: { '': {}, 'node_modules/one': { version } } });
const INSTALL = 'npm ci --no-audit --no-fund --loglevel=error --prefer-offline --include=dev --include=optional';

let clone = '';

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'crashcart-clone-'));
  for (const name of ['freshness.mjs', 'prepare-lock.mjs', 'prepare.mjs'])
    cpSync(join(TOP, '.tools', name), join(clone, '.tools', name));
  writeFileSync(join(clone, '.tools', 'build.mjs'), FAKE_BUILD);
  writeFileSync(join(clone, 'package.json'), '{}');
  writeFileSync(join(clone, 'package-lock.json'), lockOf('1.0.0'));
  mkdirSync(join(clone, 'src'));
  writeFileSync(join(clone, 'src', 'main.ts'), 'one');
  mkdirSync(join(clone, 'bin'));
  writeFileSync(join(clone, 'bin', 'npm'), FAKE_NPM);
  chmodSync(join(clone, 'bin', 'npm'), 0o755);
});
afterEach(() => rmSync(clone, { recursive: true, force: true }));

const prepare = (extra: Readonly<Record<string, string>> = {}) =>
  runTool(process.execPath, [join(clone, '.tools', 'prepare.mjs')], {
    env: {
      ...process.env,
      ...extra,
      CLONE: clone,
      NODE: process.execPath,
      PATH: `${join(clone, 'bin')}${delimiter}${process.env['PATH']}`,
    },
  });

/** What was called since the last time. */
function calls(): readonly string[] {
  const path = join(clone, 'calls');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  rmSync(path, { force: true });
  return lines;
}

const SILENCE = { code: 0, out: '', err: '' };

describe('a clean clone', () => {
  test('is installed and built at the first start, and left alone at the second', async () => {
    expect((await prepare()).code).toBe(0);
    expect(calls()).toEqual([INSTALL, 'build']);
    expect(await prepare()).toEqual(SILENCE);
    expect(calls()).toEqual([]);
  });

  test('is installed once when two commands start at once', async () => {
    const both = await Promise.all([prepare({ NPM_TAKES: '0.5' }), prepare({ NPM_TAKES: '0.5' })]);
    expect(both.map((one) => one.code)).toEqual([0, 0]);
    expect(calls()).toEqual([INSTALL, 'build']);
  });

  test('says why it could not be installed, and with which exit code', async () => {
    const { code, err } = await prepare({ NPM_FAILS: '1' });
    expect(code).toBe(3);
    expect(err).toMatch(/could not be installed \(npm ended with 1; first start\)/);
    expect(existsSync(join(clone, 'dist', '.prepare.lock'))).toBe(false);
  });
});

describe('a clone that was ready', () => {
  beforeEach(async () => {
    await prepare();
    calls();
  });

  const file = (path: string) => join(clone, path);
  const touch = (path: string) => utimesSync(file(path), new Date(), new Date(Date.now() + 60_000));

  test.each<readonly [string, () => void, readonly string[]]>([
    ['does nothing when only the time of a source changes', () => touch('src/main.ts'), []],
    ['does nothing when only the time of the lock changes', () => touch('package-lock.json'), []],
    ['builds when a source changes', () => writeFileSync(file('src/main.ts'), 'two'), ['build']],
    ['builds when a source comes', () => writeFileSync(file('src/new.ts'), ''), ['build']],
    ['builds when a source goes', () => rmSync(file('src/main.ts')), ['build']],
    ['builds when a part of what was built is gone', () => rmSync(file('dist/crashcart.1')), ['build']],
    [
      'installs when the lock names another version',
      () => writeFileSync(file('package-lock.json'), lockOf('1.1.0')),
      [INSTALL, 'build'],
    ],
    ['installs when an install was cut off', () => rmSync(file('node_modules/.package-lock.json')), [INSTALL]],
    [
      'installs when a package has lost its files',
      () => rmSync(file('node_modules/one'), { recursive: true }),
      [INSTALL],
    ],
    ['installs when node_modules is gone', () => rmSync(file('node_modules'), { recursive: true }), [INSTALL]],
    [
      'installs when node_modules is for another machine',
      () => rmSync(file('node_modules/@esbuild'), { recursive: true }),
      [INSTALL],
    ],
  ])('%s', async (_name, change, expected) => {
    change();
    expect((await prepare()).code).toBe(0);
    expect(calls()).toEqual(expected);
    expect(await prepare()).toEqual(SILENCE);
  });

  test('writes nothing, so that a read-only copy works', async () => {
    const before = statSync(file('dist')).mtimeMs;
    await prepare();
    expect(statSync(file('dist')).mtimeMs).toBe(before);
  });

  test('needs no package for another kind of machine', async () => {
    const lock = JSON.parse(lockOf('1.0.0')) as { packages: Record<string, object> };
    lock.packages['node_modules/other'] = { version: '3.0.0', optional: true };
    writeFileSync(file('package-lock.json'), JSON.stringify(lock));
    await prepare();
    expect(calls()).toEqual(['build']);
  });

  test('needs no Node of its own where the machine has one that will do', async () => {
    rmSync(file('node_modules/.bin/node'));
    expect(await prepare()).toEqual(SILENCE);
  });

  test('waits at ^C until npm has rolled back', async () => {
    rmSync(file('node_modules'), { recursive: true });
    const child = spawn(process.execPath, [file('.tools/prepare.mjs')], {
      env: {
        ...process.env,
        CLONE: clone,
        NODE: process.execPath,
        NPM_TAKES: '1.5',
        PATH: `${file('bin')}${delimiter}${process.env['PATH']}`,
      },
      stdio: 'ignore',
    });
    while (!existsSync(file('calls'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const next = await prepare();
    expect(next.code).toBe(0);
    expect(next.out).toContain(`waiting for the install of process ${child.pid}`);
    expect(calls()).toEqual([INSTALL]);
  });

  test('installs again when the process that installed was killed', async () => {
    rmSync(file('node_modules'), { recursive: true });
    const env = { ...process.env, CLONE: clone, NODE: process.execPath, NPM_TAKES: '60' };
    const child = spawn(process.execPath, [file('.tools/prepare.mjs')], {
      env: { ...env, PATH: `${file('bin')}${delimiter}${process.env['PATH']}` },
      detached: true,
      stdio: 'ignore',
    });
    while (!existsSync(file('calls'))) await new Promise((resolve) => setTimeout(resolve, 20));
    // As ^C or a closed terminal does: the whole group, npm with it.
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    calls();
    expect((await prepare()).code).toBe(0);
    expect(calls()).toEqual([INSTALL]);
  });
});

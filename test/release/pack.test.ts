import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFolder } from '../whole/run-program.ts';
import { runTool, TOP } from './run-tool.ts';

/** What `npm pack` gives, installed as a stranger does: no scripts, no network, nothing to compile. */

const folder = mkdtempSync(join(tmpdir(), 'crashcart-pack-'));
const installed = join(folder, 'node_modules', 'crashcart');
const program = join(folder, 'node_modules', '.bin', 'crashcart');

beforeAll(async () => {
  // `npm test` has built; the scripts of the package would only look whether that is so.
  const packed = await runTool('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: TOP,
  });
  expect(packed.err + packed.out).toContain('.tgz');
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none';
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const flags = ['--ignore-scripts', '--offline', '--no-audit', '--no-fund'];
  const done = await runTool('npm', ['install', ...flags, join(folder, tarball)], { cwd: folder });
  expect(done.code, done.err).toBe(0);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the npm package', () => {
  test('asks for no other package, except the optional ones', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest['dependencies']).toBeUndefined();
    expect(manifest['optionalDependencies']).toEqual({
      koffi: expect.any(String),
      sockopt: expect.any(String),
    });
    expect(manifest['scripts']).not.toHaveProperty('install');
    expect(manifest['scripts']).not.toHaveProperty('postinstall');
  });

  test('holds the program, its papers and an example, and no workshop', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(installed, name)).isFile())
      .sort();
    for (const name of [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'assets/systemd/crashcart.service',
      'assets/systemd/crashcart.sysusers',
      'dist/completions/_crashcart',
      'dist/completions/crashcart.bash',
      'dist/completions/crashcart.fish',
      'dist/crashcart.1',
      'dist/crashcart.mjs',
      'dist/third-party-licences.txt',
      'inventory/_site.yaml',
    ])
      expect(files).toContain(name);
    expect(files.filter((name) => /^(src|test|\.tools|\.ci)\//.test(name) || /^dist\/\./.test(name))).toEqual([]);
    const totalBytes = files.reduce((sum, name) => sum + statSync(join(installed, name)).size, 0);
    expect(totalBytes).toBeLessThan(8e6);
  });

  test('brings a changelog without a link to itself, which leads a reader nowhere', () => {
    const text = readFileSync(join(installed, 'CHANGELOG.md'), 'utf8');
    const links = [...text.matchAll(/^\[[^\]]+\]: (\S+)|\]\((\S+)\)/gm)].map(([, named, inline]) => named ?? inline);
    expect(links).not.toEqual([]);
    expect(links.filter((to) => to?.startsWith('#'))).toEqual([]);
  });

  test('names the licence of every package in the bundle', () => {
    const text = readFileSync(join(installed, 'dist/third-party-licences.txt'), 'utf8');
    for (const name of ['ink', 'react', 'undici', 'yaml', 'lowdb', '@grpc/grpc-js', 'prom-client', 'zustand'])
      expect(text).toMatch(new RegExp(`^${name.replace('/', '\\/')} \\d+\\.`, 'm'));
  });

  test('runs by its bin', async () => {
    const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as { version: string };
    expect(await runTool(program, ['--version'])).toEqual({ code: 0, out: `crashcart ${version}\n`, err: '' });
  });

  test('checks the inventory that it ships, and says no to a broken one', async () => {
    const good = await runTool(program, ['check', '--inventory', join(installed, 'inventory')]);
    expect(good).toMatchObject({ code: 0, err: '' });
    const broken = makeFolder({ '_site.yaml': 'site: [\n' });
    const bad = await runTool(program, ['check', '--inventory', broken]);
    rmSync(broken, { recursive: true });
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(/_site\.yaml:\d+:\d+/);
  });

  test('explains its demo', async () => {
    const { code, out } = await runTool(program, ['demo', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('--nodes');
  });

  test('starts where the folder that it was called from is gone', async () => {
    const gone = mkdtempSync(join(tmpdir(), 'crashcart-gone-'));
    const { code, out } = await runTool('sh', ['-c', 'rmdir "$PWD" && exec "$0" --version', program], { cwd: gone });
    expect(existsSync(gone)).toBe(false);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('crashcart ') });
  });
});

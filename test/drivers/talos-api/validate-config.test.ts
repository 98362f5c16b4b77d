import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createValidator } from '../../../src/drivers/talos-api/validate-config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-talosctl-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program in the place of talosctl: says its version, and validates by looking for the word `bad`. */
async function talosctl(version: string): Promise<string> {
  const program = join(folder, 'talosctl');
  await writeFile(
    program,
    `#!/bin/sh
echo "$1" >> "${folder}/calls"
if [ "$1" = version ]; then echo "Client ${version}"; exit 0; fi
stat -c %a "$5" > "${folder}/mode"
if grep -q bad "$5"; then printf '1 error occurred:\\n\\t* unknown keys\\033[31m: bad\\n' >&2; exit 1; fi
`,
  );
  await chmod(program, 0o755);
  return program;
}

test.each([
  ['a good configuration is valid', 'v1.13.2', 'good', { ok: true, value: { is: 'valid', by: 'talosctl v1.13.2' } }],
  [
    'a bad one is refused with its words',
    'v1.13.2',
    'bad',
    { ok: false, error: 'talosctl refuses the configuration: 1 error occurred: * unknown keys: bad' },
  ],
  [
    'another minor proves nothing',
    'v1.12.2',
    'bad',
    { ok: true, value: { is: 'skipped', why: 'talosctl is v1.12.2, the configuration is for v1.13.9' } },
  ],
  [
    'no version proves nothing',
    'dev',
    'bad',
    { ok: true, value: { is: 'skipped', why: 'talosctl does not say its version' } },
  ],
])('%s', async (_name, version, text, expected) => {
  expect(await createValidator({ program: await talosctl(version) })(text, 'v1.13.9')).toEqual(expected);
});

test('without talosctl nothing is proven', async () => {
  expect(await createValidator({ program: join(folder, 'nothing') })('x', 'v1.13.9')).toEqual({
    ok: true,
    value: { is: 'skipped', why: 'talosctl is not on this machine' },
  });
});

test('the configuration is readable by nobody else, and gone afterwards', async () => {
  const place = process.platform === 'linux' ? '/dev/shm' : tmpdir();
  const before = (await readdir(place)).filter((name) => /^crashcart-[A-Za-z0-9]{6}$/.test(name));
  await createValidator({ program: await talosctl('v1.13.0') })('good', 'v1.13.9');
  expect((await readFile(join(folder, 'mode'), 'utf8')).trim()).toBe('600');
  const after = (await readdir(place)).filter((name) => /^crashcart-[A-Za-z0-9]{6}$/.test(name));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test('for a rack the version is asked for once, and each text is checked once', async () => {
  const validate = createValidator({ program: await talosctl('v1.13.2') });
  const texts = ['a', 'b', 'c', 'bad', 'a', 'b', 'c', 'bad'];
  const results = await Promise.all(texts.map((text) => validate(text, 'v1.13.9')));
  expect(results.map((one) => one.ok)).toEqual([true, true, true, false, true, true, true, false]);
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  expect(calls.filter((one) => one === 'version')).toHaveLength(1);
  expect(calls.filter((one) => one === 'validate')).toHaveLength(4);
});

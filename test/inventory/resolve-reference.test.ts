import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SecretRef } from '../../src/core/spec.ts';
import { parseDocumentRef, parseSecretRef } from '../../src/inventory/parse-reference.ts';
import { resolveDocument, resolveSecret } from '../../src/inventory/resolve-reference.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-secret-'));
  writeFileSync(join(folder, 'pw'), 's3cret\n');
  writeFileSync(join(folder, 'lines'), 's3cret\nmore\n');
  writeFileSync(join(folder, 'empty'), '');
  writeFileSync(join(folder, 'big'), 'x'.repeat(70_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = () => ({ folder, timeoutMs: 3000, env: { BMC: 's3cret', EMPTY: '' } });

test.each<[string, SecretRef]>([
  ['an environment variable', { from: 'env', name: 'BMC' }],
  ['the first line of a file below the inventory', { from: 'file', path: 'pw' }],
  ['the output of a command, run in the inventory', { from: 'exec', command: 'cat ./pw' }],
])('a secret comes from %s', async (_, ref) => {
  expect(await resolveSecret(ref, options())).toEqual({ ok: true, value: 's3cret' });
});

test.each<[string, SecretRef, string]>([
  ['a variable that is not set', { from: 'env', name: 'NOPE' }, 'the environment variable NOPE is not set'],
  ['an empty variable', { from: 'env', name: 'EMPTY' }, 'the environment variable EMPTY is empty'],
  ['a file that is missing', { from: 'file', path: 'nope' }, 'there is no file'],
  ['a folder', { from: 'file', path: '.' }, 'is no regular file'],
  ['an empty file', { from: 'file', path: 'empty' }, 'is empty'],
  ['a file of two lines', { from: 'file', path: 'lines' }, 'more than one line'],
  ['a file that is too large', { from: 'file', path: 'big' }, 'is larger than 64 KiB'],
  [
    'a command that fails, without its words',
    { from: 'exec', command: 'echo s3cret; echo s3cret >&2; exit 3' },
    'the command ended with status 3',
  ],
  ['a command that is missing', { from: 'exec', command: 'no-such-program-xyz' }, 'the command ended with status 127'],
  ['a command that prints nothing', { from: 'exec', command: 'true' }, 'the command printed nothing'],
  ['a command that prints for ever', { from: 'exec', command: 'yes s3cret' }, 'the command printed more than 64 KiB'],
])('%s is a reason, never the secret', async (_, ref, expected) => {
  const result = await resolveSecret(ref, options());
  expect(result.ok ? '' : result.error).toContain(expected);
  expect(JSON.stringify(result)).not.toContain('s3cret');
});

test('a command that hangs is ended with all that it started', async () => {
  const start = performance.now();
  const result = await resolveSecret(
    { from: 'exec', command: 'sleep 30 & sleep 30; wait' },
    { folder, timeoutMs: 200 },
  );
  expect(result).toEqual({ ok: false, error: 'the command took longer than 200 ms' });
  expect(performance.now() - start).toBeLessThan(3000);
});

test('a document is bytes from a file or a command', async () => {
  expect(await resolveDocument({ from: 'file', path: 'lines' }, { folder })).toEqual({
    ok: true,
    value: Buffer.from('s3cret\nmore\n'),
  });
  expect(await resolveDocument({ from: 'exec', command: 'printf abc' }, { folder })).toEqual({
    ok: true,
    value: Buffer.from('abc'),
  });
  expect((await resolveDocument({ from: 'file', path: 'empty' }, { folder })).ok).toBe(false);
});

test.each<[string, unknown]>([
  ['env:BMC', { from: 'env', name: 'BMC' }],
  ['file: /run/pw', { from: 'file', path: '/run/pw' }],
  ['exec:pass show "bmc a"', { from: 'exec', command: 'pass show "bmc a"' }],
])('%s names a secret', (text, expected) => {
  expect(parseSecretRef(text)).toEqual({ ok: true, value: expected });
});

test.each(['hunter2', 'env:', 'env:not a name', 'ENV:X'])('%s names none, and is not repeated', (text) => {
  const result = parseSecretRef(text);
  expect(result.ok ? '' : result.error).toContain('env:BMC_PASSWORD');
  expect(result.ok ? '' : result.error).not.toContain('hunter2');
});

test.each<[string, boolean]>([
  ['a.yaml', true],
  ['file:a.yaml', true],
  ['exec:sops -d a.yaml', true],
  ['https://example.org/a.yaml', false],
  ['exec:', false],
])('the document %s is taken: %s', (text, expected) => {
  expect(parseDocumentRef(text).ok).toBe(expected);
});

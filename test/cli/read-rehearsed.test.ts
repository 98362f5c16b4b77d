import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRehearsed } from '../../src/cli/read-rehearsed.ts';

const SITE =
  'networks: [{ relay: 10.77.0.2, address: 127.0.0.1, subnet: 10.77.0.0/24 }]\ntalos: { version: v1.13.9 }\n';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-rehearsed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an inventory without machines is no rehearsal, and what to do is said', async () => {
  writeFileSync(join(folder, '_site.yaml'), SITE);
  const read = await readRehearsed(folder);
  expect(read.ok ? '' : read.error).toMatch(/has no machines to rehearse: write a file for each/);
});

test('a site that cannot be read is not called absent beside its error', async () => {
  writeFileSync(join(folder, '_site.yaml'), Buffer.from('\ufeffsite: x\n', 'utf16le'));
  writeFileSync(join(folder, 'n1.yaml'), 'macs: [52:54:00:00:00:01]\nserial: S1\n');
  const read = await readRehearsed(folder);
  const lines = read.ok ? [] : read.error.split('\n').filter((line) => line.includes('_site.yaml'));
  expect(lines).toEqual([`${folder}/_site.yaml:1:1: error: the text is UTF-16; save the file as UTF-8`]);
});

test('warnings come with the inventory', async () => {
  writeFileSync(join(folder, '_site.yaml'), SITE);
  writeFileSync(join(folder, 'n1.yaml'), 'macs: [52:54:00:00:00:01]\n');
  const read = await readRehearsed(folder);
  expect(read).toMatchObject({ ok: true, value: { warnings: [{ file: 'n1.yaml', severity: 'warning' }] } });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkProfiles } from '../../src/cli/check-profiles.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-profiles-'));
  await mkdir(join(folder, 'own'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function problemsOf(profiles: string, files: Readonly<Record<string, string>> = {}) {
  const all = {
    '_profiles.yaml': profiles,
    'n1.yaml': 'macs: [52:54:00:00:00:01]\nserial: A1\nprofile: own\n',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  const { inventory, problems } = await loadInventory(folder);
  if (inventory === undefined) throw new Error(JSON.stringify(problems));
  const found = await checkProfiles(inventory, folder);
  return found.map(({ file, line, column, message }) => `${file}:${line}${column > 1 ? `:${column}` : ''}: ${message}`);
}

const OWN = 'own:\n  kind: script\n  writesDisk: false\n';

test.each<[string, string, Readonly<Record<string, string>>, RegExp]>([
  [
    'a script without its first line',
    `${OWN}  template: own/x.ipxe\n`,
    { 'own/x.ipxe': 'echo\n' },
    /^own\/x\.ipxe:1: profile own: .*#!ipxe/,
  ],
  [
    'one file for each machine',
    `${OWN}  template: own/{node}.ipxe\n`,
    { 'own/n1.ipxe': 'echo\n' },
    /^own\/n1\.ipxe:1: /,
  ],
  [
    'a name that nothing is put in place of',
    `${OWN}  template: own/x.ipxe\n`,
    { 'own/x.ipxe': `#!ipxe\nset a {{node}}\nset x \${serial} && chain {base}/x?sn={serial}\n` },
    /^own\/x\.ipxe:3:38: profile own: \{serial\} goes out as it stands: a script takes \{base\}, \{mac\}, .* \$\{serial\}$/,
  ],
  [
    'an argument that iPXE would expand',
    `own:\n  kind: linux\n  kernel: vmlinuz\n  args:\n    - quiet\n    - "x=\${net0/mac}"\n  writesDisk: false\n`,
    {},
    /^_profiles\.yaml:6: profile own: its args: .*holds \$\{/,
  ],
])('is found: %s', async (_name, profiles, files, expected) => {
  const found = await problemsOf(profiles, files);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
});

test('nothing is found where all is well, and no command is run', async () => {
  const marker = join(folder, 'ran');
  const ran = `${OWN}  template: "exec:touch ${marker}"\n`;
  expect(await problemsOf(ran)).toEqual([]);
  expect(await problemsOf(`${OWN}  template: own/x.ipxe\n`, { 'own/x.ipxe': '#!ipxe\nexit\n' })).toEqual([]);
  await expect(import('node:fs/promises').then((fs) => fs.access(marker))).rejects.toThrow('ENOENT');
});

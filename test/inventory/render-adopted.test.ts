import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInventory } from '../../src/inventory/parse-inventory.ts';
import { parseYaml } from '../../src/inventory/parse-yaml.ts';
import { type AdoptedMachine, renderAdopted } from '../../src/inventory/render-adopted.ts';
import { writeAdopted } from '../../src/inventory/write-adopted.ts';
import { toPlain } from '../../src/inventory/yaml-tree.ts';

const FOUND: AdoptedMachine = {
  name: 'node-01',
  macs: ['52:54:00:0a:21:01', '52:54:00:0a:21:02'],
  serial: 'CZJ1',
  uuid: '33221100-5544-7766-8899-aabbccddeeff',
};

test('a new file holds what is known and is accepted by the inventory', () => {
  const machine: AdoptedMachine = {
    ...FOUND,
    serial: '0012',
    rack: 'r07',
    unit: 3,
    ip: '10.0.0.5',
    disk: { serial: 'S1X' },
    bmc: { url: 'https://10.0.0.9', username: 'admin', password: 'env:BMC_PASSWORD' },
  };
  const text = renderAdopted(machine);
  expect(text.ok && text.value).toMatchInlineSnapshot(`
    "rack: r07
    unit: 3
    macs: [ 52:54:00:0a:21:01, 52:54:00:0a:21:02 ]
    uuid: 33221100-5544-7766-8899-aabbccddeeff
    serial: "0012"
    bmc: { url: https://10.0.0.9, username: admin, password: env:BMC_PASSWORD }
    ip: 10.0.0.5
    talos: { disk: { serial: S1X } }
    "
  `);
  const { inventory, problems } = parseInventory([{ path: 'node-01.yaml', text: text.ok ? text.value : '' }]);
  expect(problems.filter((one) => one.severity === 'error')).toEqual([]);
  expect(inventory.nodes[0]).toMatchObject({ identity: { serial: '0012', macs: FOUND.macs }, place: { unit: 3 } });
});

const UUID = 'uuid: 33221100-5544-7766-8899-aabbccddeeff\n';
test.each<[string, string, string]>([
  [
    'a MAC to a list on one line, after its comment-keeping neighbours',
    `# bought in May\nserial:   "CZJ1"   # on the lid\n${UUID}macs: [ 52-54-00-0A-21-01 ]  # port 1\n\n# the end\n`,
    `# bought in May\nserial:   "CZJ1"   # on the lid\n${UUID}macs: [ 52-54-00-0A-21-01, 52:54:00:0a:21:02 ]  # port 1\n\n# the end\n`,
  ],
  [
    'a MAC to a list over several lines',
    `${UUID}macs:\n  # the fast ones\n  - 52:54:00:0a:21:01 # left\nserial: CZJ1\n`,
    `${UUID}macs:\n  # the fast ones\n  - 52:54:00:0a:21:01 # left\n  - 52:54:00:0a:21:02\nserial: CZJ1\n`,
  ],
  [
    'a MAC to a list that ends the file without a line break',
    `serial: CZJ1\n${UUID}macs:\n- 52:54:00:0a:21:01`,
    `serial: CZJ1\n${UUID}macs:\n- 52:54:00:0a:21:01\n- 52:54:00:0a:21:02`,
  ],
  [
    'keys that are missing at the end',
    'rack: r07 # row 3\n',
    `rack: r07 # row 3\nmacs: [ 52:54:00:0a:21:01, 52:54:00:0a:21:02 ]\n${UUID}serial: CZJ1\n`,
  ],
  [
    'with the line breaks of the file',
    `serial: CZJ1\r\n${UUID.replace('\n', '\r\n')}macs:\r\n- 52:54:00:0a:21:01\r\n`,
    `serial: CZJ1\r\n${UUID.replace('\n', '\r\n')}macs:\r\n- 52:54:00:0a:21:01\r\n- 52:54:00:0a:21:02\r\n`,
  ],
  [
    'to an empty list',
    `serial: CZJ1\n${UUID}macs: []\n`,
    `serial: CZJ1\n${UUID}macs: [52:54:00:0a:21:01, 52:54:00:0a:21:02]\n`,
  ],
  [
    'nothing to a file that has it all',
    `serial: CZJ1\n${UUID}macs: [5254000a2101, 52:54:00:0A:21:02]\n`,
    `serial: CZJ1\n${UUID}macs: [5254000a2101, 52:54:00:0A:21:02]\n`,
  ],
  [
    'only what a comment-only file lacks',
    '# reserved\n',
    `# reserved\nmacs: [ 52:54:00:0a:21:01, 52:54:00:0a:21:02 ]\n${UUID}serial: CZJ1\n`,
  ],
])('merging adds %s', (_, before, after) => {
  const merged = renderAdopted(FOUND, before);
  expect(merged).toEqual({ ok: true, value: after });
  // What was added is not added again.
  expect(merged.ok && renderAdopted(FOUND, merged.value)).toEqual(merged);
});

test('a file in braces and one with a single MAC as text are merged by value', () => {
  for (const before of ['{ serial: CZJ1, macs: [52:54:00:0a:21:01] }\n', 'serial: CZJ1\nmacs: 52:54:00:0a:21:01\n']) {
    const merged = renderAdopted(FOUND, before);
    const { inventory } = parseInventory([{ path: 'node-01.yaml', text: merged.ok ? merged.value : '' }]);
    expect(inventory.nodes[0]?.identity).toMatchObject({ serial: 'CZJ1', macs: FOUND.macs, uuid: FOUND.uuid });
  }
});

test.each<[string, string, string]>([
  [
    'another serial',
    'serial: OTHER\n',
    'this is another machine: serial is "OTHER" in the file and "CZJ1" on the machine',
  ],
  ['another UUID', 'uuid: 4c4c4544-0056-3510-8052-b4c04f4b5131\n', 'this is another machine: uuid is'],
  ['broken YAML', 'serial: "x\n', 'the file that exists is broken in line'],
])('a file with %s is refused', (_, before, expected) => {
  const merged = renderAdopted(FOUND, before);
  expect(merged.ok ? '' : merged.error).toContain(expected);
});

test('a password in the clear is never written', () => {
  const bmc = { url: 'https://10.0.0.9', username: 'admin', password: 'hunter2' };
  const rendered = renderAdopted({ ...FOUND, bmc });
  expect(rendered.ok ? '' : rendered.error).toContain('a password stands here in the clear');
});

test('the same UUID in the other byte order is the same machine', () => {
  expect(renderAdopted(FOUND, 'uuid: 00112233-4455-6677-8899-aabbccddeeff\n').ok).toBe(true);
});

test('writing creates folders, finds the file wherever it is, keeps its mode and leaves nothing behind', () => {
  const tree = mkdtempSync(join(tmpdir(), 'crashcart-adopt-'));
  try {
    expect(writeAdopted(tree, FOUND, 'new/rack')).toEqual({
      ok: true,
      value: { file: 'new/rack/node-01.yaml', what: 'created' },
    });
    expect(writeAdopted(tree, FOUND)).toEqual({
      ok: true,
      value: { file: 'new/rack/node-01.yaml', what: 'unchanged' },
    });
    mkdirSync(join(tree, 'old'));
    writeFileSync(join(tree, 'old/node-02.yml'), 'serial: CZJ2 # lid\n', { mode: 0o640 });
    const second = { name: 'node-02', macs: ['52:54:00:0a:21:09'], serial: 'czj2' };
    expect(writeAdopted(tree, second, 'new')).toEqual({
      ok: true,
      value: { file: 'old/node-02.yml', what: 'changed' },
    });
    expect(readFileSync(join(tree, 'old/node-02.yml'), 'utf8')).toBe(
      'serial: CZJ2 # lid\nmacs: [ 52:54:00:0a:21:09 ]\n',
    );
    expect(statSync(join(tree, 'old/node-02.yml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(tree, 'old'))).toEqual(['node-02.yml']);
  } finally {
    rmSync(tree, { recursive: true });
  }
});

test.each<[string, AdoptedMachine, string, string]>([
  ['a name that is a path', { name: '../../etc/x', macs: [] }, '', 'is no host name'],
  ['a folder outside of the tree', FOUND, '../elsewhere', 'is outside of the inventory'],
])('%s is refused', (_, machine, below, expected) => {
  const tree = mkdtempSync(join(tmpdir(), 'crashcart-adopt-'));
  try {
    const written = writeAdopted(tree, machine, below);
    expect(written.ok ? '' : written.error).toContain(expected);
    expect(readdirSync(tree)).toEqual([]);
  } finally {
    rmSync(tree, { recursive: true });
  }
});

test('whatever the file looks like, merging keeps every value and every comment of it', () => {
  const part = fc.constantFrom(
    'rack: r07 # here\n',
    'unit: 3\n',
    '# alone\n',
    '\n',
    'serial: CZJ1\n',
    'serial: "CZJ1" # lid\n',
    'macs: []\n',
    'macs: [52:54:00:0a:21:01]\n',
    'macs: [52:54:00:0a:21:01, # left\n  52:54:00:0a:21:03] # right\n',
    'macs:\n- 52:54:00:0a:21:01\n',
    'macs:\n  # first\n  - "52:54:00:0a:21:07" # x\n',
    'macs:\n',
    'macs: ~\n',
    'macs: 52:54:00:0a:21:01\n',
    'talos:\n  disk: {serial: A} # disk\n',
    'labels: &l {a: b}\n',
    'text: |\n  # no comment\n  two\n',
    '...\n',
    'bmc:\n  url: https://1.2.3.4',
  );
  let merges = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), fc.boolean(), (parts, crlf) => {
      const before = parts.join('').replaceAll('\n', crlf ? '\r\n' : '\n');
      const merged = renderAdopted(FOUND, before);
      if (!merged.ok) return;
      merges += 1;
      const values = (text: string) => {
        const { tree } = parseYaml('', text);
        return tree === undefined ? {} : (toPlain(tree) as Record<string, unknown>);
      };
      const after = values(merged.value);
      for (const [key, value] of Object.entries(values(before))) {
        if (key !== 'macs') expect(after[key]).toEqual(value);
      }
      expect(after).toMatchObject({ serial: 'CZJ1', uuid: FOUND.uuid });
      expect(after.macs).toEqual(expect.arrayContaining([...FOUND.macs]));
      for (const comment of before.match(/# (here|alone|lid|left|right|first|x|disk)/g) ?? []) {
        expect(merged.value).toContain(comment);
      }
    }),
    { numRuns: 1500, seed: 11 },
  );
  expect(merges).toBeGreaterThan(300);
});

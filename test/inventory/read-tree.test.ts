import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { readTree, type StampedFile } from '../../src/inventory/read-tree.ts';

const GOOD = 'macs: [52:54:00:0a:21:01]\nserial: CZJ1\n';
let top = '';
let tree = '';

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'crashcart-tree-'));
  tree = join(top, 'inventory');
  mkdirSync(tree);
  chmodSync(top, 0o755);
  write('_site.yaml', 'networks: [{ interface: eth1, subnet: 10.77.0.0/24 }]\ntalos: { version: v1.13.9 }\n');
  write('good.yaml', GOOD);
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

function write(path: string, content: string | Buffer): void {
  mkdirSync(join(tree, path, '..'), { recursive: true });
  writeFileSync(join(tree, path), content);
}

const load = async () => {
  const { inventory, problems } = await loadInventory(tree);
  return {
    names: inventory?.nodes.map((node) => node.name),
    said: problems.map((one) => `${one.file}:${one.line}: ${one.message}`),
  };
};

test.each<[string, () => void, string]>([
  [
    'a file of 10 MB',
    () => write('big.yaml', `a: "${'x'.repeat(10_000_000)}"`),
    'big.yaml:1: 9766 KiB is too much for an inventory file; the limit is 256 KiB',
  ],
  [
    'Latin-1 text',
    () => write('a.yaml', Buffer.from('a: 1\nrack: r\xe9\n', 'latin1')),
    'a.yaml:1: line 2 is not UTF-8',
  ],
  ['UTF-16 text', () => write('a.yaml', Buffer.from('\ufeffa: 1', 'utf16le')), 'a.yaml:1: the text is UTF-16'],
  ['a binary', () => write('a.yaml', Buffer.from([97, 58, 32, 0, 1])), 'a.yaml:1: this is no text'],
  [
    'a link to its own folder',
    () => symlinkSync('.', join(tree, 'loop')),
    'loop:1: this link leads back to a folder above it',
  ],
  [
    'a link to itself',
    () => symlinkSync('x.yaml', join(tree, 'x.yaml')),
    'x.yaml:1: this link cannot be followed: symbolic links lead in a circle',
  ],
  [
    'a link out of the tree',
    () => symlinkSync('/etc/hostname', join(tree, 'out.yaml')),
    'out.yaml:1: this link leads out of the inventory, to "/etc/hostname"',
  ],
  [
    'a link to a folder outside',
    () => symlinkSync('/etc', join(tree, 'etc')),
    'etc:1: this link leads out of the inventory',
  ],
  [
    'a link that leads nowhere',
    () => symlinkSync('gone.yaml', join(tree, 'x.yaml')),
    'x.yaml:1: this link leads nowhere',
  ],
  [
    'a link to a folder that is read anyway',
    () => {
      write('r1/_defaults.yaml', 'rack: r1');
      symlinkSync('r1', join(tree, 'r2'));
    },
    'r2:1: this link leads to a folder that is read anyway',
  ],
  ['a pipe', () => execFileSync('mkfifo', [join(tree, 'pipe.yaml')]), 'pipe.yaml:1: this is no regular file'],
  [
    'a config that is missing',
    () => write('a.yaml', 'serial: X1\nmacs: [52:54:00:0a:21:02]\ntalos: { config: talos/w.yaml }'),
    'a.yaml:3: talos.config: there is no file talos/w.yaml',
  ],
  [
    'a config named from the wrong folder',
    () => {
      write('r1/_c/w.yaml', '');
      write('r1/a.yaml', 'serial: X1\nmacs: [52:54:00:0a:21:02]\ntalos: { config: _c/w.yaml }');
    },
    'did you mean r1/_c/w.yaml? paths count from the inventory folder',
  ],
  [
    'a config that is a folder',
    () => write('a.yaml', 'serial: X1\nmacs: [52:54:00:0a:21:02]\ntalos: { config: . }'),
    'a.yaml:3: talos.config: . is no regular file',
  ],
  [
    'a config below a file',
    () => write('a.yaml', 'serial: X1\nmacs: [52:54:00:0a:21:02]\ntalos: { patches: [good.yaml/x] }'),
    'a.yaml:3: talos.patches: good.yaml/x cannot be read: it is no folder',
  ],
  [
    'two files of defaults',
    () => {
      write('_defaults.yml', 'role: worker');
      write('_defaults.yaml', 'role: worker');
    },
    'the folder has two files of defaults',
  ],
  ['forty folders in each other', () => write(`${'d/'.repeat(40)}a.yaml`, GOOD), 'more than 32 folders deep'],
])('%s is said, and nothing is used', async (_, make, expected) => {
  make();
  const { names, said } = await load();
  expect(names).toBeUndefined();
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(expected);
});

test.each<[string, () => void]>([
  [
    'files that are no YAML',
    () => {
      for (const name of ['notes.md', 'a.yaml~', '.a.yaml.swp', 'a.yaml.bak']) write(name, 'x: [');
    },
  ],
  [
    'hidden folders and those with _',
    () => {
      for (const name of ['.git/config.yaml', '_talos/worker.yaml', 'r1/_x/a.yaml']) write(name, 'x: [');
    },
  ],
  ['an empty folder', () => mkdirSync(join(tree, 'r9'))],
])('%s are not read', async (_, make) => {
  make();
  expect(await load()).toEqual({ names: ['good'], said: [] });
});

test('a Kubernetes config map, whose files are links to a hidden folder, is read', async () => {
  rmSync(join(tree, 'good.yaml'));
  write('..2026_11_21/m.yaml', GOOD);
  symlinkSync('..2026_11_21', join(tree, '..data'));
  symlinkSync('..data/m.yaml', join(tree, 'm.yaml'));
  expect(await load()).toEqual({ names: ['m'], said: [] });
});

test('a name that ends in capitals is not read, and told', async () => {
  write('r1/e.YAML', 'macs: [52:54:00:0a:21:02]\nserial: CZJ2\n');
  write('_Site.Yml', '');
  write('.hidden.YAML', '');
  const { inventory, problems } = await loadInventory(tree);
  expect(inventory?.nodes.map(({ name }) => name)).not.toContain('e');
  expect(problems.filter(({ message }) => message.includes('not read'))).toMatchObject([
    {
      file: '_Site.Yml',
      severity: 'warning',
      message: 'this file is not read: its name ends on .Yml; rename it .yaml',
    },
    {
      file: 'r1/e.YAML',
      severity: 'warning',
      message: 'this file is not read: its name ends on .YAML; rename it .yaml',
    },
  ]);
});

test('.yml is read like .yaml', async () => {
  write('r1/other.yml', 'macs: [52:54:00:0a:21:02]\nserial: CZJ2\n');
  expect((await load()).names).toEqual(['good', 'other']);
});

test('a folder that does not exist is one problem that says what to do', async () => {
  const { inventory, problems } = await loadInventory(join(top, 'nowhere'));
  expect(inventory).toBeUndefined();
  expect(problems.map((one) => one.message)).toEqual([expect.stringContaining('there is no such folder; create it')]);
});

test('what this user may not read is said for each file and folder', async () => {
  write('r1/a.yaml', GOOD);
  chmodSync(join(tree, 'good.yaml'), 0);
  chmodSync(join(tree, 'r1'), 0);
  // Root reads everything: as another user, then.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    const { said } = await load();
    expect(said).toEqual(['good.yaml:1: cannot be read: permission denied', 'r1:1: cannot be read: permission denied']);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(join(tree, 'r1'), 0o755);
  }
});

test('2,000 machines are read with turns for other work in between', async () => {
  for (let n = 0; n < 2000; n += 1) {
    const hex = n.toString(16).padStart(4, '0');
    write(`r${n % 40}/m${n}.yaml`, `macs: [52:54:01:00:${hex.slice(0, 2)}:${hex.slice(2)}]\nserial: S${n}x\n`);
  }
  let turns = 0;
  const ticking = setInterval(() => {
    turns += 1;
  }, 1);
  const { inventory, problems } = await loadInventory(tree);
  clearInterval(ticking);
  expect(problems).toEqual([]);
  expect(inventory?.nodes).toHaveLength(2001);
  expect(turns).toBeGreaterThan(10);
});

/** Some time later, or at once. */
function readAfter(ms: number, before: readonly StampedFile[] = []): readonly StampedFile[] {
  const steps = readTree(
    tree,
    (path) => before.find((one) => one.path === path),
    () => Date.now() + ms,
  );
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value.files;
  }
}
const textOf = (files: readonly StampedFile[], path: string) => files.find((one) => one.path === path)?.text;

test('a file whose size and times are those of the last reading is not opened again', () => {
  const first = readAfter(60_000);
  const marked = first.map((one) => ({ ...one, text: 'from memory' }));
  expect(textOf(readAfter(60_000, marked), 'good.yaml')).toBe('from memory');
  write('good.yaml', `${GOOD}# one line more\n`);
  expect(textOf(readAfter(60_000, marked), 'good.yaml')).toBe(`${GOOD}# one line more\n`);
  expect(textOf(readAfter(60_000, marked), '_site.yaml')).toBe('from memory');
  rmSync(join(tree, 'good.yaml'));
  expect(textOf(readAfter(60_000, marked), 'good.yaml')).toBeUndefined();
});

test('what changed a moment ago could change once more in the same moment: it is opened again', () => {
  const first = readAfter(0);
  expect(first.map((one) => one.stamp)).toEqual([undefined, undefined]);
  const marked = first.map((one) => ({ ...one, text: 'from memory' }));
  expect(textOf(readAfter(60_000, marked), 'good.yaml')).toBe(GOOD);
});

test('a file of the same size and age in the place of another is another', () => {
  const marked = readAfter(60_000).map((one) => ({ ...one, text: 'from memory' }));
  const { mtime, atime } = statSync(join(tree, 'good.yaml'));
  write('other.tmp', GOOD.replace('CZJ1', 'CZJ2'));
  utimesSync(join(tree, 'other.tmp'), atime, mtime);
  renameSync(join(tree, 'other.tmp'), join(tree, 'good.yaml'));
  expect(textOf(readAfter(60_000, marked), 'good.yaml')).toContain('CZJ2');
});

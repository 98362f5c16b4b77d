import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The layer table of the README is the law: every import in src is held against it, and cycles are refused. */

const top = new URL('..', import.meta.url).pathname;
const src = join(top, 'src');

interface Row {
  readonly folder: string;
  readonly mayImport: readonly string[];
  readonly packages: readonly string[];
}

function readTable(): Row[] {
  const lines = readFileSync(join(top, 'README.md'), 'utf8').split('\n');
  const head = lines.findIndex((line) => line.startsWith('| folder of src |'));
  const rows: Row[] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    const [folder = '', , may = '', packages = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const list = (text: string) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && name !== 'nothing');
    rows.push({ folder, mayImport: list(may), packages: list(packages) });
  }
  return rows;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.tsx?$/.test(name) && statSync(name).isFile());
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? '');
}

const rows = readTable();
const files = filesBelow(src);
const folderOf = (file: string) => relative(src, file).split('/')[0] ?? '';
const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

describe('the layer table', () => {
  test('names exactly the folders of src', () => {
    expect(readdirSync(src).sort()).toEqual(rows.map((row) => row.folder).sort());
  });

  test('is kept by every import', () => {
    expect(files.length).toBeGreaterThan(5);
    const broken: string[] = [];
    for (const file of files) {
      const row = rows.find((one) => one.folder === folderOf(file));
      if (row === undefined || row.mayImport.includes('everything')) continue;
      for (const from of importsOf(file)) {
        const where = `${relative(top, file)} imports ${from}`;
        if (from.startsWith('.')) {
          const target = folderOf(join(dirname(file), from));
          if (target !== row.folder && !row.mayImport.includes(target)) broken.push(where);
        } else if (builtins.has(from) || from.startsWith('node:')) {
          const pure = ['core', 'protocols', 'netboot', 'talos'].includes(row.folder);
          if (pure && !['node:buffer', 'node:crypto', 'node:zlib', 'node:net', 'node:util'].includes(from))
            broken.push(`${where} (a pure layer)`);
        } else {
          const name = from
            .split('/')
            .slice(0, from.startsWith('@') ? 2 : 1)
            .join('/');
          if (!row.packages.includes(name)) broken.push(where);
        }
      }
    }
    expect(broken).toEqual([]);
  });

  test('every npm package that a folder names is installed, and none is left for the user of the bundle to install', () => {
    const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    // What we ship is one file: packages are bundled (so they stand beside the tools that bundle them), or optional.
    expect(manifest['dependencies']).toBeUndefined();
    const known = { ...manifest['devDependencies'], ...manifest['optionalDependencies'] };
    const named = rows.flatMap((row) => row.packages).filter((name) => name !== 'everything');
    expect(named.filter((name) => !(name in known))).toEqual([]);
  });

  test('no file is reached by its own imports', () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((from) => from.startsWith('.'))
          .map((from) => join(dirname(file), from)),
      ]),
    );
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].map((name) => relative(src, name)).join(' -> '));
        return;
      }
      state.set(file, 'open');
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createParseCache, loadInventory } from '../../src/inventory/load-inventory.ts';
import { type InventoryChange, type InventoryWatch, watchInventory } from '../../src/inventory/watch-inventory.ts';

let top = '';
let tree = '';
let changes: InventoryChange[] = [];
let watching: InventoryWatch | undefined;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'crashcart-watch-'));
  tree = join(top, 'inventory');
  changes = [];
  makeTree();
});
afterEach(() => {
  watching?.close();
  rmSync(top, { recursive: true, force: true });
});

const machine = (n: number) => `macs: [52:54:00:0a:21:0${n}]\nserial: CZJ${n}\n`;
const write = (path: string, text: string) => writeFileSync(join(tree, path), text);

function makeTree(): void {
  mkdirSync(join(tree, 'r1'), { recursive: true });
  write('_site.yaml', 'networks: [{ interface: eth1, subnet: 10.77.0.0/24 }]\ntalos: { version: v1.13.9 }\n');
  write('r1/a1.yaml', machine(1));
}

const names = () => changes.at(-1)?.inventory?.nodes.map((node) => node.name);

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 8000;
  while (!what() && performance.now() < end) await wait(10);
  expect(what()).toBe(true);
}

async function start(pollMs = 60_000): Promise<InventoryWatch> {
  watching = watchInventory(tree, (change) => changes.push(change), { debounceMs: 40, pollMs });
  await until(() => changes.length === 1);
  return watching;
}

test('the first reading is handed over, then each change', async () => {
  await start();
  expect(names()).toEqual(['a1']);
  write('r1/a2.yaml', machine(2));
  await until(() => changes.length === 2);
  expect(names()).toEqual(['a1', 'a2']);
});

test('a file in a new folder is seen, and a later change to it', async () => {
  await start();
  mkdirSync(join(tree, 'r2/row'), { recursive: true });
  write('r2/row/a2.yaml', machine(2));
  await until(() => names()?.length === 2);
  write('r2/row/a3.yaml', machine(3));
  await until(() => names()?.length === 3);
});

test('an editor that writes by rename makes one change', async () => {
  await start();
  write('r1/.a1.yaml.swp', 'x');
  write('r1/new.tmp', `${machine(1)}rack: r1\n`);
  renameSync(join(tree, 'r1/new.tmp'), join(tree, 'r1/a1.yaml'));
  rmSync(join(tree, 'r1/.a1.yaml.swp'));
  await until(() => changes.length === 2);
  expect(changes[1]?.inventory?.nodes[0]?.place.rack).toBe('r1');
  await wait(200);
  expect(changes).toHaveLength(2);
});

test('a checkout of many files is read when it gets quiet, not file by file', async () => {
  await start();
  for (let n = 0; n < 300; n += 1) {
    write(
      `r1/b${n}.yaml`,
      `macs: [52:54:01:00:0${n >> 8}:${(n & 255).toString(16).padStart(2, '0')}]\nserial: S${n}x\n`,
    );
    if (n % 50 === 0) await wait(5);
  }
  await until(() => names()?.length === 301);
  expect(changes.length).toBeLessThanOrEqual(4);
});

test('a broken file gives problems and keeps the last good tree', async () => {
  const watch = await start();
  write('r1/a1.yaml', 'macs: [nonsense\n');
  await until(() => changes.length === 2);
  expect(changes[1]?.inventory).toBeUndefined();
  expect(changes[1]?.problems[0]).toMatchObject({ file: 'r1/a1.yaml', severity: 'error' });
  expect(watch.current()?.nodes.map((node) => node.name)).toEqual(['a1']);
  write('r1/a1.yaml', machine(1));
  await until(() => changes.length === 3);
  expect(names()).toEqual(['a1']);
});

test('the folder may vanish and return', async () => {
  const watch = await start(100);
  renameSync(tree, `${tree}.away`);
  await until(() => changes.length === 2);
  expect(changes[1]?.problems[0]?.message).toContain('there is no such folder');
  expect(watch.current()?.nodes).toHaveLength(1);
  makeTree();
  write('r1/a2.yaml', machine(2));
  await until(() => names()?.length === 2);
  write('r1/a3.yaml', machine(3));
  await until(() => names()?.length === 3);
});

test('a config outside of the tree that goes missing is a problem, and none when it is back', async () => {
  writeFileSync(join(top, 'w.yaml'), 'x');
  write('r1/a1.yaml', `${machine(1)}talos: { config: ../w.yaml }\n`);
  await start(100);
  expect(names()).toEqual(['a1']);
  rmSync(join(top, 'w.yaml'));
  await until(() => changes.length === 2);
  expect(changes[1]?.problems[0]?.message).toContain('there is no file ../w.yaml');
  writeFileSync(join(top, 'w.yaml'), 'x');
  await until(() => changes.length === 3);
  expect(names()).toEqual(['a1']);
});

test('reload reads at once, and after close nothing comes any more', async () => {
  const watch = await start();
  write('r1/a2.yaml', machine(2));
  await watch.reload();
  expect(names()).toEqual(['a1', 'a2']);
  watch.close();
  write('r1/a3.yaml', machine(3));
  await wait(150);
  expect(names()).toEqual(['a1', 'a2']);
});

test('what was just read is not parsed again: the first reading is the very tree that is in use', async () => {
  const cache = createParseCache();
  const first = await loadInventory(tree, { cache });
  watching = watchInventory(tree, (change) => changes.push(change), { debounceMs: 40, pollMs: 60_000, cache });
  await until(() => changes.length === 1);
  expect(changes[0]?.inventory).toBe(first.inventory);
  write('r1/a2.yaml', machine(2));
  await until(() => changes.length === 2);
  expect(names()).toEqual(['a1', 'a2']);
});

const notes = () => changes.map((change) => change.inventory?.nodes.map((node) => node.name).join());
const away = (path: string) => renameSync(join(tree, path), join(top, 'aside'));
const back = (path: string) => renameSync(join(top, 'aside'), join(tree, path));
const startGraced = (graceMs: number) => {
  watching = watchInventory(tree, (change) => changes.push(change), { debounceMs: 20, pollMs: 60_000, graceMs });
  return until(() => changes.length === 1);
};

test('a file that is gone for less than the grace changes nothing, and an edit beside it counts at once', async () => {
  write('r1/a2.yaml', machine(2));
  write('r1/a3.yaml', machine(3));
  await startGraced(3000);
  away('r1/a2.yaml');
  await wait(300);
  expect(notes()).toEqual(['a1,a2,a3']);
  write('r1/a3.yaml', `${machine(3)}rack: r9\n`);
  await until(() => changes.length === 2);
  expect(changes[1]?.inventory?.nodes.map(({ name, place }) => [name, place.rack])).toEqual([
    ['a1', undefined],
    ['a2', undefined],
    ['a3', 'r9'],
  ]);
  back('r1/a2.yaml');
  await wait(300);
  expect(notes()).toEqual(['a1,a2,a3', 'a1,a2,a3']);
});

test('one that stays away is taken out when the grace is over, without a further change of the files', async () => {
  write('r1/a2.yaml', machine(2));
  await startGraced(400);
  away('r1/a2.yaml');
  await until(() => changes.length === 2);
  expect(notes()).toEqual(['a1,a2', 'a1']);
});

test('whoever asks for a reading (SIGHUP) has a deletion counted at once', async () => {
  write('r1/a2.yaml', machine(2));
  await startGraced(60_000);
  away('r1/a2.yaml');
  await watching?.reload();
  expect(notes()).toEqual(['a1,a2', 'a1']);
});

test.each<readonly [string, () => void, string]>([
  ['that is renamed', () => renameSync(join(tree, 'r1/a2.yaml'), join(tree, 'r1/b2.yaml')), 'a1,b2'],
  [
    'whose address another machine takes',
    () => {
      rmSync(join(tree, 'r1/a2.yaml'));
      write('r1/a1.yaml', `${machine(1)}ip: 10.77.0.9\n`);
    },
    'a1',
  ],
  [
    'beside which the site changes',
    () => {
      rmSync(join(tree, 'r1/a2.yaml'));
      write('_site.yaml', 'networks: [{ interface: eth1, subnet: 10.77.0.0/24 }]\ntalos: { version: v1.14.0 }\n');
    },
    'a1',
  ],
])('a file %s is gone at once', async (_, change, expected) => {
  write('r1/a2.yaml', `${machine(2)}ip: 10.77.0.9\n`);
  await startGraced(60_000);
  change();
  await until(() => changes.length === 2);
  expect(notes().at(-1)).toBe(expected);
});

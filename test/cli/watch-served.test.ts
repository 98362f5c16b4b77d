import { createHash } from 'node:crypto';
import { mkdtemp, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lineOf } from '../../src/cli/event-line.ts';
import { imagesRow } from '../../src/cli/service-rows.ts';
import { createVaultView } from '../../src/cli/vault-view.ts';
import { createServedWatch } from '../../src/cli/watch-served.ts';
import { openVault } from '../../src/drivers/vault/open-vault.ts';
import { parseSite } from '../../src/inventory/parse-site.ts';
import { createReport } from '../../src/inventory/report.ts';

/** Files that go bad, are mended or put in anew while the engine runs. */

const LOADER = 'my-own.efi';
const BYTES = 'a boot loader of 27 bytes..';
const OTHER = 'a boot loader of 27 bytes, ';
const want = { version: 'v1.13.9', schematic: 'c'.repeat(64), arch: 'amd64' } as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crashcart-served-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const source = async (text: string): Promise<string> => {
  await writeFile(join(folder, 'source'), text);
  return join(folder, 'source');
};

async function openSite() {
  const opened = await openVault(join(folder, 'vault'), { anyShape: true, systemRoot: folder });
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

async function start() {
  const vault = await openSite();
  await vault.addLoader(LOADER, await source(BYTES));
  const site = parseSite(undefined, createReport());
  const view = createVaultView(vault, () => site);
  await view.refresh();
  const told: (string | undefined)[] = [];
  let refreshes = 0;
  const refresh = () => {
    refreshes += 1;
    return view.refresh();
  };
  const watch = createServedWatch({ ...view, refresh, directory: vault.directory, tell: (text) => told.push(text) });
  const rounds = async (count = 2) => {
    for (let round = 0; round < count; round += 1) await watch.round();
  };
  await rounds();
  expect(told).toEqual([]);
  return { view, vault, told, rounds, refreshes: () => refreshes, file: join(vault.directory, 'loaders', LOADER) };
}

const MEND = 'See crashcart images verify, then crashcart images add --loader FILE';
const MEMORY = 'Machines are sent it only where it is in memory already, and not after a restart';

test.each<[string, (file: string) => Promise<unknown>, string]>([
  ['shorter', (file) => truncate(file, 9), 'was changed on disk: it has 9 bytes, and had 27'],
  ['another of its length', (file) => writeFile(file, OTHER), 'was changed on disk: its SHA-256 is another one'],
  ['gone', (file) => unlink(file), 'is gone from the disk'],
])('a loader that is %s is told once, and goes on from what was read of it', async (_name, change, what) => {
  const { view, told, rounds, file } = await start();
  const before = view.loader(LOADER);
  await change(file);
  await rounds(5);
  expect(told).toEqual([`loaders/${LOADER} ${what}. ${MEMORY}. ${MEND}`]);
  // A reload of the inventory, or SIGHUP.
  await view.refresh();
  expect(view.loader(LOADER)).toEqual(before);
  await rounds();
  expect(told).toHaveLength(1);
});

test('mended it is told as such', async () => {
  const { told, rounds, file } = await start();
  await truncate(file, 9);
  await rounds();
  await writeFile(file, BYTES);
  await rounds();
  expect(told).toEqual([expect.stringContaining('it has 9 bytes'), undefined]);
});

test('a file that was only touched is read, and is no trouble', async () => {
  const { told, rounds, file } = await start();
  await utimes(file, 1, 1);
  await rounds(3);
  expect(told).toEqual([]);
});

test('one that a command put into the vault anew is served, without a reload', async () => {
  const { view, told, rounds, refreshes } = await start();
  for (const text of ['a newer boot loader', OTHER]) {
    expect((await (await openSite()).addLoader(LOADER, await source(text))).ok).toBe(true);
    await rounds(4);
    expect(view.loader(LOADER)?.sizeBytes).toBe(text.length);
  }
  expect(told).toEqual([]);
  expect(refreshes()).toBe(2);
});

test('a file is there a moment before the index says so: that is no trouble yet', async () => {
  const { view, told, rounds, file } = await start();
  await writeFile(file, OTHER);
  await rounds(1);
  await (await openSite()).addLoader(LOADER, await source(OTHER));
  await rounds(3);
  expect(told).toEqual([]);
  expect(view.loader(LOADER)?.sha256).toBe(createHash('sha256').update(OTHER).digest('hex'));
});

test('one that was damaged before the start is told, and served once it is mended', async () => {
  const vault = await openSite();
  await vault.addLoader(LOADER, await source(BYTES));
  const file = join(vault.directory, 'loaders', LOADER);
  await writeFile(file, OTHER);
  const site = parseSite(undefined, createReport());
  const view = createVaultView(vault, () => site);
  await view.refresh();
  expect(view.loader(LOADER)).toBeUndefined();
  const told: (string | undefined)[] = [];
  const tell = (text: string | undefined) => told.push(text);
  const watch = createServedWatch({ ...view, refresh: view.refresh, directory: vault.directory, tell });
  for (let round = 0; round < 3; round += 1) await watch.round();
  expect(told).toEqual([
    `loaders/${LOADER} was changed on disk: its SHA-256 is another one. No machine is sent it. ${MEND}`,
  ]);
  await writeFile(file, BYTES);
  await watch.round();
  expect(told.at(-1)).toBeUndefined();
  expect(view.loader(LOADER)?.sizeBytes).toBe(BYTES.length);
});

test('an image and a file of a profile are watched as well; more than one make one line', async () => {
  const { view, vault, told, rounds } = await start();
  for (const kind of ['kernel', 'initramfs'] as const) await vault.addImage(kind, want, await source(`the ${kind}`));
  const images = await view.images(want);
  if (!images.ok) throw new Error(images.error);
  await writeFile(join(vault.directory, 'rescue.img'), 'rescue');
  await view.file('rescue.img');
  await rounds();
  expect(told).toEqual([]);
  await writeFile(join(vault.directory, images.value.initrd.path), 'the initramfz');
  await rounds();
  expect(told).toEqual([
    `${images.value.initrd.path} was changed on disk: its SHA-256 is another one. ${MEMORY}. See crashcart images verify, then crashcart images pull (or add)`,
  ]);
  await writeFile(join(vault.directory, 'rescue.img'), 'Rescue');
  await rounds();
  expect(told.at(-1)).toContain(' (and 1 more: crashcart images verify)');
  await vault.addImage('initramfs', want, await source('the initramfs'));
  await rounds();
  expect(told.at(-1)).toBe(
    'rescue.img was changed on disk: its SHA-256 is another one. Machines are sent it only where it is in memory already. Put the old one back, or take the new one: systemctl reload crashcart (SIGHUP), and arm anew who waits for it',
  );
});

test('an edited command line is told, and one that holds what it may not as long as it is there', async () => {
  const { vault, told, rounds, view } = await start();
  const line = 'talos.platform=metal';
  for (const kind of ['kernel', 'initramfs', 'cmdline'] as const)
    expect((await vault.addImage(kind, want, await source(line))).ok).toBe(true);
  const images = await view.images(want);
  expect(images.ok).toBe(true);
  await rounds();
  const file = view.served().find(({ path }) => path.includes('cmdline'))?.path ?? '';
  await writeFile(file, 'talos.platform=other');
  await rounds();
  expect(told).toEqual([expect.stringMatching(/^talos.*cmdline.* was changed on disk/)]);
  await writeFile(file, line);
  await rounds();
  expect(told.at(-1)).toBeUndefined();
  const refused = ['x/initramfs: a machine configuration comes with it'];
  const tell = (text: string | undefined) => told.push(text);
  const parts = { ...view, refresh: view.refresh, directory: vault.directory, tell };
  const watch = createServedWatch({ ...parts, refused: () => refused });
  await watch.round();
  expect(told.at(-1)).toBe(refused[0]);
  refused.pop();
  await watch.round();
  expect(told.at(-1)).toBeUndefined();
});

test('the services screen has it in the row of the images, the log in words of its own', () => {
  const state = { is: 'ok', listens: '/srv/assets', warning: 'x is gone' } as const;
  const row = { name: 'images', state: 'ok', word: 'ok', listens: '/srv/assets', note: '2 of 2' } as const;
  expect(imagesRow(row, undefined)).toBe(row);
  expect(imagesRow(row, { is: 'ok', listens: '/srv/assets' })).toBe(row);
  expect(imagesRow(row, state)).toEqual({ ...row, state: 'warn', word: 'DAMAGED', note: 'x is gone' });
  const missing = { ...row, state: 'warn', word: '1 missing', note: 'pull it', holdsUp: { r1: 2 } } as const;
  expect(imagesRow(missing, state)).toMatchObject({ note: 'x is gone; 1 missing: pull it', holdsUp: { r1: 2 } });
  const lines = [state, { is: 'ok', listens: '/srv/assets' } as const].map((one) =>
    lineOf({ type: 'service.changed', service: 'images', state: one, time: 0 }),
  );
  expect(lines.map((line) => line?.text)).toEqual([
    'images: x is gone',
    'images: what is served is on disk as it was stored again',
  ]);
});

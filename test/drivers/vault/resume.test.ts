import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DownloadProgress } from '../../../src/drivers/vault/download-transfer.ts';
import { openPartial, sweepIncoming } from '../../../src/drivers/vault/partial-file.ts';
import type { PullRequest } from '../../../src/drivers/vault/pull-images.ts';
import { createNoise } from '../../talos/noise.ts';
import { type LocalFactory, startFactory } from './local-factory.ts';
import { filesIn, KEY, makeFolder, SCHEMATIC, vaultIn } from './vault-fixture.ts';

const IMAGES = `/image/${SCHEMATIC}/v1.13.9`;
const INITRAMFS = `${IMAGES}/initramfs-amd64.xz`;
const STORED = `talos/v1.13.9/${SCHEMATIC}/initramfs-amd64.xz`;
const bytes = (seed: number, length: number) => Buffer.from(createNoise(seed).bytes(length));
const WHOLE = bytes(2, 900_000);

let factory: LocalFactory;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let child: ChildProcess | undefined;
let mounted: string | undefined;

beforeEach(async () => {
  factory = await startFactory();
  folder = await makeFolder();
  factory.files.set(`${IMAGES}/kernel-amd64`, bytes(1, 200_000));
  factory.files.set(INITRAMFS, WHOLE);
  factory.files.set(`${IMAGES}/cmdline-metal-amd64`, Buffer.from('talos.platform=metal slab_nomerge pti=on\n'));
});

afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await factory.close();
  if (mounted !== undefined) execFileSync('umount', ['-l', mounted]);
  mounted = undefined;
  await folder.remove();
});

const TIMING = { headersTimeoutMs: 30_000, stallTimeoutMs: 30_000, maxAttempts: 3, backoffMs: 5 };

async function pull(more: Partial<PullRequest> = {}) {
  const vault = await vaultIn(folder.path);
  const source = { from: 'factory', baseUrl: factory.baseUrl } as const;
  return vault.pull({ ...KEY, source, dispatcher: factory.dispatcher, timing: TIMING, anyShape: true, ...more });
}

/** One that a cut ends at once. */
const cutPull = () => pull({ timing: { ...TIMING, maxAttempts: 1 } });
const said = (result: Awaited<ReturnType<typeof pull>>) => (result.ok ? 'stored' : result.error);

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let left = 1200; left > 0; left--) {
    if (await holds()) return;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`it did not happen in time: ${what}`);
}

const parts = async () => (await filesIn(folder.path)).filter((name) => /^\.incoming\/[^.]+$/.test(name));
const sizes = async () => Promise.all((await parts()).map(async (name) => (await stat(join(folder.path, name))).size));
const asked = () => factory.requests.filter((one) => one.path === INITRAMFS).map((one) => one.range);

/** Another process pulls, gets so many bytes of the initramfs, and dies. */
async function killedAfter(sizeBytes: number): Promise<void> {
  factory.faults.set(INITRAMFS, { stallAfter: sizeBytes });
  child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'pull-child.ts'), folder.path, factory.baseUrl, SCHEMATIC],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await until('the bytes are on the disk', async () => (await sizes()).includes(sizeBytes));
  const dead = new Promise((done) => child?.once('exit', done));
  child.kill('SIGKILL');
  await dead;
  factory.faults.delete(INITRAMFS);
  factory.requests.length = 0;
}

describe('a pull whose program was killed', { timeout: 90_000 }, () => {
  test('goes on at the byte where it stood, and what was whole is not fetched again', async () => {
    await killedAfter(300_000);
    const seen: DownloadProgress[] = [];
    const result = await pull({ onProgress: (kind, at) => kind === 'initramfs' && seen.push(at) });
    expect(said(result)).toBe('stored');
    expect(asked()).toEqual(['bytes=300000-']);
    expect(factory.requests.find((one) => one.path.includes('kernel'))?.range).toBe('bytes=199999-');
    expect(await readFile(join(folder.path, STORED))).toEqual(WHOLE);
    expect(await readFile(join(folder.path, STORED.replace('initramfs-amd64.xz', 'kernel-amd64')))).toEqual(
      bytes(1, 200_000),
    );
    expect(seen.at(-1)).toMatchObject({ receivedBytes: 900_000, totalBytes: 900_000, resumedBytes: 300_000 });
    expect(await parts()).toEqual([]);
    expect(await readdir(join(folder.path, '.incoming'))).toEqual([]);
  });

  test('begins anew where the origin has another file by now', async () => {
    await killedAfter(300_000);
    const other = bytes(9, 700_000);
    factory.files.set(INITRAMFS, other);
    expect(said(await pull())).toBe('stored');
    expect(await readFile(join(folder.path, STORED))).toEqual(other);
  });

  test('is not gone on with by another program while it still runs', async () => {
    factory.faults.set(INITRAMFS, { stallAfter: 300_000, times: 1 });
    const script = join(import.meta.dirname, 'pull-child.ts');
    child = spawn(process.execPath, [script, folder.path, factory.baseUrl, SCHEMATIC], { stdio: 'ignore' });
    await until('the bytes are on the disk', async () => (await sizes()).includes(300_000));
    factory.requests.length = 0;
    expect(said(await pull())).toBe('stored');
    expect(asked()).toEqual([undefined]);
    expect(await readFile(join(folder.path, STORED))).toEqual(WHOLE);
    expect(await sizes()).toContain(300_000);
  });

  test('after a power failure goes on from what was synced alone', async () => {
    await killedAfter(300_000);
    const [part = ''] = (
      await Promise.all(
        (await parts()).map(async (name) => ((await stat(join(folder.path, name))).size === 300_000 ? name : '')),
      )
    ).filter((name) => name !== '');
    const file = join(folder.path, `${part}.json`);
    const note = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ ...note, owner: { ...note.owner, bootId: 'another-start' } }));
    expect(said(await pull())).toBe('stored');
    expect(asked()).toEqual([undefined]);
    expect(await readFile(join(folder.path, STORED))).toEqual(WHOLE);
  });
});

describe('a pull that was cut', { timeout: 60_000 }, () => {
  test('by the network goes on in the next one', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 400_000 });
    expect(said(await cutPull())).toMatch(/gave up after 1 attempts/);
    const [got = 0] = (await sizes()).filter((size) => size !== 200_000);
    factory.faults.delete(INITRAMFS);
    factory.requests.length = 0;
    expect(said(await pull())).toBe('stored');
    expect(asked()).toEqual([got === 0 ? undefined : `bytes=${got}-`]);
    expect(await readFile(join(folder.path, STORED))).toEqual(WHOLE);
  });

  test('leaves nothing where the server gives nothing to compare by', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 400_000, noRanges: true });
    expect((await cutPull()).ok).toBe(false);
    expect((await sizes()).filter((size) => size !== 200_000)).toEqual([]);
  });

  test('and whose part was damaged since begins anew', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 400_000 });
    await cutPull();
    for (const name of await parts()) {
      const path = join(folder.path, name);
      const { size } = await stat(path);
      await truncate(path, 10);
      await truncate(path, size);
    }
    factory.faults.delete(INITRAMFS);
    expect(said(await pull())).toBe('stored');
    expect(await readFile(join(folder.path, STORED))).toEqual(WHOLE);
  });

  test('is swept after a week, with its note', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 400_000 });
    await cutPull();
    const before = await parts();
    expect(before.length).toBeGreaterThan(0);
    await sweepIncoming(folder.path);
    expect(await parts()).toEqual(before);
    const old = new Date(Date.now() - 8 * 24 * 3600 * 1000);
    for (const name of before) await utimes(join(folder.path, name), old, old);
    await sweepIncoming(folder.path);
    expect(await readdir(join(folder.path, '.incoming'))).toEqual([]);
  });
});

test('a part is claimed by one of two only', async () => {
  factory.faults.set(INITRAMFS, { cutAfter: 400_000 });
  await cutPull();
  const url = `${factory.baseUrl}${INITRAMFS}`;
  const both = await Promise.all([openPartial(folder.path, url), openPartial(folder.path, url)]);
  expect(both.filter((one) => one.known !== undefined).length).toBeLessThanOrEqual(1);
  for (const one of both) await one.discard();
});

test('a disk that is too small is told before it is filled', async () => {
  factory.faults.set(INITRAMFS, { announce: 3_000_000_000_000, cutAfter: 1000 });
  const result = await pull();
  expect(said(result)).toMatch(/larger than|needs .* MB, and .* MB are free: make room/);
});

const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env['CI'] === 'true') throw new Error('CI must run this as root: it mounts a tmpfs');
if (!isRoot) process.stdout.write('resume: the full disk is skipped, it needs root to mount a tmpfs\n');

test.skipIf(!isRoot)(
  'a disk that fills up is said so, and the pull goes on when there is room',
  { timeout: 60_000 },
  async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'crashcart-test', folder.path]);
    mounted = folder.path;
    const large = bytes(3, 8_000_000);
    factory.files.set(INITRAMFS, large);
    factory.faults.set(INITRAMFS, { chunked: true });
    const full = await pull();
    expect(said(full)).toMatch(/no space left .* free some and pull again/);
    execFileSync('mount', ['-o', 'remount,size=64m', folder.path]);
    factory.requests.length = 0;
    const result = await pull();
    expect(said(result)).toBe('stored');
    expect(asked()[0]).toMatch(/^bytes=\d{7}-$/);
    expect(await readFile(join(folder.path, STORED))).toEqual(large);
  },
);

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDispatcher } from '../../../src/drivers/factory/http-dispatcher.ts';
import type { DownloadProgress } from '../../../src/drivers/vault/download-transfer.ts';
import type { PullRequest } from '../../../src/drivers/vault/pull-images.ts';
import { createNoise } from '../../talos/noise.ts';
import { type Fault, type LocalFactory, startFactory } from './local-factory.ts';
import { filesIn, KEY, makeFolder, OTHER_SCHEMATIC, SCHEMATIC, storedIn, vaultIn } from './vault-fixture.ts';

const IMAGES = `/image/${SCHEMATIC}/v1.13.9`;
const INITRAMFS = `${IMAGES}/initramfs-amd64.xz`;
const TIMING = { headersTimeoutMs: 2000, stallTimeoutMs: 1000, maxAttempts: 3, backoffMs: 5 };
const bytes = (seed: number, length: number) => Buffer.from(createNoise(seed).bytes(length));
const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex');

let factory: LocalFactory;
let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  factory = await startFactory();
  folder = await makeFolder();
  factory.files.set(`${IMAGES}/kernel-amd64`, bytes(1, 200_000));
  factory.files.set(INITRAMFS, bytes(2, 900_000));
  factory.files.set(`${IMAGES}/cmdline-metal-amd64`, Buffer.from('talos.platform=metal slab_nomerge pti=on\n'));
});

afterEach(async () => {
  await factory.close();
  await folder.remove();
});

async function pull(more: Partial<PullRequest> = {}) {
  const vault = await vaultIn(folder.path);
  const source = { from: 'factory', baseUrl: factory.baseUrl } as const;
  return vault.pull({ ...KEY, source, dispatcher: factory.dispatcher, timing: TIMING, anyShape: true, ...more });
}

describe('a pull', () => {
  test('stores kernel, initramfs and command line with size, hash, origin and date', async () => {
    const result = await pull({ version: '1.13.9' });
    expect(result).toMatchObject({
      ok: true,
      value: [
        {
          path: `talos/v1.13.9/${SCHEMATIC}/kernel-amd64`,
          kind: 'kernel',
          version: 'v1.13.9',
          sizeBytes: 200_000,
          sha256: sha(bytes(1, 200_000)),
          origin: `${factory.baseUrl}${IMAGES}/kernel-amd64`,
          addedAt: '2026-08-21T10:00:00.000Z',
        },
        { kind: 'initramfs', sizeBytes: 900_000 },
        { kind: 'cmdline' },
      ],
    });
    expect(await filesIn(folder.path)).toHaveLength(3);
  });

  test('fetches nothing that is there and intact, and again what is rotten', async () => {
    await pull();
    factory.requests.length = 0;
    await pull();
    expect(factory.requests).toEqual([]);
    const kernel = join(folder.path, `talos/v1.13.9/${SCHEMATIC}/kernel-amd64`);
    await writeFile(kernel, 'rot');
    await pull();
    expect(factory.requests.map((one) => one.path)).toEqual([`${IMAGES}/kernel-amd64`]);
    expect(await readFile(kernel)).toEqual(bytes(1, 200_000));
  });

  test.each<[string, Fault]>([
    ['three cuts with progress in between', { cutAfter: 250_000, times: 3 }],
    ['a cut and a server without ranges', { cutAfter: 300_000, times: 1, noRanges: true }],
    ['a stall', { stallAfter: 100_000, times: 1 }],
    ['a server that was starting', { status: 503, times: 2 }],
    ['a redirect to object storage', { redirect: true }],
    ['an answer without length', { chunked: true }],
  ])('survives %s', async (_name, fault) => {
    factory.faults.set(INITRAMFS, fault);
    const result = await pull();
    expect(result.ok ? 'stored' : result.error).toBe('stored');
    expect(await readFile(join(folder.path, `talos/v1.13.9/${SCHEMATIC}/initramfs-amd64.xz`))).toEqual(
      bytes(2, 900_000),
    );
  });

  test('goes on where it was cut', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 300_000, times: 1 });
    await pull();
    const ranges = factory.requests.filter((one) => one.path === INITRAMFS).map((one) => one.range);
    expect(ranges).toHaveLength(2);
    expect(Number(/bytes=(\d+)-/.exec(ranges[1] ?? '')?.[1])).toBeGreaterThan(0);
  });

  test('begins again when the file changed in between, instead of gluing two together', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 300_000, times: 1, changes: true });
    const result = await pull();
    expect(result.ok).toBe(true);
    const stored = await readFile(join(folder.path, `talos/v1.13.9/${SCHEMATIC}/initramfs-amd64.xz`));
    expect(stored.subarray(0, 800_000)).toEqual(bytes(2, 900_000).subarray(0, 800_000));
    expect(stored).toHaveLength(900_000);
  });

  test('tells progress with total and rate, at most 4 times a second', async () => {
    const seen: DownloadProgress[] = [];
    const before = performance.now();
    await pull({ kinds: ['initramfs'], onProgress: (_kind, progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ receivedBytes: 900_000, totalBytes: 900_000 });
    expect(seen.at(-1)?.bytesPerSecond).toBeGreaterThan(0);
    expect(seen.length).toBeLessThanOrEqual((performance.now() - before) / 250 + 2);
  });
});

test('UKIs are pulled by their names at the factory', async () => {
  factory.files.set(`${IMAGES}/metal-amd64-uki.efi`, bytes(5, 1000));
  factory.files.set(`${IMAGES}/metal-amd64-secureboot-uki.efi`, bytes(6, 1000));
  const result = await pull({ kinds: ['uki', 'secureUki'] });
  expect(result.ok && result.value.map((one) => one.path.split('/').at(-1))).toEqual([
    'metal-amd64-uki.efi',
    'metal-amd64-secureboot-uki.efi',
  ]);
});

test('the dispatcher of the program follows redirects too', async () => {
  factory.faults.set(INITRAMFS, { redirect: true });
  const dispatcher = createDispatcher();
  const result = await pull({ dispatcher });
  await dispatcher.close();
  expect(result.ok ? 'stored' : result.error).toBe('stored');
});

describe('a pull that fails', () => {
  test.each<[string, Fault, RegExp]>([
    ['400', { status: 400 }, /refuses the request as invalid/],
    ['402', { status: 402 }, /enterprise feature/],
    ['404', { status: 404 }, /does this version exist/],
    [
      '500, again and again',
      { status: 500 },
      /the server failed, as a factory does .*\(HTTP 500\).*gave up after 3 attempts/,
    ],
    ['cuts at the same place', { cutAfter: 0 }, /gave up after 3 attempts/],
    ['a stall for good', { stallAfter: 0 }, /stalled|no answer in time/],
    ['a shorter body than announced', { announce: 1_000_000, cutAfter: 900_000, noRanges: true }, /gave up/],
    ['a login page', { page: '<!DOCTYPE html><html>login</html>' }, /a web page came instead of the initramfs/],
    ['nothing', { page: '' }, /the initramfs is empty/],
  ])('because of %s leaves nothing half and says why', async (_name, fault, reason) => {
    factory.faults.set(INITRAMFS, fault);
    const result = await pull({ timing: { ...TIMING, stallTimeoutMs: 300, headersTimeoutMs: 600 } });
    expect(result.ok ? 'stored' : result.error).toMatch(reason);
    expect(await storedIn(folder.path)).toEqual([]);
  });

  test('a stop is told, puts nothing into the vault and keeps what came', async () => {
    factory.faults.set(INITRAMFS, { stallAfter: 1000 });
    const control = new AbortController();
    setTimeout(() => control.abort(), 100);
    const result = await pull({ signal: control.signal });
    expect(result.ok ? 'stored' : result.error).toMatch(
      /^stopped(; \d+ bytes are kept: pull again to go on from there)?$/,
    );
    expect(await storedIn(folder.path)).toEqual([]);
  });

  test('a command line file that is something else is refused', async () => {
    factory.files.set(`${IMAGES}/cmdline-metal-amd64`, Buffer.from('hello'));
    expect(await pull()).toMatchObject({ ok: false, error: expect.stringContaining('talos.platform=') });
  });

  test('a schematic whose command line wipes is refused', async () => {
    const line = 'talos.platform=metal talos.experimental.wipe=system\n';
    factory.files.set(`${IMAGES}/cmdline-metal-amd64`, Buffer.from(line));
    expect(await pull()).toMatchObject({ ok: false, error: expect.stringContaining('(of the schematic') });
    expect(await storedIn(folder.path)).toEqual([]);
  });

  test.each([
    ['a path as schematic', { schematic: '../../etc' }, /no schematic id/],
    ['a word as version', { version: 'latest' }, /not a Talos version/],
  ])('%s never reaches the network', async (_name, key, reason) => {
    const result = await pull(key);
    expect(result.ok ? '' : result.error).toMatch(reason);
    expect(factory.requests).toEqual([]);
  });

  test('what failed before is kept', async () => {
    await pull();
    await pull({ schematic: OTHER_SCHEMATIC });
    const vault = await vaultIn(folder.path);
    expect(await vault.list()).toMatchObject({ ok: true, value: [{}, {}, {}] });
  });
});

describe('release assets', () => {
  const source = () => ({ from: 'release', baseUrl: factory.baseUrl }) as const;
  beforeEach(() => {
    const sums = `${sha(bytes(1, 50_000))}  vmlinuz-amd64\n${sha(bytes(2, 90_000))}  _out/initramfs-amd64.xz\n`;
    factory.files.set('/v1.13.9/vmlinuz-amd64', bytes(1, 50_000));
    factory.files.set('/v1.13.9/initramfs-amd64.xz', bytes(2, 90_000));
    factory.files.set('/v1.13.9/sha256sum.txt', Buffer.from(sums));
  });

  test('are held against sha256sum.txt', async () => {
    const result = await pull({ source: source() });
    expect(result).toMatchObject({ ok: true, value: [{ kind: 'kernel' }, { kind: 'initramfs' }] });
  });

  test('with another hash are refused', async () => {
    factory.files.set('/v1.13.9/initramfs-amd64.xz', bytes(3, 90_000));
    const result = await pull({ source: source() });
    expect(result.ok ? '' : result.error).toMatch(/does not have the SHA-256 of sha256sum\.txt/);
    expect(await storedIn(folder.path)).toEqual([]);
  });

  test('cannot carry extensions', async () => {
    const result = await pull({ source: source(), schematic: OTHER_SCHEMATIC });
    expect(result.ok ? '' : result.error).toMatch(/without extensions/);
  });
});

test('a command line file that is not there is made up for by the known default', async () => {
  factory.files.delete(`${IMAGES}/cmdline-metal-amd64`);
  const result = await pull();
  expect(result.ok ? result.value.map((entry) => entry.kind) : result.error).toEqual(['kernel', 'initramfs']);
});

test('what does not look like a kernel is not taken', async () => {
  expect(await pull({ anyShape: false })).toMatchObject({ ok: false, error: expect.stringContaining('begin like') });
});

describe('a factory that gives next to nothing', () => {
  test('a few bytes at each attempt are no progress, and each attempt is told', async () => {
    factory.faults.set(INITRAMFS, { cutAfter: 10 });
    const said: string[] = [];
    const result = await pull({ onRetry: (kind, reason) => said.push(`${kind}: ${reason}`) });
    expect(result.ok ? 'stored' : result.error).toMatch(/gave up after 3 attempts without progress/);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^initramfs: .+/);
  });

  test('a byte now and then is no transfer: it ends', { timeout: 60_000 }, async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 1_000_000, etag: '"one"' });
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const timing = { ...TIMING, stallTimeoutMs: 250, maxAttempts: 2 };
    const result = await pull({ source: { from: 'factory', baseUrl }, timing });
    server.closeAllConnections();
    server.close();
    expect(result.ok ? 'stored' : result.error).toMatch(/only trickles|stalled|answered with another part/);
    expect(result.ok ? '' : result.error).toMatch(/gave up after 2 attempts without progress/);
  });
});

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { arm, CONFIG, nodeSpec, planOf, sha256, uuidOf } from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, type StackOptions, startBootStack } from './boot-stack.ts';
import { httpGet, tftpGet } from './sim-machine.ts';

/** Images and loaders sent by threads of their own: the same answers as without, and what happens when one dies. */

const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
const BIG = 48_000_000;
/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 20 };
const LONG_MS = 90_000;

let stack: BootStack;
afterEach(async () => stack.stop());

async function start(change: Partial<StackOptions> = {}): Promise<void> {
  const nodes = [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })];
  stack = await startBootStack({ nodes, bulkThreads: 2, ...change });
}

const base = () => `http://127.0.0.1:${stack.ports.http}`;
const get = (path: string, headers: Record<string, string> = {}, from = NODE, method = 'GET') =>
  httpGet(`${base()}${path}`, from, headers, method);
const scriptPath = `/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`;

async function openAttempt(): Promise<string> {
  stack.render(arm(stack.engine, 'n1', 'install', planOf('install', stack.images)));
  return attemptPath((await get(scriptPath)).body);
}

/** A machine that begins a download and then reads no more. */
async function beginDownload(path: string): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
  const socket = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: NODE });
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(socket, 'data');
  socket.pause();
  return { socket, closed };
}

const typesOf = () => stack.engine.events.map((event) => event.type);

test('script, images, configuration and loader arrive, and all of it is told', { timeout: LONG_MS }, async () => {
  await start();
  const path = await openAttempt();
  expect(sha256((await get(`${path}/kernel`)).body)).toBe(stack.images.kernel.sha256);
  expect(sha256((await get(`${path}/initrd`)).body)).toBe(sha256(stack.initrd));
  expect((await get(`${path}/config.yaml`)).body.toString()).toBe(CONFIG);
  await vi.waitFor(() => expect(typesOf()).toContain('http.configServed'), PATIENT);
  for (const windowsize of ['1', '4', '16']) {
    const got = await tftpGet(stack.ports.tftp, 'ipxe.efi', NODE, { blksize: '1468', windowsize });
    expect(sha256(got)).toBe(sha256(stack.loader));
  }
  await vi.waitFor(() => expect(typesOf().filter((type) => type === 'loader.sent')).toHaveLength(3), PATIENT);
  expect(typesOf().filter((type) => type === 'image.sent')).toHaveLength(2);
});

test('ranges, heads, refusals and a lonely 503 are what they are without threads', { timeout: LONG_MS }, async () => {
  await start();
  const part = await get('/b/ipxe.efi', { Range: 'bytes=10-19' });
  expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 10-19/300001']);
  expect(part.body.equals(stack.loader.subarray(10, 20))).toBe(true);
  const head = await get('/b/ipxe.efi', {}, NODE, 'HEAD');
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '300001', 0]);
  expect((await get('/b/none')).status).toBe(404);
  expect((await get('/t/aaaabbbbccccddddeeeeffffgggghhhh/kernel')).status).toBe(404);
  const path = await openAttempt();
  writeFileSync(stack.parts.artefacts.artefact(stack.images.kernel)?.path ?? '', Buffer.alloc(1_000_000, 7));
  const changed = await get(`${path}/kernel`);
  expect([changed.status, changed.body.toString()]).toEqual([503, expect.stringMatching(/^kernel: its SHA-256 is /)]);
});

test('a hundred machines at a time get the same bytes', { timeout: LONG_MS }, async () => {
  await start();
  const path = await openAttempt();
  const all = await Promise.all(Array.from({ length: 100 }, (_, i) => get(`${path}/initrd`, {}, `127.77.5.${i + 1}`)));
  expect(new Set(all.map((one) => sha256(one.body)))).toEqual(new Set([sha256(stack.initrd)]));
});

test('a file that is overwritten once it was proven goes out as it was', { timeout: LONG_MS }, async () => {
  await start();
  const path = await openAttempt();
  await get(`${path}/initrd`, { Range: 'bytes=0-9' });
  const onDisk = stack.parts.artefacts.artefact(stack.images.initrd)?.path ?? '';
  writeFileSync(onDisk, Buffer.alloc(stack.initrd.length, 7), { flag: 'r+' });
  expect(sha256((await get(`${path}/initrd`)).body)).toBe(sha256(stack.initrd));
});

test('a file that is overwritten on its way is not told as sent', { timeout: LONG_MS }, async () => {
  await start({ initrdBytes: BIG });
  const path = await openAttempt();
  const { socket, closed } = await beginDownload(`${path}/initrd`);
  const onDisk = stack.parts.artefacts.artefact(stack.images.initrd)?.path ?? '';
  writeFileSync(onDisk, Buffer.alloc(BIG, 7), { flag: 'r+' });
  socket.resume();
  await closed;
  await vi.waitFor(
    () => expect(typesOf()).toContain(loadLibc() === undefined ? 'image.sent' : 'image.aborted'),
    PATIENT,
  );
  if (loadLibc() !== undefined)
    expect(stack.logs.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/bytes, the file changed on disk while it was sent$/),
    );
  expect(sha256((await get(`${path}/initrd`)).body)).toBe(sha256(stack.initrd));
});

test('files beyond the shared memory are read in pieces, and proven first', { timeout: LONG_MS }, async () => {
  await start({ bulkBytes: 2_000_000 });
  const path = await openAttempt();
  expect(sha256((await get(`${path}/initrd`)).body)).toBe(sha256(stack.initrd));
  const again = await get(`${path}/initrd`, { Range: 'bytes=1048570-2097160' });
  expect(again.body.equals(stack.initrd.subarray(1_048_570, 2_097_161))).toBe(true);
});

test('a thread that dies breaks what it sends and is replaced; the service goes on', { timeout: LONG_MS }, async () => {
  await start({ bulkThreads: 1, initrdBytes: BIG });
  const path = await openAttempt();
  const { socket, closed } = await beginDownload(`${path}/initrd`);
  await vi.waitFor(() => expect(typesOf()).toContain('image.requested'), PATIENT);
  await stack.workers[0]?.terminate();
  await vi.waitFor(() => expect(typesOf()).toContain('image.aborted'), PATIENT);
  socket.resume();
  await closed;
  expect(stack.logs.map(({ text }) => text).join('\n')).toMatch(/a thread that sends images ended: .*a new one starts/);
  await vi.waitFor(async () => expect((await get('/boot.ipxe')).status).toBe(200), PATIENT);
  expect(sha256((await get(`${path}/kernel`)).body)).toBe(stack.images.kernel.sha256);
  expect(sha256(await tftpGet(stack.ports.tftp, 'ipxe.efi', NODE))).toBe(sha256(stack.loader));
  expect(stack.workers).toHaveLength(2);
});

const by = { user: 'test', from: 'tty1' };

test.each<readonly [string, EventBody]>([
  ['what is cancelled', { type: 'operator.cancelled', node: 'n1', by }],
  ['what was on its way before PANIC', { type: 'site.panicSwitched', on: true, by }],
])('%s is not sent to its end', { timeout: LONG_MS }, async (_name, order) => {
  await start({ initrdBytes: BIG });
  const path = await openAttempt();
  const { socket, closed } = await beginDownload(`${path}/initrd`);
  stack.engine.emit(order);
  await vi.waitFor(() => expect(typesOf()).toContain('image.aborted'), PATIENT);
  socket.resume();
  await closed;
  const aborted = stack.engine.events.find((event) => event.type === 'image.aborted');
  expect(aborted).toMatchObject({ reason: 'it may not have it any more' });
});

test('HTTP can be started anew on its port', { timeout: LONG_MS }, async () => {
  await start();
  await stack.restartHttp();
  expect((await get('/boot.ipxe')).status).toBe(200);
});

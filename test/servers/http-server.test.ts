import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { arm, CONFIG, nodeSpec, planOf, sha256, uuidOf } from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet } from './sim-machine.ts';

/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 20 };
const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
let stack: BootStack;
beforeEach(async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })] });
});
afterEach(async () => stack.stop());

const base = () => `http://127.0.0.1:${stack.ports.http}`;
const get = (path: string, headers: Record<string, string> = {}, from = NODE, method = 'GET') =>
  httpGet(`${base()}${path}`, from, headers, method);
const scriptPath = `/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`;

/** Arms, asks for the script, and gives the path of the attempt. */
async function openAttempt(): Promise<string> {
  stack.render(arm(stack.engine, 'n1', 'install', planOf('install', stack.images)));
  return attemptPath((await get(scriptPath)).body);
}

async function raw(text: string, from = '127.77.9.1'): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: from });
  await once(socket, 'connect');
  const answer = new Promise<string>((resolve) => {
    let all = '';
    socket.on('data', (bytes) => {
      all += bytes.toString('latin1');
    });
    socket.on('close', () => resolve(all));
    socket.on('error', () => resolve(all));
  });
  socket.write(text, 'latin1');
  return { socket, answer };
}

describe('HTTP for firmware', () => {
  test('U1 HEAD tells the size that GET then has', async () => {
    const head = await get('/b/ipxe.efi', {}, NODE, 'HEAD');
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '300001', 0]);
    const got = await get('/b/ipxe.efi');
    expect(sha256(got.body)).toBe(sha256(stack.loader));
    expect(got.headers['transfer-encoding']).toBeUndefined();
    expect(got.headers['content-type']).toBe('application/efi');
  });

  const RANGES: readonly (readonly [string, Record<string, string>, number, string | undefined, number])[] = [
    ['a part', { Range: 'bytes=10-19' }, 206, 'bytes 10-19/300001', 10],
    ['from a place to the end', { Range: 'bytes=300000-' }, 206, 'bytes 300000-300000/300001', 1],
    ['the last bytes', { Range: 'bytes=-5' }, 206, 'bytes 299996-300000/300001', 5],
    ['more than there is', { Range: 'bytes=299999-999999999' }, 206, 'bytes 299999-300000/300001', 2],
    ['beyond the end', { Range: 'bytes=300001-' }, 416, 'bytes */300001', 0],
    ['several at once are the whole', { Range: 'bytes=0-1,5-6' }, 200, undefined, 300_001],
    ['of another version is the whole', { Range: 'bytes=0-1', 'If-Range': '"old"' }, 200, undefined, 300_001],
  ];
  test.each(RANGES)('U3 range: %s', async (_, headers, status, contentRange, size) => {
    const got = await get('/b/ipxe.efi', headers);
    expect([got.status, got.headers['content-range'], got.body.length]).toEqual([status, contentRange, size]);
  });

  test('HEAD knows no ranges (RFC 9110 14.2)', async () => {
    for (const range of ['bytes=0-9', 'bytes=300001-']) {
      const head = await get('/b/ipxe.efi', { Range: range }, NODE, 'HEAD');
      expect([head.status, head.headers['content-length'], head.headers['content-range']]).toEqual([
        200,
        '300001',
        undefined,
      ]);
    }
  });

  test('U4 two requests in one packet are answered one after the other', async () => {
    const one = 'GET /b/ipxe.efi HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\n\r\n';
    const { answer } = await raw(`${one}${one.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`);
    expect((await answer).match(/206 Partial Content/g)).toHaveLength(2);
  });

  const BAD: readonly (readonly [string, string, string])[] = [
    ['a path that climbs', 'GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
    ['an encoded one', 'GET /b/%2e%2e/x HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
    ['a NUL', 'GET /b/%00 HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
    ['an absolute URI of another kind', 'GET ftp://x/b HTTP/1.1\r\nHost: x\r\n\r\n', '400'],
    ['10 KB of target', `GET /${'a'.repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, '414'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', '400'],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400'],
    ['chunks', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', '501'],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: x\n\n\r\n\r\n', '400'],
    ['a hundred headers', `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(100)}\r\n`, '431'],
    ['an endless header', `GET / HTTP/1.1\r\nHost: x\r\na: ${'b'.repeat(20_000)}`, '431'],
  ];
  test.each(BAD)('U5 %s is refused and the connection closed', async (_, text, status) => {
    const { answer } = await raw(text);
    expect((await answer).split(' ')[1]).toBe(status);
  });

  test('a request inside a body is not a request', async () => {
    const inner = `GET ${scriptPath} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const { answer } = await raw(`GET /b/none HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`);
    expect((await answer).match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(stack.engine.events.some((event) => event.type === 'http.scriptAsked')).toBe(false);
  });

  test('POST is not served', async () => {
    expect((await get('/boot.ipxe', {}, NODE, 'POST')).status).toBe(405);
  });

  test('nothing but what is advertised exists', async () => {
    for (const path of [
      '/',
      '/b',
      '/b/vmlinuz',
      '/b/autoexec.ipxe',
      '/t/x/kernel',
      '/d/amd64/kernel',
      '/s/x',
      '/boot.ipxe/x',
    ]) {
      expect((await get(path)).status, path).toBe(404);
    }
  });

  test('a name that every iPXE asks for in a healthy boot leaves no line', async () => {
    await get('/b/vmlinuz');
    const before = stack.logs.length;
    expect((await get('/b/autoexec.ipxe')).status).toBe(404);
    expect(stack.logs).toHaveLength(before);
  });

  test('a client that reads nothing holds one piece of the file, and its end is told', {
    timeout: 60_000,
  }, async () => {
    await stack.stop();
    // More than the kernel buffers on both sides of a loopback connection.
    const nodes = [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })];
    stack = await startBootStack({ nodes, initrdBytes: 32_000_000 });
    const path = await openAttempt();
    const slow = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: NODE });
    await once(slow, 'connect');
    slow.pause();
    slow.write(`GET ${path}/initrd HTTP/1.1\r\nHost: x\r\n\r\n`);
    await vi.waitFor(() => expect(stack.engine.events.at(-1)?.type).toMatch(/^image\.(requested|progressed)/), PATIENT);
    slow.destroy();
    await vi.waitFor(
      () => expect(stack.engine.events.at(-1)).toMatchObject({ type: 'image.aborted', node: 'n1', image: 'initrd' }),
      PATIENT,
    );
  });

  test('who takes nothing for two minutes is told of as that, and so is a server that stops', {
    timeout: 60_000,
  }, async () => {
    await stack.stop();
    const nodes = [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })];
    stack = await startBootStack({ nodes, initrdBytes: 32_000_000 });
    const path = await openAttempt();
    const { engine } = stack;
    const stall = async (): Promise<Socket> => {
      const slow = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: NODE });
      slow.on('error', () => undefined);
      await once(slow, 'connect');
      slow.pause();
      const before = engine.events.length;
      slow.write(`GET ${path}/initrd HTTP/1.1\r\nHost: x\r\n\r\n`);
      const begun = () => engine.events.slice(before).some(({ type }) => type === 'image.requested');
      await vi.waitFor(() => expect(begun()).toBe(true), PATIENT);
      return slow;
    };
    const ended = () => engine.events.filter(({ type }) => type === 'image.aborted');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const slow = await stall();
      // Until the kernel's buffers are full, something moves.
      for (let s = 0; s < 2000 && ended().length === 0; s += 1) {
        await vi.advanceTimersByTimeAsync(1000);
        await sleep(2);
      }
      expect(ended()).toMatchObject([{ reason: 'it took nothing for 120 s; we closed' }]);
      slow.destroy();
    } finally {
      vi.useRealTimers();
    }
    expect(stack.logs.at(-1)?.text).toMatch(/^initrd: \d+ of 32000000 bytes, it took nothing for 120 s; we closed$/);
    const slow = await stall();
    await stack.restartHttp();
    await vi.waitFor(() => expect(ended()).toHaveLength(2), PATIENT);
    expect(ended()[1]).toMatchObject({ reason: 'HTTP stopped here; we closed' });
    slow.destroy();
  });

  test('a connection that says nothing is closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { answer } = await raw('GET / HT');
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      await vi.advanceTimersByTimeAsync(11_000);
      expect(await answer).toBe('');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the configuration', () => {
  test('goes to the machine of the attempt, once it was told which', async () => {
    const path = await openAttempt();
    const got = await get(`${path}/config.yaml`);
    expect([got.status, got.body.toString(), got.headers['cache-control']]).toEqual([200, CONFIG, 'no-store']);
    const served = { type: 'http.configServed', node: 'n1', job: 'job-n1', configHash: sha256(CONFIG), attempt: 1 };
    await vi.waitFor(() => expect(stack.engine.events.at(-1)).toEqual(served), PATIENT);
  });

  test('goes to no other address, and the attempt to get it is told', async () => {
    const path = await openAttempt();
    const got = await get(`${path}/config.yaml`, {}, '127.77.0.66');
    expect([got.status, got.body.toString()]).toEqual([
      404,
      'asked for from 127.77.0.66, which is not an address of n1: it has no lease of ours\n',
    ]);
    expect(stack.engine.events.at(-1)).toMatchObject({ type: 'http.configRefused', node: 'n1' });
  });

  test('goes out under no other token', async () => {
    const path = await openAttempt();
    const wrong = path.replace(/.$/, path.endsWith('a') ? 'b' : 'a');
    expect((await get(`${wrong}/config.yaml`)).status).toBe(404);
  });

  test('does not go out after the installation began', async () => {
    const path = await openAttempt();
    stack.engine.emit({ type: 'talos.installing', node: 'n1' });
    expect(nodeOf(stack.engine.fleet(), 'n1')?.job?.spentAt).toBeDefined();
    const got = await get(`${path}/config.yaml`);
    expect([got.status, got.body.toString()]).toEqual([404, 'the installation of this job has begun\n']);
  });

  test('a HEAD serves and tells nothing', async () => {
    const path = await openAttempt();
    const before = stack.engine.events.length;
    await get(`${path}/config.yaml`, {}, NODE, 'HEAD');
    await get(`${path}/handoff`, {}, NODE, 'HEAD');
    expect(stack.engine.events.slice(before)).toEqual([]);
  });

  test('no token and no secret is in any log line or event', async () => {
    const path = await openAttempt();
    for (const name of ['kernel', 'initrd', 'handoff', 'config.yaml', 'nothing']) await get(`${path}/${name}`);
    await get(`${path}/config.yaml`, {}, '127.77.0.66');
    const token = path.slice(3);
    const told = JSON.stringify([stack.logs, stack.engine.events]);
    expect(stack.logs.length).toBeGreaterThan(4);
    expect(told).not.toContain(token);
    expect(told).not.toContain('v1alpha1');
  });
});

describe('images', () => {
  test('arrive whole, with their progress told', async () => {
    const path = await openAttempt();
    const got = await get(`${path}/initrd`);
    expect(sha256(got.body)).toBe(sha256(stack.initrd));
    await vi.waitFor(() => expect(stack.engine.events.at(-1)?.type).toBe('image.sent'), PATIENT);
  });

  test('a file that was changed on disk is not served', async () => {
    const { writeFileSync } = await import('node:fs');
    const path = await openAttempt();
    const file = stack.parts.artefacts.artefact(stack.images.kernel);
    writeFileSync(file?.path ?? '', Buffer.alloc(1_000_000, 7));
    const got = await get(`${path}/kernel`);
    expect([got.status, got.body.toString()]).toEqual([503, expect.stringMatching(/^kernel: its SHA-256 is /)]);
  });

  test('sixty-four machines at a time get the same bytes', async () => {
    const path = await openAttempt();
    const all = await Promise.all(Array.from({ length: 64 }, (_, i) => get(`${path}/kernel`, {}, `127.77.5.${i + 1}`)));
    expect(new Set(all.map((one) => sha256(one.body))).size).toBe(1);
  });
});

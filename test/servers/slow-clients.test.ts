import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { arm, nodeSpec, planOf, uuidOf } from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet } from './sim-machine.ts';

/** Machines that take a byte now and then, and heads that never end: what the server holds for them is bounded. */

const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
const CLIENTS = 1_000;
/** Each fills some megabytes of kernel buffers at both ends, which takes its time: more of them on request. */
const READERS = Number(process.env['CRASHCART_TEST_SLOW_READERS'] ?? 250);
const MB = 1024 * 1024;
/** More than the kernel buffers of both sides of a connection hold. */
const IMAGE_BYTES = 32 * MB;

let stack: BootStack;
const sockets: Socket[] = [];
beforeEach(async () => {
  stack = await startBootStack({
    nodes: [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })],
    initrdBytes: IMAGE_BYTES,
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stack.stop();
});

async function initrdPath(): Promise<string> {
  stack.render(arm(stack.engine, 'n1', 'install', planOf('install', stack.images)));
  const script = await httpGet(
    `http://127.0.0.1:${stack.ports.http}/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`,
    NODE,
  );
  return `${attemptPath(script.body)}/initrd`;
}

async function dial(i: number, text: string): Promise<Socket> {
  const from = `127.77.${10 + (i >> 8)}.${i & 255}`;
  const socket = connect({ host: '127.0.0.1', port: stack.ports.http, localAddress: from });
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('slow clients', { timeout: 120_000 }, () => {
  test('who reads a byte at a time holds no copy of the image, and others are served', async () => {
    const path = await initrdPath();
    await httpGet(`http://127.0.0.1:${stack.ports.http}${path}`, NODE, { Range: 'bytes=0-9' });
    const before = heldBytes();
    const clients = await Promise.all(
      Array.from({ length: READERS }, (_, i) => dial(i, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)),
    );
    for (let round = 0; round < 3; round += 1)
      await Promise.all(
        clients.map(async (client) => {
          if (client.readableLength === 0) await once(client, 'readable');
          expect(client.read(1)).toHaveLength(1);
        }),
      );
    // Sockets of both ends are in this process, some 10 KB each; with copies of the image it would be gigabytes.
    expect(heldBytes() - before).toBeLessThan(64 * MB);
    const got = await httpGet(`http://127.0.0.1:${stack.ports.http}${path}`, NODE);
    expect(got.body.length).toBe(IMAGE_BYTES);
  });

  test('a thousand heads that never end hold no more than a head each, and others are served', async () => {
    const before = heldBytes();
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => dial(i, `GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nX-A: `)),
    );
    for (let round = 0; round < 4; round += 1) for (const client of clients) client.write('a'.repeat(1000));
    await vi.waitFor(() => expect(clients.every((client) => client.writableLength === 0)).toBe(true), 60_000);
    expect(heldBytes() - before).toBeLessThan(64 * MB);
    expect((await httpGet(`http://127.0.0.1:${stack.ports.http}/boot.ipxe`, NODE)).status).toBe(200);
  });
});

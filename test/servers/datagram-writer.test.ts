import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createDatagramWriter } from '../../src/servers/datagram-writer.ts';
import { handleOf } from '../../src/servers/socket-options.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';

/** What goes out by write(2) instead of through Node's `send`. */

/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 20 };

async function openPair() {
  const client = createUdp('udp4');
  await bindUdp(client, 0, '127.0.0.1');
  const got: string[] = [];
  client.on('message', (bytes) => got.push(bytes.toString()));
  const server = createUdp('udp4');
  await bindUdp(server, 0, '127.0.0.1');
  server.on('error', () => undefined);
  server.connect(client.address().port, '127.0.0.1');
  await once(server, 'connect');
  return { client, server, got };
}

test('a part of the bytes is one datagram', async () => {
  const { client, server, got } = await openPair();
  const write = createDatagramWriter(server);
  expect(write(Buffer.from('abcdef'), 1, 3)).toBe(true);
  expect(write(Buffer.from('abcdef'), 4, 2)).toBe(true);
  await vi.waitFor(() => expect(got).toEqual(['bcd', 'ef']), PATIENT);
  await Promise.all([closeUdp(client), closeUdp(server)]);
});

test('a socket that was closed takes nothing, and its number is no way into another file', async () => {
  const { client, server } = await openPair();
  const write = createDatagramWriter(server);
  const number = handleOf(server)?.fd;
  await closeUdp(server);
  const folder = mkdtempSync(join(tmpdir(), 'datagram-'));
  const path = join(folder, 'other');
  const files: number[] = [];
  // The lowest free number is given out first.
  while (files.at(-1) !== number && files.length < 200) files.push(openSync(path, 'w'));
  expect(files.at(-1)).toBe(number);
  expect(write(Buffer.from('secret'), 0, 6)).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe('');
  for (const file of files) closeSync(file);
  rmSync(folder, { recursive: true });
  await closeUdp(client);
});

test('what the kernel refuses is told at once', async () => {
  const { client, server } = await openPair();
  const write = createDatagramWriter(server);
  expect(write(Buffer.alloc(70_000), 0, 70_000)).toBe(false);
  await Promise.all([closeUdp(client), closeUdp(server)]);
});

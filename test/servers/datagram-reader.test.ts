import type { Socket } from 'node:dgram';
import { afterEach, expect, test, vi } from 'vitest';
import { createDatagramReader, type DatagramReader } from '../../src/servers/datagram-reader.ts';
import { loadLibc } from '../../src/servers/libc.ts';
import { bindUdp, closeUdp, createUdp, growReceiveBuffer } from '../../src/servers/udp-socket.ts';

const WAIT = { timeout: 20_000 };
const libc = loadLibc();
if (libc === undefined) process.stderr.write('skipped: the optional package koffi is not there\n');
const testHere = libc !== undefined || process.env['CI'] === 'true' ? test : test.skip;

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function open(type: 'udp4' | 'udp6', address: string): Promise<Socket> {
  const socket = createUdp(type);
  await bindUdp(socket, 0, address);
  opened.push(() => closeUdp(socket));
  return socket;
}

async function openReader(): Promise<DatagramReader> {
  const reader = await createDatagramReader(libc);
  if (reader === undefined) throw new Error('there is no reader');
  opened.push(reader.stop);
  return reader;
}

testHere.each<readonly [string, 'udp4' | 'udp6', string]>([
  ['IPv4', 'udp4', '127.0.0.1'],
  ['both families', 'udp6', '::'],
])(
  'a socket of %s is heard whole, in order, and from whom it was, and Node hears nothing of it',
  async (_, type, at) => {
    const [socket, client, reader] = [await open(type, at), await open('udp4', '127.0.0.1'), await openReader()];
    growReceiveBuffer(socket, undefined);
    const heard: (readonly [text: string, sender: string, port: number])[] = [];
    const byNode = vi.fn();
    socket.on('message', byNode);
    expect(reader.hear(socket, (bytes, ...from) => heard.push([bytes.toString('latin1'), ...from]))).toBe(true);
    const { port } = socket.address();
    const sent = ['', 'a', 'b'.repeat(60_000), ...Array.from({ length: 100 }, (_one, index) => `packet ${index}`)];
    for (const text of sent) client.send(Buffer.from(text), port, '127.0.0.1');
    await vi.waitFor(() => expect(heard).toHaveLength(sent.length), WAIT);
    expect(heard).toEqual(sent.map((text) => [text, '127.0.0.1', client.address().port]));
    expect(byNode).not.toHaveBeenCalled();
  },
);

testHere('who is to take few at once leaves the rest to the next turn of the loop, and hears them all', async () => {
  const [socket, client] = [await open('udp4', '127.0.0.1'), await open('udp4', '127.0.0.1')];
  growReceiveBuffer(socket, undefined);
  const counts: number[] = [];
  let most: number | undefined = 2;
  const reader = await createDatagramReader(libc, { most: () => most, onHeard: (count) => counts.push(count) });
  if (reader === undefined) throw new Error('there is no reader');
  opened.push(reader.stop);
  counts.length = 0;
  const heard: string[] = [];
  reader.hear(socket, (bytes) => heard.push(String(bytes)));
  const send = async (count: number): Promise<void> => {
    heard.length = 0;
    const sent = Array.from({ length: count }, (_, index) => `packet ${index}`);
    const { port } = socket.address();
    await Promise.all(sent.map((text) => new Promise((done) => client.send(text, port, '127.0.0.1', done))));
    await vi.waitFor(() => expect(heard).toEqual(sent), WAIT);
  };
  await send(50);
  expect(Math.max(...counts)).toBeLessThanOrEqual(2);
  expect(counts.filter((count) => count > 0).reduce((sum, count) => sum + count, 0)).toBe(50);
  most = undefined;
  await send(50);
  expect(heard).toHaveLength(50);
});

testHere('a socket that its own taker closes is read no further, and the others are', async () => {
  const [first, second, client] = [
    await open('udp4', '127.0.0.1'),
    await open('udp4', '127.0.0.1'),
    await open('udp4', '127.0.0.1'),
  ];
  const reader = await openReader();
  const heard: string[] = [];
  reader.hear(first, (bytes) => {
    heard.push(`first ${bytes}`);
    opened.splice(0, 1);
    first.close();
  });
  reader.hear(second, (bytes) => heard.push(`second ${bytes}`));
  const to = [first.address().port, second.address().port];
  for (const text of ['1', '2']) for (const port of to) client.send(text, port, '127.0.0.1');
  await vi.waitFor(() => expect(heard.filter((one) => one.startsWith('second'))).toHaveLength(2), WAIT);
  expect(heard.filter((one) => one.startsWith('first'))).toEqual(['first 1']);
});

testHere('a socket that gets the number of one that was closed before is heard', async () => {
  const reader = await openReader();
  const client = await open('udp4', '127.0.0.1');
  const heard: string[] = [];
  for (const text of ['one', 'two', 'three']) {
    const socket = createUdp('udp4');
    await bindUdp(socket, 0, '127.0.0.1');
    reader.hear(socket, (bytes) => heard.push(String(bytes)));
    client.send(text, socket.address().port, '127.0.0.1');
    await vi.waitFor(() => expect(heard.at(-1)).toBe(text), WAIT);
    socket.close();
  }
});

test('without the package Node goes on reading', async () => {
  expect(await createDatagramReader(undefined)).toBeUndefined();
});

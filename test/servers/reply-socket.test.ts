import { afterEach, expect, test, vi } from 'vitest';
import { loadLibc } from '../../src/servers/libc.ts';
import { createReplySocket } from '../../src/servers/reply-socket.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';

const WAIT = { timeout: 20_000 };
const HOME = '127.0.0.1';
const libc = loadLibc();
if (libc === undefined && process.env['CI'] === 'true') throw new Error('the package koffi is not installed');
if (libc === undefined) process.stderr.write('skipped: replies past Node need the package koffi\n');

const opened: ReturnType<typeof createUdp>[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(closeUdp));
});

async function open() {
  const socket = createUdp('udp4');
  await bindUdp(socket, 0, HOME);
  opened.push(socket);
  return { socket, port: socket.address().port };
}

test.skipIf(libc === undefined).each([
  ['goes out past Node', false],
  ['that the kernel does not take goes by Node after all', true],
])('a reply %s, to whomever it is for', async (_, isRefused) => {
  if (libc === undefined) return;
  const [server, ...clients] = [await open(), await open(), await open()];
  const heard: (readonly [text: string, from: number])[][] = clients.map(() => []);
  for (const [index, { socket }] of clients.entries())
    socket.on('message', (bytes, { port }) => heard[index]?.push([String(bytes), port]));
  const byNode = vi.spyOn(server.socket, 'send');
  const reply = createReplySocket(isRefused ? { ...libc, sendto: () => -1 } : libc, server.socket);
  const done = vi.fn();
  const buffer = Buffer.from('..one.two');
  for (const { port } of [...clients, ...clients]) {
    reply.send(buffer, 2, 3, port, HOME, done);
    reply.send(buffer, 6, 3, port, HOME, done);
  }
  const texts = ['one', 'two', 'one', 'two'].map((text) => [text, server.port]);
  await vi.waitFor(() => expect(heard).toEqual([texts, texts]), WAIT);
  await vi.waitFor(() => expect(done.mock.calls).toHaveLength(8), WAIT);
  expect(done.mock.calls.every(([error, sentBytes]) => error === null && sentBytes === 3)).toBe(true);
  expect(byNode).toHaveBeenCalledTimes(isRefused ? 8 : 0);
});

test.skipIf(libc === undefined)(
  'on a socket that is closed it fails as by Node, whatever file has its number now',
  async () => {
    if (libc === undefined) return;
    const { socket } = await open();
    const sendto = vi.fn(libc.sendto);
    const reply = createReplySocket({ ...libc, sendto }, socket);
    await Promise.all(opened.splice(0).map(closeUdp));
    expect(() => reply.send(Buffer.from('late'), 0, 4, 9, HOME, () => undefined)).toThrow(/not running/i);
    expect(sendto).not.toHaveBeenCalled();
  },
);

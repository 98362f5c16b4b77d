import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fail } from '../../src/core/result.ts';
import { createBatchedSockets, createTransferSockets } from '../../src/servers/batched-sockets.ts';
import { type Libc, loadLibc } from '../../src/servers/libc.ts';
import { loadSocketOptions } from '../../src/servers/socket-options.ts';
import { createDgramSockets, type TransferSocket, type TransferSockets } from '../../src/servers/transfer-socket.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';

/** What a transfer sends and hears by, on both roads: through Node's sockets, and past them. */

/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 20 };
const HOME = '127.0.0.1';

const libc = loadLibc();
if (libc === undefined && process.env['CI'] === 'true') throw new Error('the package koffi is not installed');
if (libc === undefined) process.stderr.write('skipped: sockets without Node need the package koffi\n');
const batched = await createBatchedSockets(libc);

const shared: TransferSockets = {
  open: async (local, peer) => (await batched?.open(local, peer, true)) ?? fail('there is no koffi'),
};
const ALONE: readonly (readonly [string, TransferSockets])[] = [
  ["by Node's sockets", createDgramSockets(loadSocketOptions())],
  ...(batched === undefined ? [] : [['worked off together', batched] as const]),
];
const ROADS = [...ALONE, ...(batched === undefined ? [] : [['with a port that others share', shared] as const])];

const opened: { readonly close: () => unknown }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

/** A machine: what it was sent, and from which port. */
async function openPeer() {
  const socket = createUdp('udp4');
  await bindUdp(socket, 0, HOME);
  const got: string[] = [];
  const ports = new Set<number>();
  socket.on('message', (bytes, from) => {
    got.push(bytes.toString());
    ports.add(from.port);
  });
  opened.push({ close: () => closeUdp(socket) });
  return { socket, got, ports, address: { address: HOME, port: socket.address().port } };
}

async function open(sockets: TransferSockets, peer: { readonly address: string; readonly port: number }) {
  const made = await sockets.open(HOME, peer);
  if (!made.ok) throw new Error(made.error);
  const socket = made.value;
  opened.push(socket);
  const heard: string[] = [];
  socket.hear((bytes) => heard.push(bytes.toString()));
  return { socket, heard };
}

const say = (socket: TransferSocket, text: string) => socket.send(Buffer.from(text), 0, text.length);

test.skipIf(libc === undefined)('the road past Node is there where its package is', () => {
  expect(batched).toBeDefined();
});

describe.each(ROADS)('the socket of a transfer, %s', (_, sockets) => {
  test('sends a part of the bytes as one datagram, from its own port', async () => {
    const peer = await openPeer();
    const { socket } = await open(sockets, peer.address);
    socket.send(Buffer.from('abcdef'), 1, 3);
    socket.send(Buffer.from('abcdef'), 4, 2);
    await vi.waitFor(() => expect(peer.got).toEqual(['bcd', 'ef']), PATIENT);
    expect([...peer.ports]).toEqual([socket.port]);
  });

  test.each([
    ['an ACK', 'abcd'],
    ['nothing', ''],
    ['one byte', 'a'],
    ['as much as an ERROR may hold', 'e'.repeat(600)],
  ])('hears %s as it was said', async (_what, text) => {
    const peer = await openPeer();
    const { socket, heard } = await open(sockets, peer.address);
    peer.socket.send(text, socket.port, HOME);
    await vi.waitFor(() => expect(heard).toEqual([text]), PATIENT);
  });

  test('hears all that came at once, in its order', async () => {
    const peer = await openPeer();
    const { socket, heard } = await open(sockets, peer.address);
    const texts = Array.from({ length: 50 }, (_one, index) => `n${index}`);
    for (const text of texts) peer.socket.send(text, socket.port, HOME);
    await vi.waitFor(() => expect(heard).toEqual(texts), PATIENT);
  });

  test('survives the largest datagram, and hears what follows', async () => {
    const peer = await openPeer();
    const { socket, heard } = await open(sockets, peer.address);
    peer.socket.send(Buffer.alloc(60_000, 65), socket.port, HOME);
    peer.socket.send('ok', socket.port, HOME);
    await vi.waitFor(() => expect(heard.at(-1)).toBe('ok'), PATIENT);
  });

  test('does not hear a stranger', async () => {
    const peer = await openPeer();
    const stranger = await openPeer();
    const { socket, heard } = await open(sockets, peer.address);
    stranger.socket.send('no', socket.port, HOME);
    peer.socket.send('yes', socket.port, HOME);
    await vi.waitFor(() => expect(heard).toEqual(['yes']), PATIENT);
  });

  test('goes on after the port of the client was closed for a moment', async () => {
    const peer = await openPeer();
    const { socket } = await open(sockets, peer.address);
    await closeUdp(peer.socket);
    // Each is answered by ICMP, and the next one is told of it.
    for (let index = 0; index < 5; index += 1) say(socket, 'lost');
    const again = createUdp('udp4');
    await bindUdp(again, peer.address.port, HOME);
    opened.push({ close: () => closeUdp(again) });
    const got: string[] = [];
    again.on('message', (bytes) => got.push(bytes.toString()));
    say(socket, 'found');
    await vi.waitFor(() => expect(got).toContain('found'), PATIENT);
  });

  test('tells what can never go out', async () => {
    const peer = await openPeer();
    const { socket } = await open(sockets, peer.address);
    const refused = vi.fn();
    socket.send(Buffer.alloc(70_000), 0, 70_000, refused);
    await vi.waitFor(() => expect(refused).toHaveBeenCalledTimes(1), PATIENT);
  });

  test('never sends memory beyond the bytes', async () => {
    const peer = await openPeer();
    const { socket } = await open(sockets, peer.address);
    expect(() => socket.send(Buffer.alloc(4), 2, 3)).toThrow(RangeError);
    expect(() => socket.send(Buffer.alloc(4), -1, 3)).toThrow(RangeError);
    say(socket, 'all');
    await vi.waitFor(() => expect(peer.got).toEqual(['all']), PATIENT);
  });

  test('is nothing any more once it is closed, even while others are being heard', async () => {
    const first = await openPeer();
    const second = await openPeer();
    const one = await open(sockets, first.address);
    const other = await open(sockets, second.address);
    // Whoever hears first closes both; nobody may hear after that.
    let heard = 0;
    const closeBoth = () => {
      heard += 1;
      one.socket.close();
      other.socket.close();
    };
    one.socket.hear(closeBoth);
    other.socket.hear(closeBoth);
    first.socket.send('a', one.socket.port, HOME);
    second.socket.send('b', other.socket.port, HOME);
    await vi.waitFor(() => expect(heard).toBe(1), PATIENT);
    const third = await open(sockets, first.address);
    first.socket.send('c', third.socket.port, HOME);
    await vi.waitFor(() => expect(third.heard).toEqual(['c']), PATIENT);
    expect(heard).toBe(1);
    say(one.socket, 'gone');
    expect(first.got).toEqual([]);
  });

  test('a crowd is heard whole', async () => {
    const peers = await Promise.all(Array.from({ length: 60 }, openPeer));
    const all = await Promise.all(peers.map(async (peer) => open(sockets, peer.address)));
    for (const [index, { socket }] of all.entries())
      socket.hear((bytes) => say(socket, `${bytes.toString()}-${index}`));
    for (let round = 0; round < 5; round += 1)
      for (const [index, peer] of peers.entries()) peer.socket.send(`r${round}`, all[index]?.socket.port ?? 0, HOME);
    const wanted = (index: number) => [0, 1, 2, 3, 4].map((round) => `r${round}-${index}`);
    await vi.waitFor(
      () => expect(peers.map(({ got }) => got)).toEqual(peers.map((_peer, index) => wanted(index))),
      PATIENT,
    );
  });

  test('an address that is not ours gives none, and the reason', async () => {
    expect(await sockets.open('192.0.2.1', { address: HOME, port: 9 })).toEqual(fail('EADDRNOTAVAIL'));
  });

  // From loopback nothing goes to another machine: the kernel knows it at the first word.
  test('says that there is no way to its machine, and ends nothing else', async () => {
    const peer = await openPeer();
    const other = await open(sockets, peer.address);
    const failures: string[] = [];
    const made = await sockets.open(HOME, { address: '255.255.255.255', port: 9 });
    if (made.ok) {
      opened.push(made.value);
      made.value.hearFailures((code) => failures.push(code));
      say(made.value, 'lost');
    } else failures.push(made.error);
    await vi.waitFor(() => expect(failures).toEqual(['EACCES']), PATIENT);
    say(other.socket, 'found');
    await vi.waitFor(() => expect(peer.got).toEqual(['found']), PATIENT);
  });
});

describe.each(ALONE)('the socket of one transfer alone, %s', (_, sockets) => {
  test('has the kernel cut a window into packets', async () => {
    const peer = await openPeer();
    const { socket } = await open(sockets, peer.address);
    if (!socket.segment(3)) {
      if (process.env['CI'] === 'true') throw new Error('UDP segmentation is not there');
      process.stderr.write('skipped: no UDP segmentation here\n');
      return;
    }
    socket.send(Buffer.from('abcdefgh'), 0, 8);
    await vi.waitFor(() => expect(peer.got).toEqual(['abc', 'def', 'gh']), PATIENT);
  });
});

describe.skipIf(libc === undefined)('sockets past Node', () => {
  const real = libc as Libc;

  test.each<[string, Partial<Libc>]>([
    ['there is no epoll', { epollCreate: () => -1 }],
    ['a socket cannot be had', { socket: () => -1 }],
    ['one cannot be put in the place of another', { dup3: () => -1 }],
    ['nothing can be watched', { epollCtl: () => -1 }],
    ['it hears something else', { recv: () => 4 }],
  ])('are not used where %s, and nothing of them stays', async (_, broken) => {
    const before = sockets();
    expect(await createBatchedSockets({ ...real, ...broken })).toBeUndefined();
    await vi.waitFor(() => expect(sockets()).toEqual(before), PATIENT);
  });

  test("give way to Node's own where they hear nothing, or what they say goes nowhere", {
    timeout: 60_000,
  }, async () => {
    const peer = await openPeer();
    const broken: readonly Partial<Libc>[] = [
      { epollWait: () => 0 },
      { send: () => -1 },
      { recvmmsg: () => -1 },
      { sendmmsg: (_descriptor, _heads, count) => count },
    ];
    const roads = broken.map((how) => createTransferSockets({ ...real, ...how }, undefined));
    for (const { socket } of await Promise.all(roads.map(async (road) => open(road, peer.address)))) say(socket, 'yes');
    await vi.waitFor(() => expect(peer.got).toEqual(broken.map(() => 'yes')), PATIENT);
  });

  test('are closed with a thread that is ended from outside', async () => {
    const before = sockets();
    const worker = new Worker(new URL('./batched-thread.ts', import.meta.url), { execArgv: [] });
    await once(worker, 'message');
    expect(sockets().length).toBeGreaterThanOrEqual(before.length + 20);
    await worker.terminate();
    await vi.waitFor(() => expect(sockets()).toEqual(before), PATIENT);
  });

  test('may be ended at any moment, with the last thread that uses them', { timeout: 60_000 }, async () => {
    const program = join(import.meta.dirname, 'batched-thread.ts');
    await expect(promisify(execFile)(process.execPath, [program])).resolves.toEqual({ stdout: '', stderr: '' });
  });
});

/** What this process has open of sockets and epoll. */
function sockets(): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((name) => {
      try {
        return readlinkSync(`/proc/self/fd/${name}`);
      } catch {
        return '';
      }
    })
    .filter((target) => /^socket:|eventpoll/.test(target))
    .sort();
}

import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createReadyList } from '../../src/servers/epoll-events.ts';
import { openEpollBell } from '../../src/servers/kernel-socket.ts';
import { type Libc, loadLibc } from '../../src/servers/libc.ts';
import { createSharedPorts } from '../../src/servers/shared-ports.ts';
import type { TransferSocket } from '../../src/servers/transfer-socket.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';

/** Ports of many transfers. What one transfer alone sees of them is told by transfer-socket.test.ts. */

/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 20 };
const HOME = '127.0.0.1';
/** Of Linux. */
const [EPERM, EAGAIN] = [1, 11];

const libc = loadLibc();
if (libc === undefined && process.env['CI'] === 'true') throw new Error('the package koffi is not installed');
if (libc === undefined) process.stderr.write('skipped: ports that transfers share need the package koffi\n');

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A machine: what it was sent, and from which ports. */
async function openPeer(address = HOME, port = 0) {
  const socket = createUdp('udp4');
  await bindUdp(socket, port, address);
  socket.on('error', () => undefined);
  opened.push(() => closeUdp(socket));
  const got: string[] = [];
  socket.on('message', (bytes) => got.push(bytes.toString()));
  const say = (text: string, to: number) =>
    new Promise((resolve) => socket.send(text, to, HOME, () => resolve(undefined)));
  return { socket, got, say, name: { address, port: socket.address().port } };
}

/** Nothing is read until `read` is called: then all is that came by then. */
function openPorts(broken: Partial<Libc> = {}) {
  const real = { ...(libc as Libc), ...broken };
  const bell = openEpollBell(real, () => undefined);
  if (bell === undefined) throw new Error('no epoll');
  opened.push(bell.close);
  const ports = createSharedPorts(real, bell.epoll, real.addressOf);
  const eachReady = createReadyList(real, bell.epoll, 256);
  const open = (peer: { readonly address: string; readonly port: number }): TransferSocket => {
    const made = ports.open(HOME, peer);
    if (!made.ok) throw new Error(made.error);
    const socket = made.value;
    opened.push(socket.close);
    return socket;
  };
  return { open, read: () => eachReady((descriptor) => void ports.read(descriptor)) };
}

const name = (index: number) => ({ address: HOME, port: 20_000 + index });
const say = (socket: TransferSocket, text: string) => socket.send(Buffer.from(text), 0, text.length);
const portsOf = (sockets: readonly TransferSocket[]) => new Set(sockets.map(({ port }) => port));

function echo(socket: TransferSocket): void {
  socket.hear((bytes) => say(socket, bytes.toString()));
}

describe.skipIf(libc === undefined)('a port that transfers share', () => {
  test('serves sixty-four, and two thousand have thirty-two ports', () => {
    const { open } = openPorts();
    const before = countSockets();
    const sockets = Array.from({ length: 2000 }, (_, index) => open(name(index)));
    expect(portsOf(sockets.slice(0, 64)).size).toBe(1);
    expect(portsOf(sockets).size).toBe(32);
    expect(countSockets()).toBe(before + 32);
    for (const socket of sockets) socket.close();
    expect(countSockets()).toBe(before);
  });

  test('is closed with the last of its transfers, however often each is closed', () => {
    const { open } = openPorts();
    const before = countSockets();
    const [first, second] = [open(name(1)), open(name(2))];
    first.close();
    first.close();
    expect(countSockets()).toBe(before + 1);
    second.close();
    expect(countSockets()).toBe(before);
    expect(open(name(3)).port).toBeGreaterThan(0);
  });

  test('serves sixty-four in all: one that is old takes nobody new, even where most have ended', () => {
    const { open } = openPorts();
    const first = open(name(0));
    for (let index = 1; index < 64; index += 1) open(name(index)).close();
    expect(open(name(64)).port).not.toBe(first.port);
  });

  test('is another each time that a client comes back from its own port, whether the transfer before has ended or not', () => {
    const { open } = openPorts();
    const keepers = [open(name(1)), open(name(2))];
    const again = Array.from({ length: 10 }, (_, index) => {
      const socket = open(name(3));
      if (index % 2 === 0) socket.close();
      return socket;
    });
    for (const [index, one] of again.entries()) if (index > 0) expect(one.port).not.toBe(again[index - 1]?.port);
    expect(portsOf(keepers).size).toBe(1);
  });

  test('what is late of one transfer is not heard by the next of the same client', async () => {
    const { open, read } = openPorts();
    const peer = await openPeer();
    const other = await openPeer();
    const keeper = open(other.name);
    const old = open(peer.name);
    old.close();
    const next = open(peer.name);
    const heard: string[] = [];
    next.hear((bytes) => heard.push(bytes.toString()));
    keeper.hear((bytes) => heard.push(`other ${bytes}`));
    await peer.say('late', old.port);
    await peer.say('new', next.port);
    await other.say('too', keeper.port);
    await vi.waitFor(() => {
      read();
      expect([...heard].sort()).toEqual(['new', 'other too']);
    }, PATIENT);
  });

  test('hears each client for itself: by its address and its port', async () => {
    const { open, read } = openPorts();
    const first = await openPeer();
    const samePort = await openPeer('127.0.0.2', first.name.port);
    const sameAddress = await openPeer();
    const stranger = await openPeer('127.0.0.3', first.name.port);
    const heard: string[] = [];
    const sockets = [first, samePort, sameAddress].map((peer, index) => {
      const socket = open(peer.name);
      socket.hear((bytes) => heard.push(`${index} ${bytes}`));
      return socket;
    });
    expect(portsOf(sockets).size).toBe(1);
    const { port } = sockets[0] as TransferSocket;
    await stranger.say('no', port);
    for (const [index, peer] of [first, samePort, sameAddress].entries()) await peer.say(`yes ${index}`, port);
    await vi.waitFor(() => {
      read();
      expect(heard).toEqual(['0 yes 0', '1 yes 1', '2 yes 2']);
    }, PATIENT);
  });

  test('answers by one call what came together, each in its order', async () => {
    const calls: number[] = [];
    const counted: Partial<Libc> = {
      sendmmsg: (descriptor, heads, count, flags) => {
        calls.push(count);
        return (libc as Libc).sendmmsg(descriptor, heads, count, flags);
      },
    };
    const { open, read } = openPorts(counted);
    const peers = await Promise.all(Array.from({ length: 10 }, async () => openPeer()));
    const sockets = peers.map((peer) => open(peer.name));
    for (const socket of sockets)
      socket.hear((bytes) => {
        say(socket, `${bytes} a`);
        say(socket, `${bytes} b`);
      });
    for (const text of ['1', '2', '3']) await Promise.all(peers.map((peer) => peer.say(text, sockets[0]?.port ?? 0)));
    read();
    const wanted = ['1 a', '1 b', '2 a', '2 b', '3 a', '3 b'];
    await vi.waitFor(() => {
      read();
      for (const { got } of peers) expect(got).toEqual(wanted);
    }, PATIENT);
    expect(calls.filter((count) => count > 1).length).toBeGreaterThan(0);
    expect(calls.reduce((sum, count) => sum + count, 0)).toBe(60);
  });

  test.each<[string, number, number]>([
    ['takes three at a time', 3, 0],
    ['refuses every second of them', 1, 2],
  ])('loses no more than the kernel refuses, where it %s', async (_what, most, everySecond) => {
    let calls = 0;
    const real = libc as Libc;
    const broken: Partial<Libc> = {
      sendmmsg: (descriptor, heads, count, flags) => {
        calls += 1;
        if (everySecond > 0 && calls % everySecond === 0) return -1;
        return real.sendmmsg(descriptor, heads, Math.min(count, most), flags);
      },
      errno: () => EPERM,
    };
    const { open, read } = openPorts(broken);
    const peer = await openPeer();
    const socket = open(peer.name);
    socket.hear((bytes) => {
      for (let index = 0; index < 10; index += 1) say(socket, `${bytes}${index}`);
    });
    await peer.say('n', socket.port);
    const all = Array.from({ length: 10 }, (_one, index) => `n${index}`);
    const wanted = everySecond === 0 ? all : all.filter((_one, index) => index % 2 === 0);
    await vi.waitFor(() => {
      read();
      expect(peer.got).toEqual(wanted);
    }, PATIENT);
  });

  test('sends nothing twice where the kernel has no room, and the next goes out again', async () => {
    let isFull = true;
    let calls = 0;
    const real = libc as Libc;
    const broken: Partial<Libc> = {
      sendmmsg: (...values) => {
        calls += 1;
        return isFull ? -1 : real.sendmmsg(...values);
      },
      errno: () => EAGAIN,
    };
    const { open, read } = openPorts(broken);
    const peer = await openPeer();
    const socket = open(peer.name);
    let heard = 0;
    socket.hear((bytes) => {
      heard += 1;
      for (let index = 0; index < 5; index += 1) say(socket, `${bytes}${index}`);
    });
    await peer.say('lost', socket.port);
    await vi.waitFor(() => {
      read();
      expect(heard).toBe(1);
    }, PATIENT);
    expect(calls).toBe(1);
    isFull = false;
    await peer.say('n', socket.port);
    await vi.waitFor(() => {
      read();
      expect(peer.got).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
    }, PATIENT);
  });

  test('a client that is gone, or that can never be reached, costs the others nothing', async () => {
    const { open, read } = openPorts();
    const [gone, good] = [await openPeer(), await openPeer()];
    const [toGone, toGood] = [open(gone.name), open(good.name)];
    // The kernel refuses to send there.
    const toNobody = open({ address: '127.255.255.255', port: 9 });
    expect(portsOf([toGone, toGood, toNobody]).size).toBe(1);
    await closeUdp(gone.socket);
    toGood.hear((bytes) => {
      say(toNobody, 'nobody');
      say(toGone, 'gone');
      say(toGood, bytes.toString());
    });
    const texts = ['1', '2', '3', '4', '5'];
    for (const text of texts) {
      await good.say(text, toGood.port);
      await vi.waitFor(() => {
        read();
        expect(good.got.at(-1)).toBe(text);
      }, PATIENT);
    }
    expect(good.got).toEqual(texts);
  });

  test('a flood of strangers ends in the kernel, takes no newcomers with it, and the clients are heard on', async () => {
    let received = 0;
    const real = libc as Libc;
    const counted: Partial<Libc> = {
      recvmmsg: (...values) => {
        const count = real.recvmmsg(...values);
        received += Math.max(count, 0);
        return count;
      },
    };
    const { open, read } = openPorts(counted);
    const [stranger, first, second] = [await openPeer('127.0.0.9'), await openPeer(), await openPeer('127.0.0.2')];
    const [toFirst, toSecond] = [open(first.name), open(second.name)];
    echo(toFirst);
    echo(toSecond);
    for (let round = 0; round < 50; round += 1) {
      await Promise.all(Array.from({ length: 40 }, () => stranger.say('flood', toFirst.port)));
      read();
    }
    await vi.waitFor(() => {
      read();
      expect(received).toBeGreaterThanOrEqual(1000);
    }, PATIENT);
    // What was in the buffer when it began to be dropped.
    await first.say('quiet', toFirst.port);
    await vi.waitFor(() => {
      read();
      expect(first.got).toContain('quiet');
    }, PATIENT);
    const before = received;
    for (let index = 0; index < 100; index += 1) await stranger.say('flood', toFirst.port);
    await first.say('1', toFirst.port);
    await second.say('2', toSecond.port);
    await vi.waitFor(() => {
      read();
      expect([first.got.at(-1), second.got.at(-1)]).toEqual(['1', '2']);
    }, PATIENT);
    expect(received).toBe(before + 2);
    expect(open(name(7)).port).not.toBe(toFirst.port);
  });

  test('whoever closes it while it is read hears no more, and what others said goes out', async () => {
    const { open, read } = openPorts();
    const peers = [await openPeer(), await openPeer(), await openPeer()];
    const sockets = peers.map((peer) => open(peer.name));
    const before = countSockets();
    let heard = 0;
    for (const socket of sockets)
      socket.hear((bytes) => {
        heard += 1;
        say(socket, bytes.toString());
        if (heard === 2) for (const one of sockets) one.close();
      });
    for (const [index, peer] of peers.entries()) await peer.say(`p${index}`, sockets[index]?.port ?? 0);
    await vi.waitFor(() => {
      read();
      expect(peers.map(({ got }) => got)).toEqual([['p0'], ['p1'], []]);
    }, PATIENT);
    expect(heard).toBe(2);
    expect(countSockets()).toBe(before - 1);
  });
});

function countSockets(): number {
  return readdirSync('/proc/self/fd').filter((one) => {
    try {
      return readlinkSync(`/proc/self/fd/${one}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

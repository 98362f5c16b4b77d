import type { Socket } from 'node:dgram';
import { setTimeout } from 'node:timers/promises';
import { createReadyList, watchDescriptor } from './epoll-events.ts';
import { openEpollBell } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import { createReceiver, type TakeDatagram } from './receive-many.ts';
import { handleOf } from './socket-options.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/**
 * Reads sockets of Node past Node, which takes 64 KB of new memory, four objects and two calls for each datagram. What came
 * together is read by one.
 */
export interface DatagramReader {
  /** False: Node goes on reading it. */
  readonly hear: (socket: Socket, take: TakeDatagram) => boolean;
  readonly stop: () => void;
}

export interface ReaderManners {
  /** How many of them are taken in one turn of the loop; what is left is told of again in the next. */
  readonly most?: () => number | undefined;
  /** So many were there at once. */
  readonly onHeard?: (count: number) => void;
}

const MOST_SOCKETS = 256;
/** Only to end it: what goes over loopback is there at once. */
const SELF_TEST_MS = 5000;

export async function createDatagramReader(
  libc: Libc | undefined,
  { most, onHeard }: ReaderManners = {},
): Promise<DatagramReader | undefined> {
  if (libc === undefined) return undefined;
  const takers = new Map<number, TakeDatagram>();
  const receive = createReceiver(libc);
  const bell = openEpollBell(libc, () =>
    eachReady((descriptor) => {
      const take = takers.get(descriptor);
      if (take === undefined) return;
      const count = receive(descriptor, take, most?.());
      onHeard?.(count);
    }),
  );
  if (bell === undefined) return undefined;
  const eachReady = createReadyList(libc, bell.epoll, MOST_SOCKETS);
  const reader: DatagramReader = {
    hear: (socket, take) => {
      const handle = handleOf(socket);
      if (handle?.recvStop === undefined || !watchDescriptor(libc, bell.epoll, handle.fd)) return false;
      const descriptor = handle.fd;
      handle.recvStop();
      const heard: TakeDatagram = (bytes, sender, port) => {
        // Below 0 once it is closed, by whoever took the one before.
        if (handle.fd === descriptor) take(bytes, sender, port);
      };
      takers.set(descriptor, heard);
      // Closed, it is watched no more by itself, and another socket may have its number by now.
      socket.once('close', () => {
        if (takers.get(descriptor) === heard) takers.delete(descriptor);
      });
      return true;
    },
    stop: bell.close,
  };
  if (await hearsItself(reader)) return reader;
  bell.close();
  return undefined;
}

/** Numbers and layouts are the kernel's: what is sent to a socket must be heard as it was, from where it was. */
async function hearsItself({ hear }: DatagramReader): Promise<boolean> {
  const socket = createUdp('udp4');
  try {
    await bindUdp(socket, 0, '127.0.0.1');
    const said = ['crash', 'cart'];
    const own = socket.address().port;
    const heard = new Promise<boolean>((resolve) => {
      const isHeard = hear(socket, (bytes, sender, port) => {
        const isRight = String(bytes) === said.shift() && sender === '127.0.0.1' && port === own;
        if (!isRight || said.length === 0) resolve(isRight);
      });
      if (!isHeard) resolve(false);
    });
    for (const text of [...said]) socket.send(text, own, '127.0.0.1');
    return await Promise.race([heard, setTimeout(SELF_TEST_MS, false, { ref: false })]);
  } catch {
    return false;
  } finally {
    await closeUdp(socket);
  }
}

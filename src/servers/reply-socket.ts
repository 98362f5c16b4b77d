import type { Socket } from 'node:dgram';
import { encodeAddress } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import type { ReplySocket } from './reply-queue.ts';
import { handleOf } from './socket-options.ts';

interface Target {
  readonly host: string;
  readonly port: number;
  readonly bytes: Buffer;
  readonly place: number;
}

/**
 * Sends past Node, which makes three objects for each datagram. What the kernel does not take now goes by Node after all:
 * that waits until it does, or says why it never will.
 */
export function createReplySocket(libc: Libc, socket: Socket): ReplySocket {
  const handle = handleOf(socket);
  /** Replies lie in the same few buffers again and again. */
  const places = new WeakMap<Uint8Array, number>();
  let to: Target = { host: '', port: 0, place: 0, bytes: Buffer.alloc(0) };
  const placeOf = (bytes: Uint8Array): number => {
    const place = places.get(bytes) ?? libc.addressOf(bytes);
    places.set(bytes, place);
    return place;
  };
  const isSent = (bytes: Uint8Array, offset: number, size: number, port: number, host: string): boolean => {
    if (to.host !== host || to.port !== port) {
      const address = encodeAddress({ address: host, port });
      if (address === undefined) return false;
      to = { host, port, bytes: address, place: libc.addressOf(address) };
    }
    // Asked for each time: below 0 where the socket was closed, and then the number may be another file's.
    const descriptor = handle?.fd ?? -1;
    return (
      descriptor >= 0 && libc.sendto(descriptor, placeOf(bytes) + offset, size, 0, to.place, to.bytes.length) === size
    );
  };
  return {
    send: (bytes, offset, size, port, host, done) => {
      if (isSent(bytes, offset, size, port, host)) done(null, size);
      else socket.send(bytes, offset, size, port, host, done);
    },
    getSendQueueCount: () => socket.getSendQueueCount(),
  };
}

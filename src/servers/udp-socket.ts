import { createSocket, type SocketOptions as DgramOptions, type Socket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import { explainListen } from './listen-problem.ts';
import { RECEIVE_BUFFER_BYTES } from './receive-buffer.ts';
import type { ServerProblem } from './server-parts.ts';
import { SO_RCVBUFFORCE, SOL_SOCKET, type SocketOptions } from './socket-options.ts';

/** Names are never looked up: every destination is an address, and a nextTick per packet is saved. */
function noLookup(family: 4 | 6): NonNullable<DgramOptions['lookup']> {
  return (host, options, callback) => {
    const done = typeof options === 'function' ? options : callback;
    done(null, host, family);
  };
}

export function createUdp(type: 'udp4' | 'udp6', reuse = false): Socket {
  return createSocket({ type, reuseAddr: reuse, lookup: noLookup(type === 'udp4' ? 4 : 6) });
}

export function bindUdp(socket: Socket, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.off('listening', done);
      reject(error);
    };
    const done = () => {
      socket.off('error', failed);
      resolve();
    };
    socket.once('error', failed);
    socket.once('listening', done);
    socket.bind({ port, address, exclusive: true });
  });
}

export function closeUdp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve();
    }
  });
}

/** What the kernel really gave, in bytes. */
export function growReceiveBuffer(socket: Socket, native: SocketOptions | undefined): number {
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  } catch {
    // What there is must do; the caller reports how much that is.
  }
  if (socket.getRecvBufferSize() < RECEIVE_BUFFER_BYTES) {
    native?.set(socket, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
  }
  return socket.getRecvBufferSize();
}

/** Linux counts double what it grants, so half of the wish is enough to say nothing. */
export function bufferWarning(what: string, bytes: number): readonly string[] {
  if (bytes >= RECEIVE_BUFFER_BYTES) return [];
  return [
    `${what}: the receive buffer holds ${Math.round(bytes / 1024)} KiB; when hundreds of machines start at once, requests are lost. sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}, or cap_net_admin`,
  ];
}

/** One IPv4 socket, with the problem in words. A port that somebody else shares by SO_REUSEADDR is found as well. */
export async function openUdp4(what: string, address: string, port: number): Promise<Result<Socket, ServerProblem>> {
  const socket = createUdp('udp4');
  try {
    await bindUdp(socket, port, address);
  } catch (error) {
    await closeUdp(socket);
    return fail(explainListen(error, what, 'udp', { address, port }));
  }
  return ok(socket);
}

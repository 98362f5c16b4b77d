import type { Socket } from 'node:dgram';
import { createRequire } from 'node:module';
import type { Server as TcpServer, Socket as TcpSocket } from 'node:net';

export type AnySocket = Socket | TcpSocket | TcpServer;

/** Socket options that Node does not have, through an optional native package. Everything works without it. */
export interface SocketOptions {
  /** False: the kernel refused. */
  readonly set: (socket: AnySocket, level: number, name: number, value: number) => boolean;
  readonly get: (socket: AnySocket, level: number, name: number) => number | undefined;
}

export const SOL_SOCKET = 1;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_RCVBUFFORCE = 33;
export const SO_BINDTOIFINDEX = 62;
export const SOL_TCP = 6;
export const TCP_CONGESTION = 13;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;

interface Sockopt {
  readonly setsockopt: (socket: unknown, level: number, name: number, value: number) => void;
  readonly getsockopt: (socket: unknown, level: number, name: number) => number;
}

function isSockopt(value: unknown): value is Sockopt {
  return typeof value === 'object' && value !== null && 'setsockopt' in value && 'getsockopt' in value;
}

/** What Node has of an open socket. `fd` is asked anew each time: it is below 0 once the socket is closed. */
export interface SocketHandle {
  readonly fd: number;
  /** Of a datagram socket: Node reads it no more. */
  readonly recvStop?: () => void;
  /** Of a datagram socket: what Node calls with what it read, or with why it could not. */
  onmessage?: (...read: readonly unknown[]) => void;
}

const isHandle = (value: unknown): value is SocketHandle =>
  typeof value === 'object' && value !== null && 'fd' in value && typeof value.fd === 'number';

/** `_handle` of a datagram socket prints a deprecation warning into the screen; the state behind it does not. */
export function handleOf(socket: AnySocket): SocketHandle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find((one) => one.description === 'state symbol');
  const state: unknown = symbol === undefined ? undefined : Reflect.get(socket, symbol);
  const handle: unknown =
    typeof state === 'object' && state !== null ? Reflect.get(state, 'handle') : Reflect.get(socket, '_handle');
  return isHandle(handle) && handle.fd >= 0 ? handle : undefined;
}

function withHandle(socket: AnySocket): { readonly _handle: { readonly fd: number } } | undefined {
  const fd = handleOf(socket)?.fd;
  return fd === undefined ? undefined : { _handle: { fd } };
}

export function loadSocketOptions(): SocketOptions | undefined {
  let native: unknown;
  try {
    native = createRequire(import.meta.url)('sockopt');
  } catch {
    return undefined;
  }
  if (!isSockopt(native)) return undefined;
  const { setsockopt, getsockopt } = native;
  return {
    set: (socket, level, name, value) => {
      const handle = withHandle(socket);
      if (handle === undefined) return false;
      try {
        setsockopt(handle, level, name, value);
        return true;
      } catch {
        return false;
      }
    },
    get: (socket, level, name) => {
      const handle = withHandle(socket);
      if (handle === undefined) return undefined;
      try {
        return getsockopt(handle, level, name);
      } catch {
        return undefined;
      }
    },
  };
}

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

/** `_handle` of a datagram socket prints a deprecation warning into the screen; the state behind it does not. */
function withHandle(socket: AnySocket): { readonly _handle: { readonly fd: number } } | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find((one) => one.description === 'state symbol');
  const state: unknown = symbol === undefined ? undefined : Reflect.get(socket, symbol);
  const handle: unknown =
    typeof state === 'object' && state !== null ? Reflect.get(state, 'handle') : Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? { _handle: { fd } } : undefined;
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

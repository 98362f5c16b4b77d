import { closeSync } from 'node:fs';
import { fail, ok, type Result } from '../core/result.ts';
import { watchDescriptor } from './epoll-events.ts';
import { encodeAddress, openKernelSocket } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import type { SocketName } from './send-many.ts';
import type { ListenAddress } from './server-parts.ts';
import { createSharedPort, createSharedRoom, type SharedPort } from './shared-port.ts';
import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from './socket-options.ts';
import { errnoName } from './transfer-problem.ts';
import type { TransferSocket } from './transfer-socket.ts';

/** The ports that transfers without windows share, each closed with the last of its transfers. */
export interface SharedPorts {
  /** What fails is the kernel's word for it. */
  readonly open: (local: string, peer: ListenAddress) => Result<TransferSocket>;
  /** False: it is none of these. */
  readonly read: (descriptor: number) => boolean;
}

/** Of one address. More are opened only for clients that come back from the same port of theirs. */
const MOST_OPEN = 4;
/** The kernel gives what it may. */
const BUFFER_BYTES = 1024 * 1024;

export function createSharedPorts(libc: Libc, epoll: number, placeOf: (bytes: Uint8Array) => number): SharedPorts {
  const room = createSharedRoom(libc, placeOf);
  const ports = new Map<number, SharedPort>();
  /** Of each address of ours, those that may take more transfers. */
  const open = new Map<string, readonly SharedPort[]>();

  const openPort = (local: string): Result<SharedPort> => {
    const socket = openKernelSocket(libc, local);
    if (!socket.ok) return socket;
    const { descriptor } = socket.value;
    if (!watchDescriptor(libc, epoll, descriptor)) {
      const why = errnoName(libc.errno());
      closeSync(descriptor);
      return fail(why);
    }
    const size = Buffer.from(Int32Array.of(BUFFER_BYTES).buffer);
    for (const name of [SO_RCVBUF, SO_SNDBUF]) libc.setsockopt(descriptor, SOL_SOCKET, name, size, size.length);
    const port = createSharedPort(room, socket.value, () => {
      ports.delete(descriptor);
      keep(local, (one) => one !== port);
    });
    ports.set(descriptor, port);
    open.set(local, [...(open.get(local) ?? []), port].slice(-MOST_OPEN));
    return ok(port);
  };
  const keep = (local: string, isKept: (port: SharedPort) => boolean): void => {
    const kept = (open.get(local) ?? []).filter(isKept);
    if (kept.length > 0) open.set(local, kept);
    else open.delete(local);
  };

  return {
    open: (local, peer) => {
      const name = nameOf(peer);
      if (name === undefined) return fail('EINVAL');
      keep(local, (port) => !port.isFull());
      const known = open.get(local)?.find((one) => one.takes(name));
      const port = known === undefined ? openPort(local) : ok(known);
      return port.ok ? ok(port.value.join(name)) : port;
    },
    read: (descriptor) => {
      const port = ports.get(descriptor);
      port?.read();
      return port !== undefined;
    },
  };
}

function nameOf(peer: ListenAddress): SocketName | undefined {
  const bytes = encodeAddress(peer);
  return bytes === undefined ? undefined : { port: bytes.readInt32LE(0), address: bytes.readInt32LE(4) };
}

import { closeSync, openSync } from 'node:fs';
import { fail, ok, type Result } from '../core/result.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import type { Libc } from './libc.ts';
import type { ListenAddress } from './server-parts.ts';
import { handleOf } from './socket-options.ts';
import { errnoName } from './transfer-problem.ts';
import { closeUdp, createUdp } from './udp-socket.ts';

/** A UDP socket that Node knows nothing of. */
export interface KernelSocket {
  readonly descriptor: number;
  readonly port: number;
}

/** Of Linux, the same on every processor that we know. */
const AF_INET = 2;
export const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const CLOEXEC = 0o2000000;
const SOCKET_KIND = SOCK_DGRAM | SOCK_NONBLOCK | CLOEXEC;
const ADDRESS_BYTES = 16;

/** struct sockaddr_in. */
export function encodeAddress({ address, port }: ListenAddress): Buffer | undefined {
  const ip = parseIpv4(address);
  if (!ip.ok) return undefined;
  const bytes = Buffer.alloc(ADDRESS_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt32BE(ip.value, 4);
  return bytes;
}

/** With a peer it is connected: the kernel drops what others send to it. What fails is the kernel's word for it. */
export function openKernelSocket(libc: Libc, local: string, peer?: ListenAddress): Result<KernelSocket> {
  const from = encodeAddress({ address: local, port: 0 });
  const to = peer === undefined ? undefined : encodeAddress(peer);
  if (from === undefined || (peer !== undefined && to === undefined)) return fail('EINVAL');
  const made = libc.socket(AF_INET, SOCKET_KIND, 0);
  if (made < 0) return fail(errnoName(libc.errno()));
  const descriptor = keepDescriptor(libc, made);
  // It opens a file of its own for a moment.
  if (descriptor === undefined) return fail('EMFILE');
  const size = Buffer.from(Uint32Array.of(ADDRESS_BYTES).buffer);
  const isReady =
    libc.bind(descriptor, from, ADDRESS_BYTES) === 0 &&
    (to === undefined || libc.connect(descriptor, to, ADDRESS_BYTES) === 0) &&
    libc.getsockname(descriptor, from, size) === 0;
  if (isReady) return ok({ descriptor, port: from.readUInt16BE(2) });
  const why = errnoName(libc.errno());
  closeSync(descriptor);
  return fail(why);
}

/** Only to send: with protocol 0 it hears nothing. Undefined: CAP_NET_RAW is missing. */
export function openPacketSocket(libc: Libc): number | undefined {
  return keepDescriptor(libc, libc.socket(AF_PACKET, SOCKET_KIND, 0));
}

/**
 * Node watches sockets, and no other descriptors. So one is put in a socket's place: Node tells by an `error` in each turn
 * of the loop that it cannot be read like a socket, and that is when there is something to read. (koffi's own `poll` kills
 * the process where a thread is ended while it is called back, seen with 3.3.4.)
 */
export interface EpollBell {
  readonly epoll: number;
  readonly close: () => void;
}

export function openEpollBell(libc: Libc, onRing: () => void): EpollBell | undefined {
  const made = libc.epollCreate(CLOEXEC);
  const place = libc.socket(AF_INET, SOCKET_KIND, 0);
  const bell = createUdp('udp4');
  const close = () => void closeUdp(bell);
  bell.on('error', onRing);
  try {
    bell.bind({ fd: place, exclusive: true });
  } catch {
    libc.close(place);
    libc.close(made);
    close();
    return undefined;
  }
  // In the same turn: the loop has not begun to watch what was there before.
  const isPut = libc.dup3(made, place, CLOEXEC) === place;
  libc.close(made);
  // Sooner than by the event: an Error with its stack for each turn of the loop took as long as a packet.
  const handle = handleOf(bell);
  if (handle?.onmessage !== undefined) handle.onmessage = onRing;
  if (isPut) return { epoll: place, close };
  close();
  return undefined;
}

/**
 * Puts it in the place of a file that Node opened: when a thread is ended from outside, Node closes what it opened itself,
 * and thousands of sockets would stay otherwise. To be closed by `closeSync`.
 */
function keepDescriptor(libc: Libc, made: number): number | undefined {
  if (made < 0) return undefined;
  try {
    const kept = openSync('/dev/null', 'r');
    if (libc.dup3(made, kept, CLOEXEC) === kept) return kept;
    closeSync(kept);
    return undefined;
  } catch {
    return undefined;
  } finally {
    libc.close(made);
  }
}

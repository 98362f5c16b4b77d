import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { type BootNet, type BootSite, isInNet } from '../netboot/boot-site.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { SO_SNDBUF, SOL_SOCKET, SOL_TCP, type SocketOptions, TCP_CONGESTION } from './socket-options.ts';

/**
 * How TCP sends images to machines on our own segments.
 *
 * Where the host's default is BBR, each segment waits for a timer of the kernel: that was three quarters of all CPU that an
 * image costs (0.28 against 0.08 s/GB, 200 machines, KVM guest). BBR is for long and lossy paths; on a segment Reno fills
 * the wire as well. Machines behind a relay keep what the host chose. Other defaults stay everywhere.
 */
export interface LanTcp {
  /** Connections that are accepted inherit it. */
  readonly listener: (server: Server) => void;
  /** An image goes out by this connection next; from memory of the kernel's own, where it sends it by itself. */
  readonly image: (socket: Socket, near: boolean, byKernel?: boolean) => void;
}

/** Pace each segment. */
const PACED: ReadonlySet<string> = new Set(['bbr']);
const NEAR = 'reno';
/**
 * The kernel doubles it. On a segment more is never on its way; by itself it grows to 4 MB for each machine, which for a
 * thousand of them is the host's memory. Where the kernel sends by itself the bytes stand there once for all machines, and
 * each time that it has room again costs a turn: it takes what it wants.
 */
const NEAR_SEND_BYTES = 128 * 1024;

export function createLanTcp(native: SocketOptions | undefined, hostDefault = readDefault()): LanTcp {
  const replaced = PACED.has(hostDefault) ? hostDefault : undefined;
  return {
    listener: (server) => {
      if (replaced !== undefined) native?.set(server, SOL_TCP, TCP_CONGESTION, asInt(NEAR));
    },
    image: (socket, near, byKernel = false) => {
      if (!near && replaced !== undefined) native?.set(socket, SOL_TCP, TCP_CONGESTION, asInt(replaced));
      if (near && !byKernel) native?.set(socket, SOL_SOCKET, SO_SNDBUF, NEAR_SEND_BYTES);
    },
  };
}

/** The option takes a name, and the native package a number: names of up to four letters fit into its bytes. */
function asInt(name: string): number {
  const bytes = new Uint8Array(4);
  bytes.set(Buffer.from(name.slice(0, 4), 'latin1'));
  return new Int32Array(bytes.buffer)[0] ?? 0;
}

function readDefault(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim();
  } catch {
    return '';
  }
}

const isOurs = ({ spec }: BootNet): boolean => spec.interface !== undefined && spec.relay === undefined;

/** Not behind a relay: an interface of ours is on its segment. */
export function isNear({ nets }: BootSite, text: string): boolean {
  const address = parseIpv4(text);
  if (!address.ok) return false;
  return text.startsWith('127.') || nets.some((net) => isOurs(net) && isInNet(net, address.value));
}

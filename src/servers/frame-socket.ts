import type { Socket } from 'node:dgram';
import { closeSync, readFileSync } from 'node:fs';
import { createDatagramRoom, DATAGRAM_HEAD_BYTES } from '../protocols/datagram-room.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { AF_PACKET, encodeAddress, openPacketSocket } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import { createMessageTable } from './message-table.ts';
import type { ReplySocket } from './reply-queue.ts';
import { handleOf } from './socket-options.ts';

export interface FrameSocketParts {
  readonly iface: string;
  readonly index: number;
  /** Bound to the address and port that are the replies' source; what cannot go out as a frame goes by it. */
  readonly socket: Socket;
}

const BROADCAST = '255.255.255.255';
const BROADCAST_MAC = [255, 255, 255, 255, 255, 255];
/**
 * What every Ethernet carries: longer replies are left to the kernel, which takes them apart. Where an interface carries
 * less, the kernel refuses the frame (EMSGSIZE), and it goes the same way.
 */
const MTU = 1500;
const MOST = 64;
/** Of Linux: ARPHRD_ETHER of the interface, struct sockaddr_ll. */
const ETHERNET = '1';
const ETH_P_IP = 0x0800;
const NAME_BYTES = 20;
/** MSG_CONFIRM and MSG_PROBE: the way is looked up, and nothing is sent. */
const LOOK_UP = 0x810;

/**
 * Broadcasts as whole packets, and those of one turn together by one call. To the UDP socket each of them is a way through
 * routing, filters and, for every broadcast, back into this host: two and a half times the time (4.5 to 1.8 us, measured).
 * Undefined where this program may not (CAP_NET_RAW) or the interface is no Ethernet.
 */
export function createFrameSocket(libc: Libc, { iface, index, socket }: FrameSocketParts): ReplySocket | undefined {
  const own = socket.address();
  const address = parseIpv4(own.address);
  const handle = handleOf(socket);
  const everybody = encodeAddress({ address: BROADCAST, port: 68 });
  if (!address.ok || handle === undefined || everybody === undefined || !isEthernet(iface)) return undefined;
  const descriptor = openPacketSocket(libc);
  if (descriptor === undefined) return undefined;
  let isOpen = true;
  socket.once('close', () => {
    isOpen = false;
    closeSync(descriptor);
  });
  const table = createMessageTable(libc, MOST);
  const name = nameOf(index);
  const source = { address: address.value, port: own.port };
  const rooms = Array.from({ length: MOST }, () =>
    createDatagramRoom(source, { address: 0xffffffff, port: 68 }, MTU - DATAGRAM_HEAD_BYTES),
  );
  const places = rooms.map((room) => libc.addressOf(room.bytes));
  for (let at = 0; at < MOST; at += 1) {
    table.words.set(name, table.nameIn(at));
    table.setNameBytes(at, NAME_BYTES);
  }
  const everybodyAt = libc.addressOf(everybody);
  /**
   * A frame has whatever source is written into it. Where the address has left this host, another one may have it, and
   * answer: the UDP socket knows, and says why it sends nothing.
   */
  const isOurs = (): boolean =>
    isOpen && handle.fd >= 0 && libc.sendto(handle.fd, everybodyAt, 0, LOOK_UP, everybodyAt, everybody.length) === 0;
  const dones: ((error: Error | null, sentBytes?: number) => void)[] = [];
  const sizes: number[] = [];
  const byKernel = (at: number): void => {
    const payload = Buffer.from(rooms[at]?.bytes.subarray(DATAGRAM_HEAD_BYTES, sizes[at]) ?? []);
    try {
      socket.send(payload, 0, payload.length, 68, BROADCAST, dones[at]);
    } catch (error) {
      // Closed in between. Those behind it must be told too.
      dones[at]?.(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const flush = (): void => {
    const count = dones.length;
    if (count === 0) return;
    const mayGo = isOurs();
    for (let next = 0; next < count; ) {
      const sent = mayGo ? libc.sendmmsg(descriptor, table.headAt(next), count - next, 0) : 0;
      for (let at = next; at < next + sent; at += 1) dones[at]?.(null, (sizes[at] ?? 0) - DATAGRAM_HEAD_BYTES);
      next += Math.max(0, sent);
      // It tells of the first that it could not take: no room now, or no link. Those behind it have their turn.
      if (sent > 0 || next >= count) continue;
      byKernel(next);
      next += 1;
    }
    dones.length = 0;
  };
  return {
    send: (bytes, offset, size, port, host, done) => {
      if (!isOpen || host !== BROADCAST || port !== 68 || size > MTU - DATAGRAM_HEAD_BYTES) {
        socket.send(bytes, offset, size, port, host, done);
        return;
      }
      const at = dones.length;
      const total = rooms[at]?.write(bytes, offset, size) ?? 0;
      table.setBytes(at, places[at] ?? 0, total);
      sizes[at] = total;
      dones.push(done);
      if (dones.length === MOST) flush();
    },
    flush,
    getSendQueueCount: () => socket.getSendQueueCount(),
  };
}

function isEthernet(iface: string): boolean {
  try {
    return readFileSync(`/sys/class/net/${iface}/type`, 'utf8').trim() === ETHERNET;
  } catch {
    return false;
  }
}

/** struct sockaddr_ll: to everybody on this interface. */
function nameOf(index: number): Int32Array {
  const bytes = Buffer.alloc(NAME_BYTES);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeUInt16BE(ETH_P_IP, 2);
  bytes.writeInt32LE(index, 4);
  bytes[11] = BROADCAST_MAC.length;
  bytes.set(BROADCAST_MAC, 12);
  return new Int32Array(new Uint8Array(bytes).buffer);
}

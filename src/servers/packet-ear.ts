import { closeSync } from 'node:fs';
import { AF_PACKET, openPacketSocket } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import { attachFilter, type Instruction } from './packet-filter.ts';
import { createInbox, type Inbox } from './receive-many.ts';

export const ETH_P_ARP = 0x0806;
export const ETH_P_IP = 0x0800;

/** struct sockaddr_ll. */
const NAME = { sizeBytes: 20, macAt: 12, macBytes: 6 } as const;
const MOST_AT_ONCE = 16;
/** A wire that is full of them keeps nobody here: what is left waits in the kernel, or is lost there. */
const MOST_READS = 8;
const MOST_BYTES = 2048;

/** Packets of one kind on one interface, from behind the Ethernet header on, as far as the kernel lets them through. */
export interface PacketEar {
  /** False: it could not be done, and what came before goes on to come. */
  readonly filter: (instructions: readonly Instruction[]) => boolean;
  /** What came since, as far as it is no flood; `mac` is that of who sent it. */
  readonly read: (take: (bytes: Buffer, mac: string) => void) => void;
  /** To everybody. */
  readonly send: (bytes: Buffer) => void;
  readonly close: () => void;
}

/** What is sent from here is not heard. Undefined: CAP_NET_RAW is missing, or the interface has just gone. */
export function openPacketEar(
  libc: Libc,
  index: number,
  protocol: number,
  instructions: readonly Instruction[],
  inbox: Inbox = createPacketInbox(libc),
): PacketEar | undefined {
  const descriptor = openPacketSocket(libc);
  if (descriptor === undefined) return undefined;
  const name = nameOf(index, protocol);
  // Bound last: nothing comes past the filter.
  if (!attachFilter(libc, descriptor, instructions) || libc.bind(descriptor, name, name.length) !== 0) {
    closeSync(descriptor);
    return undefined;
  }
  const names = Buffer.from(inbox.names.buffer);
  return {
    filter: (next) => attachFilter(libc, descriptor, next),
    read: (take) => {
      let count = MOST_AT_ONCE;
      for (let reads = 0; count === MOST_AT_ONCE && reads < MOST_READS; reads += 1) {
        count = inbox.receive(descriptor);
        for (let at = 0; at < count; at += 1) {
          const from = inbox.nameIn(at) * Int32Array.BYTES_PER_ELEMENT + NAME.macAt;
          take(inbox.bytesOf(at), macText(names, from));
        }
      }
    },
    send: (bytes) => {
      libc.sendto(descriptor, libc.addressOf(bytes), bytes.length, 0, libc.addressOf(name), name.length);
    },
    close: () => closeSync(descriptor),
  };
}

export const createPacketInbox = (libc: Libc): Inbox => createInbox(libc, MOST_AT_ONCE, MOST_BYTES);

export const macText = (bytes: Buffer, at: number): string =>
  bytes.toString('hex', at, at + NAME.macBytes).replace(/..(?=.)/g, '$&:');

function nameOf(index: number, protocol: number): Buffer {
  const bytes = Buffer.alloc(NAME.sizeBytes);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeUInt16BE(protocol, 2);
  bytes.writeInt32LE(index, 4);
  bytes[11] = NAME.macBytes;
  bytes.fill(0xff, NAME.macAt, NAME.macAt + NAME.macBytes);
  return bytes;
}

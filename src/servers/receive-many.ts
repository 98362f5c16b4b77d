import { renderIpv4 } from '../protocols/ipv4.ts';
import type { Libc } from './libc.ts';
import { createMessageTable } from './message-table.ts';

/** The bytes are good until this returns. */
export type TakeDatagram = (bytes: Buffer, sender: string, port: number) => void;

/** What a socket had, read by one call into the same room each time. */
export interface Inbox {
  /** How many there are now, no more than `most` of them. Where nothing is there, below 1. */
  readonly receive: (descriptor: number, most?: number) => number;
  /** Good until the next call. */
  readonly bytesOf: (index: number) => Buffer;
  /** The name of who sent it, as the kernel wrote it: `names` from `nameIn` on. */
  readonly names: Int32Array;
  readonly nameIn: (index: number) => number;
}

/** In one call: twice what libuv reads of a socket in one turn of the loop. Each turn has its own write to the disk. */
const MOST_AT_ONCE = 64;
const MOST_BYTES = 65_536;
/** struct sockaddr_in and sockaddr_in6; IPv4 stands in the last four bytes of an address of IPv6. */
const SENDER = { sizeBytes: 28, port: 2, inet: 4, inet6: 8, mapped: 20 } as const;
const WORD_BYTES = 4;
const AF_INET = 2;
const MSG_DONTWAIT = 0x40;

export function createInbox(libc: Libc, most: number, mostBytes: number): Inbox {
  const room = Buffer.allocUnsafeSlow(mostBytes * most);
  const roomAt = libc.addressOf(room);
  const table = createMessageTable(libc, most);
  for (let index = 0; index < most; index += 1) {
    table.setNameBytes(index, SENDER.sizeBytes);
    table.setBytes(index, roomAt + index * mostBytes, mostBytes);
  }
  // Most of a kind are of one size: seen without a new object for each.
  const views = Array.from({ length: most }, () => room.subarray(0, 0));
  return {
    receive: (descriptor, atMost = most) => {
      const count = libc.recvmmsg(descriptor, table.headAt(0), Math.min(most, atMost), MSG_DONTWAIT, 0);
      // The kernel wrote there how long the sender's name is.
      for (let index = 0; index < count; index += 1) table.setNameBytes(index, SENDER.sizeBytes);
      return count;
    },
    bytesOf: (index) => {
      const sizeBytes = table.sizeOf(index);
      const known = views[index];
      if (known?.length === sizeBytes && sizeBytes > 0) return known;
      const bytes = room.subarray(index * mostBytes, index * mostBytes + sizeBytes);
      views[index] = bytes;
      return bytes;
    },
    names: table.words,
    nameIn: table.nameIn,
  };
}

/** Reads what a socket has, and from whom it is; gives how many there were. Where nothing is there, nothing is taken. */
export function createReceiver(libc: Libc): (descriptor: number, take: TakeDatagram, most?: number) => number {
  const inbox = createInbox(libc, MOST_AT_ONCE, MOST_BYTES);
  const names = Buffer.from(inbox.names.buffer);
  let from: { readonly address: number | undefined; readonly text: string } = { address: undefined, text: '::' };
  return (descriptor, take, most) => {
    const count = inbox.receive(descriptor, most);
    for (let index = 0; index < count; index += 1) {
      const sender = inbox.nameIn(index) * WORD_BYTES;
      const address = addressIn(names, sender);
      // Nearly all who ask have none yet.
      if (address !== from.address) from = { address, text: address === undefined ? '::' : renderIpv4(address) };
      take(inbox.bytesOf(index), from.text, names.readUInt16BE(sender + SENDER.port));
    }
    return count;
  };
}

/** DHCP has no senders but those of IPv4. */
function addressIn(bytes: Buffer, at: number): number | undefined {
  if (bytes.readUInt16LE(at) === AF_INET) return bytes.readUInt32BE(at + SENDER.inet);
  // ::ffff:0:0/96
  const isMapped =
    bytes.readUInt32BE(at + SENDER.inet6) === 0 &&
    bytes.readUInt32BE(at + SENDER.inet6 + 4) === 0 &&
    bytes.readUInt32BE(at + SENDER.inet6 + 8) === 0xffff;
  return isMapped ? bytes.readUInt32BE(at + SENDER.mapped) : undefined;
}

import { IPV4_BYTES } from './ipv4-frame.ts';
import type { UdpEndpoint } from './udp-frame.ts';

/** One IPv4 packet from the same end to the same end, written again and again into the same bytes. */
export interface DatagramRoom {
  readonly bytes: Uint8Array;
  /** Whole, with both checksums; gives its size. */
  readonly write: (payload: Uint8Array, offset: number, sizeBytes: number) => number;
}

const UDP_BYTES = 8;
export const DATAGRAM_HEAD_BYTES = IPV4_BYTES + UDP_BYTES;
const PROTOCOL_UDP = 17;
const TTL = 64;
/** In 16-bit words. */
const AT = { length: 1, id: 2, checksum: 5, udp: 10, udpLength: 12, udpChecksum: 13 } as const;
const ADDRESSES_AT = 12;

export function createDatagramRoom(from: UdpEndpoint, to: UdpEndpoint, payloadBytes: number): DatagramRoom {
  const bytes = Buffer.alloc(DATAGRAM_HEAD_BYTES + payloadBytes + (payloadBytes & 1));
  bytes[0] = 0x45;
  bytes[8] = TTL;
  bytes[9] = PROTOCOL_UDP;
  bytes.writeUInt32BE(from.address >>> 0, ADDRESSES_AT);
  bytes.writeUInt32BE(to.address >>> 0, ADDRESSES_AT + 4);
  bytes.writeUInt16BE(from.port, IPV4_BYTES);
  bytes.writeUInt16BE(to.port, IPV4_BYTES + 2);
  // RFC 1071: the sum is the same in either order of bytes, so words are read as this processor reads them.
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const head = sumOf(words, 0, IPV4_BYTES / 2);
  const pseudo = sumOf(words, ADDRESSES_AT / 2, IPV4_BYTES / 2) + swap(PROTOCOL_UDP);
  let id = 0;
  return {
    bytes,
    write: (payload, offset, sizeBytes) => {
      copy(payload, offset, bytes, sizeBytes);
      const end = DATAGRAM_HEAD_BYTES + sizeBytes;
      if ((end & 1) === 1) bytes[end] = 0;
      id = (id + 1) & 0xffff;
      const udpLength = swap(UDP_BYTES + sizeBytes);
      words[AT.length] = swap(end);
      words[AT.id] = id;
      words[AT.checksum] = complement(head + swap(end) + id);
      words[AT.udpLength] = udpLength;
      words[AT.udpChecksum] = 0;
      const sum = complement(pseudo + udpLength + sumOf(words, AT.udp, (end + 1) >> 1));
      // 0 means "no checksum" (RFC 768).
      words[AT.udpChecksum] = sum === 0 ? 0xffff : sum;
      return end;
    },
  };
}

function copy(from: Uint8Array, offset: number, to: Uint8Array, sizeBytes: number): void {
  to.set(
    offset === 0 && from.length === sizeBytes ? from : from.subarray(offset, offset + sizeBytes),
    DATAGRAM_HEAD_BYTES,
  );
}

function sumOf(words: Uint16Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 1) sum += words[at] ?? 0;
  return sum;
}

const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A number as the wire has it. */
const swap = (value: number): number => (IS_LITTLE ? ((value & 0xff) << 8) | (value >> 8) : value);

function complement(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}

import type { CapturedPacket } from '../protocols/pcapng.ts';
import type { UdpEndpoint } from '../protocols/udp-frame.ts';

/**
 * Packets one behind the other in pages of bytes, each known by one number. As objects, those of a rack that starts were a
 * tenth of what the garbage collector has to carry along, and it does that while machines wait. When the room is used up,
 * the page with the oldest packets goes.
 */
export interface PacketPages {
  readonly add: (record: KeptRecord) => number;
  /** Undefined: its page went. */
  readonly read: (place: number) => KeptRecord | undefined;
  readonly timeOf: (place: number) => number | undefined;
  /** Those of one page go together. */
  readonly pageOf: (place: number) => number;
  /** How many pages went. */
  readonly gone: () => number;
  /** Of all pages, filled or not. */
  readonly sizeBytes: () => number;
}

/** A packet, or notes of a conversation of which packets are made when somebody asks for them. */
export interface KeptRecord extends CapturedPacket {
  readonly notes?: 'tftp' | 'http';
}

const PAGE_BYTES = 64 * 1024;
/** A place is the number of the page times this, and where it begins in it. */
const SPAN = 2 ** 17;

/** What stands before comment and payload: time, two addresses with ports, two MACs, which of them are there, three sizes. */
const AT = { time: 0, source: 8, destination: 20, flags: 32, comment: 33, payload: 35, wire: 39, head: 41 } as const;
const SOURCE_MAC = 1;
const DESTINATION_MAC = 2;
const TFTP_NOTES = 4;
const HTTP_NOTES = 8;
const MOST_COMMENT = 2000;

interface Page {
  readonly bytes: Buffer;
  used: number;
}

export function createPacketPages(totalBytes: number): PacketPages {
  const pages: Page[] = [];
  let firstPage = 0;
  let held = 0;
  const pageFor = (sizeBytes: number): Page => {
    const last = pages.at(-1);
    if (last !== undefined && last.used + sizeBytes <= last.bytes.length) return last;
    const page: Page = { bytes: Buffer.allocUnsafeSlow(Math.max(PAGE_BYTES, sizeBytes)), used: 0 };
    pages.push(page);
    held += page.bytes.length;
    while (held > totalBytes && pages.length > 1) {
      held -= pages.shift()?.bytes.length ?? 0;
      firstPage += 1;
    }
    return page;
  };
  const pageOf = (place: number): number => Math.floor(place / SPAN);
  const bytesOf = (place: number): Buffer | undefined => pages[pageOf(place) - firstPage]?.bytes;
  return {
    add: (packet) => {
      const comment = packet.comment?.slice(0, MOST_COMMENT) ?? '';
      // Of a character there may be three bytes, and nearly always is one.
      const page = pageFor(AT.head + 3 * comment.length + packet.payload.length);
      const at = page.used;
      page.used = write(page.bytes, at, packet, comment);
      return (firstPage + pages.length - 1) * SPAN + at;
    },
    read: (place) => {
      const bytes = bytesOf(place);
      return bytes === undefined ? undefined : read(bytes, place % SPAN);
    },
    timeOf: (place) => bytesOf(place)?.readDoubleLE((place % SPAN) + AT.time),
    pageOf,
    gone: () => firstPage,
    sizeBytes: () => held,
  };
}

/** Gives where the next one begins. */
function write(bytes: Buffer, at: number, record: KeptRecord, comment: string): number {
  const { timeMs, source, destination, payload, notes, wireBytes = 0 } = record;
  bytes.writeDoubleLE(timeMs, at + AT.time);
  const hasSource = writeEndpoint(bytes, at + AT.source, source);
  const hasDestination = writeEndpoint(bytes, at + AT.destination, destination);
  const noted = notes === 'tftp' ? TFTP_NOTES : notes === 'http' ? HTTP_NOTES : 0;
  bytes[at + AT.flags] = (hasSource ? SOURCE_MAC : 0) | (hasDestination ? DESTINATION_MAC : 0) | noted;
  const commentBytes = comment === '' ? 0 : bytes.write(comment, at + AT.head, 'utf8');
  bytes.writeUInt16LE(commentBytes, at + AT.comment);
  bytes.writeUInt32LE(payload.length, at + AT.payload);
  bytes.writeUInt16LE(Math.min(wireBytes, 0xffff), at + AT.wire);
  bytes.set(payload, at + AT.head + commentBytes);
  return at + AT.head + commentBytes + payload.length;
}

function read(bytes: Buffer, at: number): KeptRecord {
  const commentEnd = at + AT.head + bytes.readUInt16LE(at + AT.comment);
  const flags = bytes[at + AT.flags] ?? 0;
  const wireBytes = bytes.readUInt16LE(at + AT.wire);
  const notes = (flags & TFTP_NOTES) !== 0 ? 'tftp' : (flags & HTTP_NOTES) !== 0 ? 'http' : undefined;
  const packet: KeptRecord = {
    timeMs: bytes.readDoubleLE(at + AT.time),
    source: readEndpoint(bytes, at + AT.source, (flags & SOURCE_MAC) !== 0),
    destination: readEndpoint(bytes, at + AT.destination, (flags & DESTINATION_MAC) !== 0),
    payload: bytes.subarray(commentEnd, commentEnd + bytes.readUInt32LE(at + AT.payload)),
    ...(wireBytes === 0 ? {} : { wireBytes }),
    ...(notes === undefined ? {} : { notes }),
  };
  const comment = bytes.toString('utf8', at + AT.head, commentEnd);
  return comment === '' ? packet : { ...packet, comment };
}

/** `aa:bb:cc:dd:ee:ff`; whatever has another length is no Ethernet address. */
const MAC_CHARS = 17;

function writeEndpoint(bytes: Buffer, at: number, { address, port, mac }: UdpEndpoint): boolean {
  bytes.writeUInt32LE(address >>> 0, at);
  bytes.writeUInt16LE(port, at + 4);
  if (mac?.length !== MAC_CHARS) return false;
  for (let i = 0; i < 6; i += 1) {
    bytes[at + 6 + i] = hexValue(mac.charCodeAt(i * 3)) * 16 + hexValue(mac.charCodeAt(i * 3 + 1));
  }
  return true;
}

/** `0` to `9` are 0x30 and up, `A` to `F` 0x41, `a` to `f` 0x61. */
const hexValue = (code: number): number => (code < 0x41 ? code - 0x30 : (code | 0x20) - 0x57);

function readEndpoint(bytes: Buffer, at: number, hasMac: boolean): UdpEndpoint {
  const endpoint = { address: bytes.readUInt32LE(at), port: bytes.readUInt16LE(at + 4) };
  if (!hasMac) return endpoint;
  const mac =
    bytes
      .toString('hex', at + 6, at + 12)
      .match(/../g)
      ?.join(':') ?? '';
  return { ...endpoint, mac };
}

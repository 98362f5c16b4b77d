import { cleanText } from '../core/clean-text.ts';
import { encodeUdpFrame, type UdpPacket } from './udp-frame.ts';

/** What a server saw or sent, with why it answered so: Wireshark shows the comment above the packet. */
export interface CapturedPacket extends UdpPacket {
  readonly timeMs: number;
  readonly comment?: string;
}

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const LINK_ETHERNET = 1;
const MAX_COMMENT = 2000;

const padded = (size: number) => (size + 3) & ~3;

function block(type: number, body: Uint8Array): Buffer {
  const total = 12 + padded(body.length);
  const bytes = Buffer.alloc(total);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(total, 4);
  bytes.set(body, 8);
  bytes.writeUInt32LE(total, total - 4);
  return bytes;
}

/** Code, length, value, filled to four bytes; a list of them is closed by four zeros. */
function options(list: readonly (readonly [code: number, value: Uint8Array])[]): Buffer {
  if (list.length === 0) return Buffer.alloc(0);
  const parts = list.map(([code, value]) => {
    const bytes = Buffer.alloc(4 + padded(value.length));
    bytes.writeUInt16LE(code, 0);
    bytes.writeUInt16LE(value.length, 2);
    bytes.set(value, 4);
    return bytes;
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

/** What a file starts with: one section, one Ethernet interface, microseconds. Packets can be appended as they come. */
export function encodePcapngHead(interfaceName: string): Buffer {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(BYTE_ORDER, 0);
  section.writeUInt16LE(1, 4);
  // The section's length is not known while it is being written.
  section.writeBigInt64LE(-1n, 8);
  const ethernet = Buffer.alloc(8);
  ethernet.writeUInt16LE(LINK_ETHERNET, 0);
  const named = options([
    [2, Buffer.from(cleanText(interfaceName, 60))],
    [9, Buffer.of(6)],
  ]);
  return Buffer.concat([block(SECTION, section), block(INTERFACE, Buffer.concat([ethernet, named]))]);
}

/** A whole Ethernet frame, or the beginning of one. */
export interface CapturedFrame {
  readonly timeMs: number;
  readonly frame: Buffer;
  /** On the wire, where the frame is cut. */
  readonly wireBytes?: number;
  readonly comment?: string;
}

export function encodePcapngFrame({ timeMs, frame, wireBytes = 0, comment = '' }: CapturedFrame): Buffer {
  const head = Buffer.alloc(20);
  const timeUs = BigInt(Math.max(0, Math.round(timeMs * 1000)));
  head.writeUInt32LE(Number(timeUs >> 32n), 4);
  head.writeUInt32LE(Number(timeUs & 0xffffffffn), 8);
  head.writeUInt32LE(frame.length, 12);
  head.writeUInt32LE(Math.max(frame.length, wireBytes), 16);
  const fill = Buffer.alloc(padded(frame.length) - frame.length);
  const clean = cleanText(comment, MAX_COMMENT);
  const notes = options(clean === '' ? [] : [[1, Buffer.from(clean)]]);
  return block(ENHANCED_PACKET, Buffer.concat([head, frame, fill, notes]));
}

export function frameOf(packet: CapturedPacket): CapturedFrame {
  const { timeMs, comment, payload, wireBytes = 0 } = packet;
  const frame = encodeUdpFrame(packet);
  const cut = wireBytes > payload.length ? { wireBytes: frame.length + wireBytes - payload.length } : {};
  return { timeMs, frame, ...cut, ...(comment === undefined ? {} : { comment }) };
}

export const encodePcapngPacket = (packet: CapturedPacket): Buffer => encodePcapngFrame(frameOf(packet));

export function encodePcapng(interfaceName: string, packets: readonly CapturedPacket[]): Buffer {
  return Buffer.concat([encodePcapngHead(interfaceName), ...packets.map(encodePcapngPacket)]);
}

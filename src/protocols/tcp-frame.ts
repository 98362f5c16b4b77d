import { computeTransportChecksum, createIpv4Frame, ETHERNET_BYTES, type FrameEnd, IPV4_BYTES } from './ipv4-frame.ts';

export interface TcpSegment {
  readonly source: FrameEnd;
  readonly destination: FrameEnd;
  readonly sequence: number;
  readonly acknowledged: number;
  /** PSH beside ACK. */
  readonly push?: boolean;
  readonly payload: Uint8Array;
  /** More than the payload has: the rest was on the wire and is not here. */
  readonly wireBytes?: number;
}

const TCP_BYTES = 20;
const PROTOCOL_TCP = 6;
/** The most that one IPv4 packet says it carries. */
export const MAX_SEGMENT_BYTES = 65_535 - IPV4_BYTES - TCP_BYTES;
const ACK = 0x10;
const PUSH = 0x08;

/** An Ethernet frame of a connection that this program had, as it may have looked: a socket tells no segments. */
export function encodeTcpFrame(segment: TcpSegment): Buffer {
  const { source, destination, sequence, acknowledged, push = false } = segment;
  const payload = segment.payload.subarray(0, MAX_SEGMENT_BYTES);
  const wireBytes = Math.min(MAX_SEGMENT_BYTES, Math.max(payload.length, segment.wireBytes ?? 0));
  const frame = createIpv4Frame(source, destination, PROTOCOL_TCP, TCP_BYTES + payload.length, TCP_BYTES + wireBytes);
  const tcp = frame.subarray(ETHERNET_BYTES + IPV4_BYTES);
  tcp.writeUInt16BE(source.port, 0);
  tcp.writeUInt16BE(destination.port, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp.writeUInt32BE(acknowledged >>> 0, 8);
  tcp[12] = (TCP_BYTES / 4) << 4;
  tcp[13] = push ? ACK | PUSH : ACK;
  tcp.writeUInt16BE(0xffff, 14);
  tcp.set(payload, TCP_BYTES);
  // Of what is not here no sum can be made.
  if (wireBytes === payload.length) tcp.writeUInt16BE(computeTransportChecksum(frame, PROTOCOL_TCP), 16);
  return frame;
}

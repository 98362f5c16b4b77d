import {
  computeTransportChecksum,
  createIpv4Frame,
  ETHERNET_BYTES,
  type FrameEnd,
  IPV4_BYTES,
  TYPE_IPV4,
} from './ipv4-frame.ts';

export type UdpEndpoint = FrameEnd;

export interface UdpPacket {
  readonly source: UdpEndpoint;
  readonly destination: UdpEndpoint;
  readonly payload: Uint8Array;
  /** Of the payload on the wire, where only its beginning is here. */
  readonly wireBytes?: number;
}

const UDP = 8;
const MAX_PAYLOAD = 65_535 - IPV4_BYTES - UDP;
const TYPE_VLAN = 0x8100;
const PROTOCOL_UDP = 17;

/** The frame as it must have looked: a UDP socket gives only payload and addresses. Both checksums are right. */
export function encodeUdpFrame(packet: UdpPacket): Buffer {
  const { source, destination } = packet;
  const payload = packet.payload.subarray(0, MAX_PAYLOAD);
  const wireBytes = Math.min(MAX_PAYLOAD, Math.max(payload.length, packet.wireBytes ?? 0));
  const frame = createIpv4Frame(source, destination, PROTOCOL_UDP, UDP + payload.length, UDP + wireBytes);
  const udp = frame.subarray(ETHERNET_BYTES + IPV4_BYTES);
  udp.writeUInt16BE(source.port, 0);
  udp.writeUInt16BE(destination.port, 2);
  udp.writeUInt16BE(UDP + wireBytes, 4);
  udp.set(payload, UDP);
  // 0 means "no checksum" (RFC 768): of what is not here none can be made, and one that comes out as 0 is written as ffff.
  if (wireBytes === payload.length) udp.writeUInt16BE(computeTransportChecksum(frame, PROTOCOL_UDP) || 0xffff, 6);
  return frame;
}

function renderMacBytes(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?=.)/g, '$&:');
}

/** Undefined: no whole UDP over IPv4. VLAN tags are stepped over, checksums are not looked at (offload leaves them open). */
export function decodeUdpFrame(frame: Buffer): UdpPacket | undefined {
  let at = 12;
  while (at + 6 <= frame.length && frame.readUInt16BE(at) === TYPE_VLAN) at += 4;
  if (at + 2 + IPV4_BYTES > frame.length || frame.readUInt16BE(at) !== TYPE_IPV4) return undefined;
  const ip = frame.subarray(at + 2);
  const head = ((ip[0] ?? 0) & 15) * 4;
  const fragmentOffset = ip.readUInt16BE(6) & 0x1fff;
  if ((ip[0] ?? 0) >> 4 !== 4 || head < IPV4_BYTES || ip[9] !== PROTOCOL_UDP || fragmentOffset !== 0) return undefined;
  if (head + UDP > ip.length) return undefined;
  const udp = ip.subarray(head);
  const size = udp.readUInt16BE(4);
  if (size < UDP || size > udp.length) return undefined;
  return {
    destination: {
      mac: renderMacBytes(frame.subarray(0, 6)),
      address: ip.readUInt32BE(16),
      port: udp.readUInt16BE(2),
    },
    source: { mac: renderMacBytes(frame.subarray(6, 12)), address: ip.readUInt32BE(12), port: udp.readUInt16BE(0) },
    payload: udp.subarray(UDP, size),
  };
}

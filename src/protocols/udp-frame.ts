import { computeChecksum } from './internet-checksum.ts';

export interface UdpEndpoint {
  /** `aa:bb:cc:dd:ee:ff`. A server's socket does not tell it. */
  readonly mac?: string;
  readonly address: number;
  readonly port: number;
}

export interface UdpPacket {
  readonly source: UdpEndpoint;
  readonly destination: UdpEndpoint;
  readonly payload: Uint8Array;
}

const ETHERNET = 14;
const IPV4 = 20;
const UDP = 8;
const MAX_PAYLOAD = 65_535 - IPV4 - UDP;
const TYPE_IPV4 = 0x0800;
const TYPE_VLAN = 0x8100;
const PROTOCOL_UDP = 17;

export function parseMacBytes(mac: string): Buffer {
  return Buffer.from(mac.replace(/[:-]/g, ''), 'hex');
}

/** A MAC that nobody told: locally administered, with the address in it, so that two unknown machines stay two. */
function macOf(endpoint: UdpEndpoint): Buffer {
  if (endpoint.mac !== undefined) return parseMacBytes(endpoint.mac);
  if (endpoint.address === 0xffffffff) return Buffer.alloc(6, 255);
  const made = Buffer.of(2, 0, 0, 0, 0, 0);
  made.writeUInt32BE(endpoint.address >>> 0, 2);
  return made;
}

/** The frame as it must have looked: a UDP socket gives only payload and addresses. Both checksums are right. */
export function encodeUdpFrame(packet: UdpPacket): Buffer {
  const payload = packet.payload.subarray(0, MAX_PAYLOAD);
  const frame = Buffer.alloc(ETHERNET + IPV4 + UDP + payload.length);
  macOf(packet.destination).copy(frame, 0, 0, 6);
  macOf(packet.source).copy(frame, 6, 0, 6);
  frame.writeUInt16BE(TYPE_IPV4, 12);
  const ip = frame.subarray(ETHERNET, ETHERNET + IPV4);
  ip[0] = 0x45;
  ip.writeUInt16BE(IPV4 + UDP + payload.length, 2);
  ip[8] = 64;
  ip[9] = PROTOCOL_UDP;
  ip.writeUInt32BE(packet.source.address >>> 0, 12);
  ip.writeUInt32BE(packet.destination.address >>> 0, 16);
  ip.writeUInt16BE(computeChecksum(ip), 10);
  const udp = frame.subarray(ETHERNET + IPV4);
  udp.writeUInt16BE(packet.source.port, 0);
  udp.writeUInt16BE(packet.destination.port, 2);
  udp.writeUInt16BE(UDP + payload.length, 4);
  udp.set(payload, UDP);
  const pseudo = Buffer.of(0, PROTOCOL_UDP, 0, 0);
  pseudo.writeUInt16BE(UDP + payload.length, 2);
  // 0 would mean "no checksum" (RFC 768).
  udp.writeUInt16BE(computeChecksum(ip.subarray(12, 20), pseudo, udp) || 0xffff, 6);
  return frame;
}

function renderMacBytes(bytes: Buffer): string {
  return bytes.toString('hex').replace(/..(?=.)/g, '$&:');
}

/** Undefined: no whole UDP over IPv4. VLAN tags are stepped over, checksums are not looked at (offload leaves them open). */
export function decodeUdpFrame(frame: Buffer): UdpPacket | undefined {
  let at = 12;
  while (at + 6 <= frame.length && frame.readUInt16BE(at) === TYPE_VLAN) at += 4;
  if (at + 2 + IPV4 > frame.length || frame.readUInt16BE(at) !== TYPE_IPV4) return undefined;
  const ip = frame.subarray(at + 2);
  const head = ((ip[0] ?? 0) & 15) * 4;
  const fragmentOffset = ip.readUInt16BE(6) & 0x1fff;
  if ((ip[0] ?? 0) >> 4 !== 4 || head < IPV4 || ip[9] !== PROTOCOL_UDP || fragmentOffset !== 0) return undefined;
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

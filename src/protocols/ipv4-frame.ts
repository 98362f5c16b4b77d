import { computeChecksum } from './internet-checksum.ts';

/** One end of a packet. */
export interface FrameEnd {
  /** `aa:bb:cc:dd:ee:ff`. A server's socket does not tell it. */
  readonly mac?: string;
  readonly address: number;
  readonly port: number;
}

export const ETHERNET_BYTES = 14;
export const IPV4_BYTES = 20;
export const TYPE_IPV4 = 0x0800;

export function parseMacBytes(mac: string): Buffer {
  return Buffer.from(mac.replace(/[:-]/g, ''), 'hex');
}

/** A MAC that nobody told: locally administered, with the address in it, so that two unknown machines stay two. */
function macOf(end: FrameEnd): Buffer {
  if (end.mac !== undefined) return parseMacBytes(end.mac);
  if (end.address === 0xffffffff) return Buffer.alloc(6, 255);
  const made = Buffer.of(2, 0, 0, 0, 0, 0);
  made.writeUInt32BE(end.address >>> 0, 2);
  return made;
}

/**
 * Ethernet and IPv4 heads, and room for `keptBytes` behind them. `wireBytes` is what the heads say, and more where only the
 * beginning was kept.
 */
export function createIpv4Frame(
  source: FrameEnd,
  destination: FrameEnd,
  protocol: number,
  keptBytes: number,
  wireBytes: number,
): Buffer {
  const frame = Buffer.alloc(ETHERNET_BYTES + IPV4_BYTES + keptBytes);
  macOf(destination).copy(frame, 0, 0, 6);
  macOf(source).copy(frame, 6, 0, 6);
  frame.writeUInt16BE(TYPE_IPV4, 12);
  const ip = frame.subarray(ETHERNET_BYTES, ETHERNET_BYTES + IPV4_BYTES);
  ip[0] = 0x45;
  ip.writeUInt16BE(IPV4_BYTES + wireBytes, 2);
  ip[8] = 64;
  ip[9] = protocol;
  ip.writeUInt32BE(source.address >>> 0, 12);
  ip.writeUInt32BE(destination.address >>> 0, 16);
  ip.writeUInt16BE(computeChecksum(ip), 10);
  return frame;
}

/** Over the two addresses of the IPv4 head, and the head and payload behind it (RFC 768, RFC 9293 3.1). */
export function computeTransportChecksum(frame: Buffer, protocol: number): number {
  const behind = frame.subarray(ETHERNET_BYTES + IPV4_BYTES);
  const pseudo = Buffer.of(0, protocol, 0, 0);
  pseudo.writeUInt16BE(behind.length, 2);
  return computeChecksum(frame.subarray(ETHERNET_BYTES + 12, ETHERNET_BYTES + IPV4_BYTES), pseudo, behind);
}

import { computeChecksum } from '../../src/protocols/internet-checksum.ts';
import { parseMacBytes } from '../../src/protocols/ipv4-frame.ts';

/**
 * ICMPv6 router advertisement (RFC 4861 4.2). Without one, iPXE's autoboot waits 4 to 16 s for IPv6; with one that says
 * "no addresses here, no DHCPv6" it goes on at once (seen with iPXE 2019 and 2025).
 */
export interface RouterAdvertisement {
  readonly mac: string;
  /** 0: an announcement, not a default router. Nothing of the machines' IPv6 traffic comes this way. */
  readonly lifetimeSeconds: number;
  readonly mtu?: number;
  /** Machines make an address of it (SLAAC). 16 bytes, of which `length` bits count. */
  readonly prefix?: { readonly bytes: Uint8Array; readonly length: number; readonly validSeconds: number };
}

const ICMPV6 = 58;
const TYPE = 134;

/** ff02::1. */
export const ALL_NODES: Uint8Array = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** fe80:: and the modified EUI-64 of the MAC (RFC 4291, appendix A). */
export function computeLinkLocal(mac: string): Buffer {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = parseMacBytes(mac);
  return Buffer.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f);
}

function prefixOption(prefix: NonNullable<RouterAdvertisement['prefix']>): Buffer {
  const bytes = Buffer.alloc(32);
  // On link, and fit for making addresses.
  bytes.set([3, 4, prefix.length, 0xc0]);
  bytes.writeUInt32BE(prefix.validSeconds, 4);
  bytes.writeUInt32BE(prefix.validSeconds, 8);
  bytes.set(prefix.bytes.subarray(0, 16), 16);
  return bytes;
}

function mtuOption(mtu: number): Buffer {
  const bytes = Buffer.of(5, 1, 0, 0, 0, 0, 0, 0);
  bytes.writeUInt32BE(mtu, 4);
  return bytes;
}

/** The ICMPv6 message from `source` to all nodes. It must leave with hop limit 255, or it is ignored (RFC 4861 6.1.2). */
export function encodeRouterAdvertisement(ra: RouterAdvertisement, source: Uint8Array): Buffer {
  // Hop limit 64, neither managed nor other configuration: the flags that would start DHCPv6.
  const head = Buffer.of(TYPE, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  head.writeUInt16BE(ra.lifetimeSeconds, 6);
  const parts: Buffer[] = [head, Buffer.concat([Buffer.of(1, 1), parseMacBytes(ra.mac)])];
  if (ra.mtu !== undefined) parts.push(mtuOption(ra.mtu));
  if (ra.prefix !== undefined) parts.push(prefixOption(ra.prefix));
  const message = Buffer.concat(parts);
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(message.length, 0);
  pseudo[7] = ICMPV6;
  message.writeUInt16BE(computeChecksum(source, ALL_NODES, pseudo, message), 2);
  return message;
}

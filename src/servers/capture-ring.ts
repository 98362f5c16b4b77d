import type { TimeMs } from '../core/time.ts';
import { type CapturedPacket, encodePcapngHead, encodePcapngPacket } from '../protocols/pcapng.ts';
import { createPacketPages } from './packet-pages.ts';

/** The last packets of each machine, so that a boot which hangs can be looked at afterwards. */
export interface CaptureRing {
  /** The payload is copied: its buffer may be used again. */
  readonly keep: (node: string, packet: CapturedPacket) => void;
  /** A file that Wireshark reads: what was seen, and above each packet why it was answered so. */
  readonly exportPcapng: (node: string, since?: TimeMs) => Buffer | undefined;
  readonly sizeBytes: () => number;
}

/** A whole boot with both DHCP exchanges has about 20 packets without the data. */
const PACKETS_PER_NODE = 96;
/** Who sends more in this time shouts, or is somebody who forges its MAC: the packets of all others must not go for that. */
const WITHIN_MS = 10_000;
const TOTAL_BYTES = 32 * 1024 * 1024;

export function createCaptureRing(totalBytes = TOTAL_BYTES): CaptureRing {
  /** Of each machine, where its packets lie. */
  const rings = new Map<string, number[]>();
  const pages = createPacketPages(totalBytes);
  return {
    keep: (node, packet) => {
      const ring = rings.get(node) ?? [];
      if (ring.length === 0) rings.set(node, ring);
      if (ring.length >= PACKETS_PER_NODE) {
        const oldest = pages.timeOf(ring[0] ?? 0) ?? Number.NEGATIVE_INFINITY;
        if (packet.timeMs - oldest < WITHIN_MS) return;
        ring.shift();
      }
      ring.push(pages.add(packet));
    },
    exportPcapng: (node, since = 0) => {
      const packets = (rings.get(node) ?? []).flatMap((place) => {
        const packet = pages.read(place);
        return packet === undefined || packet.timeMs < since ? [] : [packet];
      });
      if (packets.length === 0) return undefined;
      return Buffer.concat([encodePcapngHead(node), ...packets.map(encodePcapngPacket)]);
    },
    sizeBytes: () => pages.sizeBytes(),
  };
}

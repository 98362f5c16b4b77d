import type { TimeMs } from '../core/time.ts';
import { type CapturedPacket, encodePcapngHead, encodePcapngPacket } from '../protocols/pcapng.ts';

/** The last packets of each machine, so that a boot which hangs can be looked at afterwards. */
export interface CaptureRing {
  /** The payload is kept as it is, so it must be bytes that nobody writes to any more; Node makes a buffer per datagram. */
  readonly keep: (node: string, packet: CapturedPacket) => void;
  /** A file that Wireshark reads: what was seen, and above each packet why it was answered so. */
  readonly exportPcapng: (node: string, since?: TimeMs) => Buffer | undefined;
  readonly sizeBytes: () => number;
}

/** A whole boot with both DHCP exchanges has about 20 packets without the data. */
const PACKETS_PER_NODE = 96;
const TOTAL_BYTES = 32 * 1024 * 1024;

export function createCaptureRing(totalBytes = TOTAL_BYTES): CaptureRing {
  const rings = new Map<string, CapturedPacket[]>();
  let held = 0;
  const forget = (node: string): void => {
    for (const packet of rings.get(node) ?? []) held -= packet.payload.length;
    rings.delete(node);
  };
  return {
    keep: (node, packet) => {
      const ring = rings.get(node) ?? [];
      ring.push(packet);
      held += packet.payload.length;
      if (ring.length > PACKETS_PER_NODE) held -= ring.shift()?.payload.length ?? 0;
      // Machines that were quiet longest make room.
      rings.delete(node);
      rings.set(node, ring);
      while (held > totalBytes && rings.size > 1) {
        const oldest = rings.keys().next().value;
        if (oldest === undefined) break;
        forget(oldest);
      }
    },
    exportPcapng: (node, since = 0) => {
      const ring = rings.get(node)?.filter((packet) => packet.timeMs >= since);
      if (ring === undefined || ring.length === 0) return undefined;
      return Buffer.concat([encodePcapngHead(node), ...ring.map(encodePcapngPacket)]);
    },
    sizeBytes: () => held,
  };
}

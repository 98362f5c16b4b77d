import type { TimeMs } from '../core/time.ts';
import { type CapturedPacket, encodePcapngHead, encodePcapngPacket } from '../protocols/pcapng.ts';

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
const TOTAL_BYTES = 32 * 1024 * 1024;
/**
 * Payloads lie one behind the other in pages: tens of thousands of small buffers, each with its own memory, were a good
 * part of the work of the garbage collector in a storm.
 */
const PAGE_BYTES = 64 * 1024;

interface Page {
  /** Undefined: let go, with all that was in it. */
  bytes: Buffer | undefined;
  used: number;
  /** Of packets that are still kept. */
  live: number;
}

type Kept = Omit<CapturedPacket, 'payload'> & { readonly page: Page; readonly at: number; readonly sizeBytes: number };

export function createCaptureRing(totalBytes = TOTAL_BYTES): CaptureRing {
  const rings = new Map<string, Kept[]>();
  const pages: Page[] = [];
  let held = 0;
  let newest = '';
  const drop = ({ page, sizeBytes }: Kept): void => {
    if (page.bytes === undefined) return;
    page.live -= sizeBytes;
    held -= sizeBytes;
  };
  const forget = (node: string): void => {
    rings.get(node)?.forEach(drop);
    rings.delete(node);
  };
  const pageFor = (sizeBytes: number): Page => {
    const last = pages.at(-1);
    if (last?.bytes !== undefined && last.used + sizeBytes <= last.bytes.length) return last;
    const page: Page = { bytes: Buffer.allocUnsafeSlow(Math.max(PAGE_BYTES, sizeBytes)), used: 0, live: 0 };
    pages.push(page);
    // A page may live for one packet of it: twice the memory of the payloads is where that ends.
    if (pages.length > 1 && (pages.length - 1) * PAGE_BYTES > 2 * totalBytes) letGo(pages.shift());
    return page;
  };
  const letGo = (page: Page | undefined): void => {
    if (page === undefined) return;
    held -= page.live;
    page.bytes = undefined;
  };
  const store = ({ timeMs, source, destination, comment, payload }: CapturedPacket): Kept => {
    const page = pageFor(payload.length);
    const at = page.used;
    page.bytes?.set(payload, at);
    page.used += payload.length;
    page.live += payload.length;
    held += payload.length;
    const kept = { timeMs, source, destination, page, at, sizeBytes: payload.length };
    return comment === undefined ? kept : { ...kept, comment };
  };
  return {
    keep: (node, packet) => {
      const ring = rings.get(node) ?? [];
      ring.push(store(packet));
      const oldest = ring.length > PACKETS_PER_NODE ? ring.shift() : undefined;
      if (oldest !== undefined) drop(oldest);
      // Machines that were quiet longest make room.
      if (node !== newest) rings.delete(node);
      rings.set(node, ring);
      newest = node;
      while (held > totalBytes && rings.size > 1) {
        const quiet = rings.keys().next().value;
        if (quiet === undefined) break;
        forget(quiet);
      }
    },
    exportPcapng: (node, since = 0) => {
      const packets = (rings.get(node) ?? []).flatMap(({ page, at, sizeBytes, ...packet }) =>
        page.bytes === undefined || packet.timeMs < since
          ? []
          : [{ ...packet, payload: page.bytes.subarray(at, at + sizeBytes) }],
      );
      if (packets.length === 0) return undefined;
      return Buffer.concat([encodePcapngHead(node), ...packets.map(encodePcapngPacket)]);
    },
    sizeBytes: () => held,
  };
}

import type { TimeMs } from '../core/time.ts';
import { type CapturedPacket, encodePcapngFrame, encodePcapngHead } from '../protocols/pcapng.ts';
import { afterRequests } from './heard-packets.ts';
import { framesOf } from './kept-frames.ts';
import { createPacketPages, type KeptRecord } from './packet-pages.ts';

/** The last packets of each machine, so that a boot which hangs can be looked at afterwards. */
export interface CaptureRing {
  /** The payload is copied: its buffer may be used again. */
  readonly keep: (node: string, packet: CapturedPacket, by?: KeptBy) => void;
  /** Of a conversation that a thread had: packets are made of it when somebody asks for them. From the client to us. */
  readonly keepNotes: (node: string, by: 'tftp' | 'http', record: CapturedPacket) => void;
  /** A file that Wireshark reads: what was seen, and above each packet why it was answered so. */
  readonly exportPcapng: (node: string, since?: TimeMs) => Buffer | undefined;
  readonly sizeBytes: () => number;
}

/** `heard`: DHCP of other servers. */
export type KeptBy = 'dhcp' | 'heard' | 'tftp' | 'http';

/**
 * Of one machine and protocol, where its packets lie, the oldest first: who reads an image in a thousand ranges must not
 * drive out the DHCP before it.
 */
type Places = number[];

/** A whole boot has about 20 packets of DHCP, 6 notes of TFTP and 12 of HTTP. */
const KEPT_PER_NODE = 96;
/** Who sends more in this time shouts, or is somebody who forges its MAC: the packets of all others must not go for that. */
const WITHIN_MS = 10_000;
const TOTAL_BYTES = 32 * 1024 * 1024;
/**
 * After so many pages of packets went, machines that send nothing any more let go of their places. A list of who has
 * packets in which page cost every packet a word, and the collector a megabyte to carry along.
 */
const TIDY_PAGES = 32;

export function createCaptureRing(totalBytes = TOTAL_BYTES): CaptureRing {
  const rings: Readonly<Record<KeptBy, Map<string, Places>>> = {
    dhcp: new Map(),
    heard: new Map(),
    tftp: new Map(),
    http: new Map(),
  };
  const pages = createPacketPages(totalBytes);
  let tidied = 0;
  const dropGone = (places: Places): void => {
    const first = pages.gone();
    while (pages.pageOf(places[0] ?? Number.POSITIVE_INFINITY) < first) places.shift();
  };
  const tidy = (): void => {
    tidied = pages.gone();
    for (const ring of Object.values(rings)) {
      for (const [node, places] of ring) {
        dropGone(places);
        if (places.length === 0) ring.delete(node);
      }
    }
  };
  const placesOf = (node: string, by: KeptBy): Places => {
    const known = rings[by].get(node);
    if (known !== undefined) return known;
    const places: Places = [];
    rings[by].set(node, places);
    return places;
  };
  const keep = (node: string, record: KeptRecord, by: KeptBy): void => {
    const places = placesOf(node, by);
    dropGone(places);
    if (places.length >= KEPT_PER_NODE) {
      const oldest = pages.timeOf(places[0] ?? 0) ?? Number.NEGATIVE_INFINITY;
      if (record.timeMs - oldest < WITHIN_MS) return;
      places.shift();
    }
    places.push(pages.add(record));
    if (pages.gone() - tidied >= TIDY_PAGES) tidy();
  };
  const recordsOf = (node: string, by: KeptBy, since: TimeMs): readonly KeptRecord[] =>
    (rings[by].get(node) ?? []).flatMap((place) => {
      const record = pages.read(place);
      return record === undefined || record.timeMs < since ? [] : [record];
    });
  return {
    keep: (node, packet, by = 'dhcp') => keep(node, packet, by),
    keepNotes: (node, by, record) => keep(node, { ...record, notes: by }, by),
    exportPcapng: (node, since = 0) => {
      const dhcp = recordsOf(node, 'dhcp', since);
      const heard = afterRequests(recordsOf(node, 'heard', since), dhcp);
      const rest = (['tftp', 'http'] as const).flatMap((by) => recordsOf(node, by, since));
      const frames = framesOf([...dhcp, ...heard, ...rest]);
      if (frames.length === 0) return undefined;
      return Buffer.concat([encodePcapngHead(node), ...frames.map(encodePcapngFrame)]);
    },
    sizeBytes: () => pages.sizeBytes(),
  };
}

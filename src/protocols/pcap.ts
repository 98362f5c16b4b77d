import { fail, ok, type Result } from '../core/result.ts';

export interface PcapFrame {
  readonly timeMs: number;
  readonly frame: Buffer;
}

export interface PcapFile {
  /** 1 is Ethernet. */
  readonly linkType: number;
  readonly frames: readonly PcapFrame[];
  /** The file ends inside a record, as after a capture that was killed. */
  readonly cutOff: boolean;
}

const HEAD_BYTES = 24;
const RECORD_BYTES = 16;

/** The four magic numbers: micro- or nanoseconds, either byte order. */
const MAGIC: ReadonlyMap<number, { readonly little: boolean; readonly perMs: number }> = new Map([
  [0xd4c3b2a1, { little: true, perMs: 1e3 }],
  [0xa1b2c3d4, { little: false, perMs: 1e3 }],
  [0x4d3cb2a1, { little: true, perMs: 1e6 }],
  [0xa1b23c4d, { little: false, perMs: 1e6 }],
]);

/** Classic pcap, as tcpdump writes it. */
export function decodePcap(bytes: Buffer): Result<PcapFile> {
  if (bytes.length < HEAD_BYTES) return fail(`${bytes.length} bytes are no capture`);
  const magic = MAGIC.get(bytes.readUInt32BE(0));
  if (magic === undefined) return fail('no pcap file: the first four bytes are none of its magic numbers');
  const read = (at: number) => (magic.little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const frames: PcapFrame[] = [];
  let at = HEAD_BYTES;
  while (at + RECORD_BYTES <= bytes.length) {
    const size = read(at + 8);
    const end = at + RECORD_BYTES + size;
    if (end > bytes.length) break;
    const timeMs = read(at) * 1000 + read(at + 4) / magic.perMs;
    frames.push({ timeMs, frame: bytes.subarray(at + RECORD_BYTES, end) });
    at = end;
  }
  return ok({ linkType: read(20), frames, cutOff: at !== bytes.length });
}

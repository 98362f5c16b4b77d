/** Of one transfer by TFTP, from the thread that sent it: a few packets, as bytes, because they cross threads. */
export interface TftpNotes {
  /** Ours, of this transfer. */
  readonly port: number;
  /** When they were told, by the clock that all threads share. */
  readonly toldAtMs: number;
  readonly packets: readonly NotedPacket[];
}

export interface NotedPacket {
  /** Before the notes were told. */
  readonly agoMs: number;
  /** Sent by us. */
  readonly ours: boolean;
  readonly bytes: Uint8Array;
  /** As it was on the wire: of DATA only the beginning is kept. */
  readonly wireBytes: number;
  readonly comment: string;
}

/** How long ago in microseconds, flags, three sizes. */
const AT = { ago: 0, ours: 4, wire: 5, bytes: 7, comment: 9, head: 11 } as const;
const TOLD_AT = 2;
const FIRST_AT = 10;
const MOST_BYTES = 512;
const MOST_COMMENT = 400;
const MOST_AGO_US = 0xffff_ffff;

/** Milliseconds of a clock that all threads of this process share, and that nobody sets. */
export const sharedClockMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export const toldAtMs = (notes: Uint8Array): number =>
  notes.length < FIRST_AT ? 0 : Buffer.from(notes.buffer, notes.byteOffset, notes.length).readDoubleLE(TOLD_AT);

export function writeTftpNotes({ port, toldAtMs, packets }: TftpNotes): Uint8Array {
  const sizes = packets.map(({ bytes, comment }) => ({
    bytes: Math.min(MOST_BYTES, bytes.length),
    comment: Math.min(MOST_COMMENT, comment.length),
  }));
  const total = sizes.reduce((sum, size) => sum + AT.head + size.bytes + size.comment, FIRST_AT);
  // Not of the pool of small buffers: the whole pool would be copied to the other thread.
  const out = Buffer.allocUnsafeSlow(total);
  out.writeUInt16LE(port, 0);
  out.writeDoubleLE(toldAtMs, TOLD_AT);
  let at = FIRST_AT;
  for (const [index, packet] of packets.entries()) {
    const size = sizes[index] ?? { bytes: 0, comment: 0 };
    out.writeUInt32LE(Math.max(0, Math.min(MOST_AGO_US, Math.round(packet.agoMs * 1000))), at + AT.ago);
    out[at + AT.ours] = packet.ours ? 1 : 0;
    out.writeUInt16LE(packet.wireBytes, at + AT.wire);
    out.writeUInt16LE(size.bytes, at + AT.bytes);
    out.writeUInt16LE(size.comment, at + AT.comment);
    out.set(packet.bytes.subarray(0, size.bytes), at + AT.head);
    out.write(packet.comment.slice(0, size.comment), at + AT.head + size.bytes, 'latin1');
    at += AT.head + size.bytes + size.comment;
  }
  return out;
}

export function readTftpNotes(notes: Uint8Array): TftpNotes {
  const bytes = Buffer.from(notes.buffer, notes.byteOffset, notes.length);
  if (bytes.length < FIRST_AT) return { port: 0, toldAtMs: 0, packets: [] };
  const packets: NotedPacket[] = [];
  for (let at = FIRST_AT; at + AT.head <= bytes.length; ) {
    const from = at + AT.head;
    const to = from + bytes.readUInt16LE(at + AT.bytes);
    const end = to + bytes.readUInt16LE(at + AT.comment);
    packets.push({
      agoMs: bytes.readUInt32LE(at + AT.ago) / 1000,
      ours: bytes[at + AT.ours] === 1,
      bytes: bytes.subarray(from, to),
      wireBytes: bytes.readUInt16LE(at + AT.wire),
      comment: bytes.toString('latin1', to, end),
    });
    at = end;
  }
  return { port: bytes.readUInt16LE(0), toldAtMs: bytes.readDoubleLE(TOLD_AT), packets };
}

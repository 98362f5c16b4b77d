import { type CapturedFrame, frameOf } from '../protocols/pcapng.ts';
import type { UdpEndpoint } from '../protocols/udp-frame.ts';
import { createHttpSegments } from './http-segments.ts';
import { maskTokenBytes, maskTokens } from './mask-tokens.ts';
import type { KeptRecord } from './packet-pages.ts';
import { readTftpNotes } from './tftp-notes.ts';

/** What was kept of a machine as frames in the order of their time. Nothing leaves here that looks like a token. */
export function framesOf(records: readonly KeptRecord[]): readonly CapturedFrame[] {
  const frames: CapturedFrame[] = [];
  const segments = createHttpSegments();
  /** Of a transfer by TFTP, which its client's port tells: where its last frame is, which is told how it ended. */
  const lastOf = new Map<string, number>();
  for (const record of records) {
    const made =
      record.notes === 'http' ? segments(record) : record.notes === 'tftp' ? tftpFrames(record) : [plain(record)];
    const transfer = keyOf(record.source);
    if (record.notes === 'tftp' && made.length === 0) endTransfer(frames, lastOf.get(transfer), record.comment);
    const before = frames[lastOf.get(transfer) ?? frames.length]?.timeMs;
    frames.push(...(record.notes === 'tftp' ? notBefore(made, before) : made));
    if (record.notes !== 'http' && made.length > 0) lastOf.set(transfer, frames.length - 1);
  }
  return frames.map(masked).sort((a, b) => a.timeMs - b.timeMs);
}

/** The engine's clock counts whole milliseconds, and notes are told later: an answer never stands before its request. */
function notBefore(made: readonly CapturedFrame[], timeMs = 0): readonly CapturedFrame[] {
  const lateMs = Math.max(0, timeMs - (made[0]?.timeMs ?? timeMs));
  return lateMs === 0 ? made : made.map((frame) => ({ ...frame, timeMs: frame.timeMs + lateMs }));
}

const keyOf = ({ address, port }: UdpEndpoint): string => `${address}:${port}`;

const masked = (frame: CapturedFrame): CapturedFrame =>
  frame.comment === undefined ? frame : { ...frame, comment: maskTokens(frame.comment) };

/** A file name may be anything that somebody asks for. Same length, so that the packet stays what it was. */
const plain = (record: KeptRecord): CapturedFrame => frameOf({ ...record, payload: maskTokenBytes(record.payload) });

function tftpFrames(record: KeptRecord): readonly CapturedFrame[] {
  const { source: client, destination, payload, timeMs } = record;
  const notes = readTftpNotes(payload);
  const server = { ...destination, port: notes.port };
  return notes.packets.map(({ agoMs, ours, bytes, wireBytes, comment }) =>
    frameOf({
      timeMs: timeMs - agoMs,
      source: ours ? server : client,
      destination: ours ? client : server,
      payload: bytes,
      wireBytes,
      comment,
    }),
  );
}

/** There is no packet that says it: the last one of the transfer is told. */
function endTransfer(frames: CapturedFrame[], at: number | undefined, how: string | undefined): void {
  const last = at === undefined ? undefined : frames[at];
  if (at === undefined || last === undefined || how === undefined) return;
  frames[at] = { ...last, comment: [last.comment, how].filter((part) => part !== undefined && part !== '').join('; ') };
}

import { encodeTftp } from '../protocols/tftp/encode-tftp.ts';
import { findSpan, type TftpImage } from '../protocols/tftp/tftp-image.ts';
import type { Transfer, TransferAction } from '../protocols/tftp/transfer.ts';
import { type NotedPacket, sharedClockMs, writeTftpNotes } from './tftp-notes.ts';

/**
 * What one transfer looked like: OACK, the first and the last DATA and ACK, every ERROR, and what was sent again. Nothing is
 * done for the blocks between: `wants` is all that they cost.
 */
export interface TftpRecorder {
  readonly wants: (before: Transfer | undefined, action: TransferAction) => boolean;
  readonly step: (before: Transfer | undefined, now: Transfer, action: TransferAction, nowMs: number) => void;
  /** A packet of the client, or of ours, that is no DATA and no ACK. */
  readonly packet: (ours: boolean, bytes: Uint8Array, nowMs: number, comment?: string) => void;
  /** What is new since the last call; undefined where nothing is. */
  readonly take: (nowMs: number) => Uint8Array | undefined;
}

/** Of DATA: enough to see of what file it is. */
const DATA_BYTES = 64;
/** What was sent again, of one transfer: a bad line repeats blocks by the thousand. */
const MOST_REPEATS = 24;
/**
 * The second wait without an answer, after a third of a second at the soonest. Then it is worth telling before the
 * transfer is over.
 */
const TELL_AFTER_RETRIES = 2;

interface Noted extends Omit<NotedPacket, 'agoMs'> {
  readonly atMs: number;
}

interface Recording {
  readonly image: TftpImage;
  readonly port: number;
  noted: Noted[];
  repeats: number;
}

export function createTftpRecorder(image: TftpImage, port: number): TftpRecorder {
  const recording: Recording = { image, port, noted: [], repeats: 0 };
  return {
    wants: (before, action) =>
      action.kind !== 'none' && (before === undefined || before.acked === 0 || action.kind !== 'send' || action.resend),
    step: (before, now, action, nowMs) => recordStep(recording, before, now, action, nowMs),
    packet: (ours, bytes, nowMs, comment = '') => note(recording, nowMs, ours, bytes, comment),
    take: (nowMs) => {
      const { noted } = recording;
      if (noted.length === 0) return undefined;
      recording.noted = [];
      return writeTftpNotes({
        port,
        toldAtMs: sharedClockMs(),
        packets: noted.map((one) => ({ ...one, agoMs: nowMs - one.atMs })),
      });
    },
  };
}

/** Whether somebody who looks at a stall should know now, and not only when the transfer is given up. */
export const isStall = (now: Transfer, action: TransferAction): boolean =>
  now.retries >= TELL_AFTER_RETRIES && (action.kind === 'send' || action.kind === 'sendOack') && action.resend;

function note({ noted }: Recording, atMs: number, ours: boolean, bytes: Uint8Array, comment = ''): void {
  noted.push({ atMs, ours, bytes, wireBytes: bytes.length, comment });
}

function noteData({ image, noted }: Recording, atMs: number, block: number, comment = ''): void {
  const { at, end } = findSpan(image, block, block + 1);
  const bytes = image.bytes.subarray(at, Math.min(end, at + 4 + DATA_BYTES));
  noted.push({ atMs, ours: true, bytes, wireBytes: end - at, comment });
}

const noteAck = (recording: Recording, atMs: number, acked: number, comment = ''): void =>
  note(recording, atMs, false, encodeTftp({ kind: 'ack', block: acked & 0xffff }), comment);

function recordStep(
  recording: Recording,
  before: Transfer | undefined,
  now: Transfer,
  action: TransferAction,
  nowMs: number,
): void {
  const { plan } = now;
  if (action.kind === 'sendOack') {
    const comment = action.resend ? silence(now, nowMs) : '';
    note(recording, nowMs, true, encodeTftp({ kind: 'oack', options: plan.accepted }), comment);
    return;
  }
  if (action.kind === 'failed' || action.kind === 'unheard') {
    // After a silence it is noted already.
    if (now.acked > 0 && now.retries < TELL_AFTER_RETRIES) noteAck(recording, now.heardAtMs, now.acked, 'the last ACK');
    return;
  }
  if (action.kind === 'send' && action.resend) {
    recordRepeat(recording, before, now, action, nowMs);
    return;
  }
  if (before?.phase === 'oack' && now.phase === 'data') noteAck(recording, nowMs, 0);
  const isFirst = before !== undefined && before.acked === 0 && now.acked > 0;
  if (action.kind === 'send' && action.from === 0) noteData(recording, nowMs, 0, windowText(action.from, action.to));
  if (isFirst && action.kind !== 'done') noteAck(recording, nowMs, now.acked, between(now.acked, plan.blockCount));
  if (action.kind !== 'done') return;
  if (plan.blockCount > 1) noteData(recording, before?.sentAtMs ?? nowMs, plan.blockCount - 1);
  noteAck(recording, nowMs, now.acked);
}

const windowText = (from: number, to: number): string =>
  to - from > 1 ? `blocks ${from + 1} to ${to} in one window, of which the first is here` : '';

const between = (acked: number, blocks: number): string =>
  acked + 1 < blocks ? `blocks ${acked + 1} to ${blocks - 1} and their ACKs are not kept` : '';

const silence = (now: Transfer, nowMs: number): string =>
  `sent again (${now.retries}) after ${((nowMs - now.heardAtMs) / 1000).toFixed(1)} s without an answer`;

function recordRepeat(
  recording: Recording,
  before: Transfer | undefined,
  now: Transfer,
  { from, to }: Extract<TransferAction, { readonly kind: 'send' }>,
  nowMs: number,
): void {
  const isSilent = before !== undefined && now.retries > before.retries;
  recording.repeats += 1;
  if (recording.repeats > MOST_REPEATS && now.retries < TELL_AFTER_RETRIES) return;
  const blocks = to - from > 1 ? `, blocks ${from + 1} to ${to}` : '';
  const more = recording.repeats === MOST_REPEATS ? '; what is sent again from here on is kept at stalls alone' : '';
  if (!isSilent) noteAck(recording, nowMs, now.acked, 'the client asks for what it lost');
  else if (now.retries === TELL_AFTER_RETRIES && now.acked > 0)
    noteAck(recording, now.heardAtMs, now.acked, 'the last ACK before the silence');
  const why = isSilent ? silence(now, nowMs) : 'sent again: its ACK asks for it';
  noteData(recording, nowMs, from, `${why}${blocks}${more}`);
}

import { decodeTftp } from '../protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../protocols/tftp/encode-tftp.ts';
import type { TransferPlan } from '../protocols/tftp/negotiate-tftp.ts';
import { findSpan, type TftpImage } from '../protocols/tftp/tftp-image.ts';
import type { TftpMessage } from '../protocols/tftp/tftp-message.ts';
import {
  countAckedBytes,
  createTransfer,
  lacksLastAck,
  stepTransfer,
  type Transfer,
  type TransferInput,
  type TransferStep,
} from '../protocols/tftp/transfer.ts';
import { isStall, type TftpRecorder } from './tftp-recorder.ts';
import { explainTransfer, isLasting } from './transfer-problem.ts';
import type { TransferSocket } from './transfer-socket.ts';

/**
 * `replaced`: the client has asked anew from the same port. Nothing is said to it then: it would take that for the answer.
 */
export type BreakOff = (reason: string, replaced?: 'replaced') => void;

/** `replaced`: broken off for another one to the same port. */
export type TransferEnd = 'done' | 'probe' | 'failed' | 'replaced';

/** One transfer on its own socket. */
export interface TftpSession {
  readonly tick: (nowMs: number) => void;
  readonly breakOff: BreakOff;
}

export interface TftpSessionParts {
  readonly socket: TransferSocket;
  readonly image: TftpImage;
  readonly plan: TransferPlan;
  /** The address of the machine, for words. */
  readonly peer: string;
  /** The kernel cuts one large send into packets of this block size (UDP_SEGMENT was accepted). */
  segmented: boolean;
  readonly nowMs: () => number;
  /** It acknowledged something; 0: our reply to its options. */
  readonly onMoved: (ackedBytes: number) => void;
  readonly onBlockLost: () => void;
  /** All is sent, and its end is not acknowledged for seconds. */
  readonly onUnheard: () => void;
  /** What was seen is told at a stall, and before the end. */
  readonly recorder?: TftpRecorder;
  readonly onSeen?: (notes: Uint8Array) => void;
  readonly onEnd: (end: { readonly is: TransferEnd; readonly reason: string; readonly resent: number }) => void;
}

/** The kernel takes 64 segments and 65,507 bytes at a time. */
const MAX_SEGMENTS = 44;
const MAX_SEND_BYTES = 65_000;
/** After three retransmissions; well before anybody says that it stalled. */
const BLOCK_LOST_MS = 3000;
/** Well before that too; who lacks a block would have asked for it by then. */
const UNHEARD_MS = 3000;
/** RFC 1350 5. */
const ACK = 4;
const ACK_BYTES = 4;

export function startTftpSession(parts: TftpSessionParts): TftpSession {
  const { socket, plan, recorder } = parts;
  let transfer: Transfer;
  let over = false;
  let isBlockLost = false;
  let isUnheard = false;
  /** Why the last that was said did not go out; nothing once it acknowledged more. */
  let unsent: string | undefined;

  const end = (is: TransferEnd, reason: string): void => {
    if (over) return;
    over = true;
    tellSeen(parts);
    parts.onEnd({ is, reason, resent: transfer.resentBlocks });
  };

  const take = ([next, action]: TransferStep): void => {
    const before: Transfer | undefined = transfer;
    const moved = before !== undefined && (next.acked !== before.acked || hasBegun(before, next));
    transfer = next;
    if (recorder?.wants(before, action) === true) {
      recorder.step(before, next, action, parts.nowMs());
      if (isStall(next, action)) tellSeen(parts);
    }
    if (moved) {
      unsent = undefined;
      parts.onMoved(countAckedBytes(next));
    }
    if (action.kind === 'send') {
      if (action.resend && next.acked === 0 && !isBlockLost && parts.nowMs() - next.heardAtMs >= BLOCK_LOST_MS) {
        isBlockLost = true;
        parts.onBlockLost();
      }
      sendBlocks(parts, action.from, action.to);
    }
    if (action.kind === 'sendOack') sendMessage(socket, { kind: 'oack', options: plan.accepted });
    else if (action.kind === 'done') end('done', '');
    else if (action.kind === 'unheard') end('done', 'its last block not acknowledged');
    else if (action.kind === 'probeEnded') end('probe', 'only the size was asked for');
    else if (action.kind === 'failed')
      end('failed', unsent === undefined ? action.reason : `${action.reason}; ${unsent}`);
  };

  const step = (input: TransferInput): void => {
    if (!over) take(stepTransfer(transfer, input));
  };

  socket.hear((bytes) => {
    const nowMs = parts.nowMs();
    // An ACK is all that comes for each block: read without a detour.
    if (bytes.length === ACK_BYTES && bytes[0] === 0 && bytes[1] === ACK) {
      step({ kind: 'ack', block: bytes.readUInt16BE(2), nowMs });
      return;
    }
    const message = decodeTftp(bytes);
    if (!message.ok) return;
    if (message.value.kind === 'ack') step({ kind: 'ack', block: message.value.block, nowMs });
    else if (message.value.kind === 'error') {
      recorder?.packet(false, Uint8Array.from(bytes), nowMs);
      step({ kind: 'error', code: message.value.code, message: message.value.message, nowMs });
    }
  });
  socket.hearFailures((code) => {
    // ECONNREFUSED: the client's port is closed. Its next word or our timer decides, as of a link that is down for a moment.
    if (code === 'ECONNREFUSED') return;
    const why = explainTransfer(code, parts.peer);
    unsent = why;
    if (isLasting(code) && transfer.acked === 0) queueMicrotask(() => end('failed', why));
  });
  take(createTransfer(plan, parts.nowMs()));
  return {
    tick: (nowMs) => {
      step({ kind: 'tick', nowMs });
      if (isUnheard || over || nowMs - transfer.heardAtMs < UNHEARD_MS || !lacksLastAck(transfer)) return;
      isUnheard = true;
      parts.onUnheard();
    },
    breakOff: (reason, replaced) => {
      if (replaced !== undefined) return end('replaced', reason);
      if (!over) {
        const bytes = sendMessage(socket, { kind: 'error', code: 0, message: reason });
        recorder?.packet(true, bytes, parts.nowMs());
      }
      end('failed', reason);
    },
  };
}

const hasBegun = (before: Transfer, now: Transfer): boolean => before.phase === 'oack' && now.phase === 'data';

function tellSeen({ recorder, onSeen, nowMs }: TftpSessionParts): void {
  const notes = recorder?.take(nowMs());
  if (notes !== undefined) onSeen?.(notes);
}

function sendMessage(socket: TransferSocket, message: TftpMessage): Uint8Array {
  const bytes = encodeTftp(message);
  socket.send(bytes, 0, bytes.length);
  return bytes;
}

function sendBlocks(parts: TftpSessionParts, from: number, to: number): void {
  const { socket, image } = parts;
  const stride = image.blockBytes + 4;
  const most = parts.segmented ? Math.max(1, Math.min(MAX_SEGMENTS, Math.floor(MAX_SEND_BYTES / stride))) : 1;
  for (let block = from; block < to; block += most) {
    const last = Math.min(block + most, to);
    const { at, end } = findSpan(image, block, last);
    if (most === 1) socket.send(image.bytes, at, end - at);
    else
      socket.send(image.bytes, at, end - at, () => {
        if (!parts.segmented) return;
        // EIO, EINVAL, EMSGSIZE: a NIC or tunnel that cannot segment. One by one it goes everywhere.
        parts.segmented = false;
        sendBlocks(parts, block, last);
      });
  }
}

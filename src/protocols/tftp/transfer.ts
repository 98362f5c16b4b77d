import { unreachable } from '../../core/result.ts';
import type { TransferPlan } from './negotiate-tftp.ts';
import { renderTftpError } from './render-tftp.ts';

/** First wait for an answer; it doubles with every retransmission up to the second number. */
const RETRY_MS = 250;
const MAX_RETRY_MS = 8000;
/**
 * Before that, once, where the round trip is known: of a client that has answered so far a packet was lost, and this is well
 * before its own timer. Sooner than this or than so many round trips it may only be busy.
 */
const SOON_MS = 100;
const SOON_ROUND_TRIPS = 4;
/** 0.25 + 0.5 + 1 + 2 + 4 + 8 + 8 s: a client that falls silent costs less than 24 s and 8 packets or windows. */
const MAX_RETRIES = 6;
/** Whatever `timeout` the client asked for: with 255 s one forged packet would hold a transfer for an hour. */
const MAX_SILENCE_MS = 60_000;
/**
 * Of a client that never acknowledged anything: it has nothing to lose, and its address may be forged. Slow firmware needs
 * seconds for its first ACK, and one that takes longer asks again.
 */
const FIRST_SILENCE_MS = 15_000;
/** In each of these times it gets so many more packets, so that what was lost is never the end of a transfer. */
const PACKETS_IN_SILENCE = 3;
/**
 * A repeated ACK sooner than this after the last send is an echo of a duplicate, and answering it would double every packet
 * from then on (Sorcerer's Apprentice, RFC 1123 4.2.3.1). Later it is the client's own timer: it lost a packet, and
 * answering at once made a lossy link 5 times as fast as waiting for our timer (1 % loss, measured).
 */
const ECHO_MS = 50;
const ECHO_IN_WINDOW_MS = 5;

/** One file on its way to one client. Never changed: every step gives a new one. */
export interface Transfer {
  readonly plan: TransferPlan;
  readonly phase: 'oack' | 'data' | 'ended';
  /** Blocks that the client has, from the start. Not cut to 16 bits: the wire number is `(index + 1) & 0xffff`. */
  readonly acked: number;
  /** Blocks that were sent at least once since the window last went back. */
  readonly sent: number;
  readonly sentAtMs: number;
  /** When the client was last heard to get on. */
  readonly heardAtMs: number;
  readonly retries: number;
  /** Smoothed round trip; 0 until measured. */
  readonly roundTripMs: number;
  readonly resent: boolean;
  /** It repeats its last ACK by its own timer: it lacks what comes next. */
  readonly asksAgain: boolean;
  readonly resentBlocks: number;
}

export type TransferInput =
  | { readonly kind: 'ack'; readonly block: number; readonly nowMs: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly nowMs: number }
  | { readonly kind: 'tick'; readonly nowMs: number };

export type TransferAction =
  | { readonly kind: 'none' }
  /** Block indices from 0; `to` is not included. Never more than a window. */
  | { readonly kind: 'send'; readonly from: number; readonly to: number; readonly resend: boolean }
  | { readonly kind: 'sendOack'; readonly resend: boolean }
  | { readonly kind: 'done' }
  /** It has all but the last block, that went out, and its ACK never came: who has everything may close without a word (RFC 1350 6). */
  | { readonly kind: 'unheard' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The client only wanted the size, as OVMF does before every download. */
  | { readonly kind: 'probeEnded' };

export type TransferStep = readonly [transfer: Transfer, action: TransferAction];

const NONE: TransferAction = { kind: 'none' };

function end(transfer: Transfer, action: TransferAction): TransferStep {
  return [{ ...transfer, phase: 'ended' }, action];
}

/** Sends the window that starts after what the client has. `resend`: all or part of it went out before. */
function sendWindow(transfer: Transfer, nowMs: number, resend: boolean): TransferStep {
  const { plan, acked } = transfer;
  const from = resend ? acked : Math.max(acked, transfer.sent);
  const to = Math.min(acked + plan.windowBlocks, plan.blockCount);
  const resentBlocks = transfer.resentBlocks + (resend ? Math.min(transfer.sent, to) - acked : 0);
  return [
    { ...transfer, phase: 'data', sent: to, sentAtMs: nowMs, resent: resend, resentBlocks },
    { kind: 'send', from, to, resend },
  ];
}

/** The answer to a request: an OACK if any option was accepted, else the first window. */
export function createTransfer(plan: TransferPlan, nowMs: number): TransferStep {
  const transfer: Transfer = {
    plan,
    phase: 'oack',
    acked: 0,
    sent: 0,
    sentAtMs: nowMs,
    heardAtMs: nowMs,
    retries: 0,
    roundTripMs: 0,
    resent: false,
    asksAgain: false,
    resentBlocks: 0,
  };
  if (plan.accepted.length > 0) return [transfer, { kind: 'sendOack', resend: false }];
  return sendWindow(transfer, nowMs, false);
}

/**
 * What was sent twice is measured from the first time (Karn would not measure it): at most so long is the round trip. One of
 * a client that takes its time would never be learned otherwise, and all it gets would be sent twice.
 */
function measureRoundTrip(transfer: Transfer, nowMs: number): number {
  const isTwice = transfer.resent || transfer.retries > 0;
  if (isTwice && transfer.roundTripMs === 0) return 0;
  const sample = Math.max(0, nowMs - (isTwice ? transfer.heardAtMs : transfer.sentAtMs));
  return transfer.roundTripMs === 0 ? sample : transfer.roundTripMs * 0.875 + sample * 0.125;
}

function repeatedAck(transfer: Transfer, nowMs: number): TransferStep {
  const floorMs = transfer.plan.windowBlocks > 1 ? ECHO_IN_WINDOW_MS : ECHO_MS;
  // On a path slower than the floor, an echo can be as late as one round trip.
  if (nowMs - transfer.sentAtMs < Math.max(floorMs, transfer.roundTripMs)) return [transfer, NONE];
  return sendWindow({ ...transfer, asksAgain: true }, nowMs, true);
}

function takeAck(transfer: Transfer, block: number, nowMs: number): TransferStep {
  if (transfer.phase === 'oack') {
    if (block !== 0) return [transfer, NONE];
    const roundTripMs = measureRoundTrip(transfer, nowMs);
    return sendWindow({ ...transfer, roundTripMs, retries: 0, heardAtMs: nowMs }, nowMs, false);
  }
  // The distance on the 16-bit ring: files of more than 65,535 blocks wrap to block 0.
  const ahead = (block - transfer.acked) & 0xffff;
  if (ahead === 0) return repeatedAck(transfer, nowMs);
  // Older than the window, or for blocks that were never sent.
  if (ahead > transfer.sent - transfer.acked) return [transfer, NONE];
  const roundTripMs = measureRoundTrip(transfer, nowMs);
  const acked = transfer.acked + ahead;
  const next: Transfer = { ...transfer, acked, roundTripMs, retries: 0, heardAtMs: nowMs, asksAgain: false };
  if (next.acked >= next.plan.blockCount) return end(next, { kind: 'done' });
  // RFC 7440 4: an ACK inside the window says that the block after it was lost. Go on from there.
  return sendWindow(next, nowMs, next.acked < next.sent);
}

const isSoon = ({ plan, roundTripMs }: Transfer): boolean =>
  plan.fixedTimeoutMs === undefined && roundTripMs > 0 && SOON_ROUND_TRIPS * roundTripMs < RETRY_MS;

/** How long it may say nothing. Without options the first ACK is that of block 1. */
function mostSilentMs({ plan, phase, acked }: Transfer): number {
  const isUnheard = phase === 'oack' || (acked === 0 && plan.accepted.length === 0);
  return isUnheard ? FIRST_SILENCE_MS : MAX_SILENCE_MS;
}

function waitMsOf(transfer: Transfer): number {
  const { plan, retries, roundTripMs } = transfer;
  if (plan.fixedTimeoutMs !== undefined)
    return Math.min(plan.fixedTimeoutMs, mostSilentMs(transfer) / PACKETS_IN_SILENCE);
  const doubled = isSoon(transfer) ? retries - 1 : retries;
  if (doubled < 0) return Math.max(SOON_MS, SOON_ROUND_TRIPS * roundTripMs);
  return Math.min(Math.max(RETRY_MS, 2 * roundTripMs) * 2 ** doubled, MAX_RETRY_MS);
}

function takeTick(transfer: Transfer, nowMs: number): TransferStep {
  const { plan, retries } = transfer;
  if (nowMs - transfer.sentAtMs < waitMsOf(transfer)) return [transfer, NONE];
  const silentMs = nowMs - transfer.heardAtMs;
  if (retries >= MAX_RETRIES + (isSoon(transfer) ? 1 : 0) || silentMs >= mostSilentMs(transfer)) {
    if (lacksLastAck(transfer)) return end(transfer, { kind: 'unheard' });
    const where = transfer.phase === 'oack' ? 'the option reply' : `block ${transfer.acked + 1} of ${plan.blockCount}`;
    const reason = `the client fell silent at ${where}: no answer for ${(silentMs / 1000).toFixed(1)} s`;
    return end(transfer, { kind: 'failed', reason: `${reason}${mayHaveAll(transfer) ? MAY_HAVE_ALL : ''}` });
  }
  if (transfer.phase === 'data') return sendWindow({ ...transfer, retries: retries + 1 }, nowMs, true);
  return [
    { ...transfer, retries: retries + 1, sentAtMs: nowMs, resent: true },
    { kind: 'sendOack', resend: true },
  ];
}

export function stepTransfer(transfer: Transfer, input: TransferInput): TransferStep {
  if (transfer.phase === 'ended') return [transfer, NONE];
  switch (input.kind) {
    case 'ack':
      return takeAck(transfer, input.block, input.nowMs);
    case 'tick':
      return takeTick(transfer, input.nowMs);
    case 'error':
      if (transfer.phase === 'oack' && transfer.plan.mayBeProbe) return end(transfer, { kind: 'probeEnded' });
      return end(transfer, { kind: 'failed', reason: `the client gave up: ${renderTftpError(input)}` });
    default:
      return unreachable(input);
  }
}

const MAY_HAVE_ALL = '; the rest went out in one window, and only its ACK may be lost';

/** Who got the whole last window, and whose ACK was lost, is as silent as who got nothing of it. */
const mayHaveAll = ({ phase, acked, sent, plan, asksAgain }: Transfer): boolean =>
  phase === 'data' && acked > 0 && sent >= plan.blockCount && !asksAgain;

/**
 * Nothing is missing but the ACK of the last block. Of a window with more than that, one large frame after the other may
 * have been lost on the way, and what none was acknowledged of may never have arrived.
 */
export const lacksLastAck = (transfer: Transfer): boolean =>
  mayHaveAll(transfer) && transfer.plan.blockCount - transfer.acked <= 1;

/** Bytes that the client has acknowledged. */
export function countAckedBytes(transfer: Transfer): number {
  return Math.min(transfer.acked * transfer.plan.blockBytes, transfer.plan.sizeBytes);
}

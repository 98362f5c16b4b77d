import { type AnswerGround, type ReadGround, sameGround } from './answer-ground.ts';
import type { HeldImage } from './held-images.ts';
import type { KeptRequest } from './http-capture.ts';
import type { HttpFront, HttpQuestion } from './http-question.ts';
import type { Tally } from './traffic.ts';

/** A body on its way. */
export interface HttpTransfer {
  readonly front: HttpFront;
  readonly question: HttpQuestion;
  readonly onMoved?: (bytes: number) => void;
  readonly onEnd: (complete: boolean, bytes: number, reason: string) => void;
  /** Of an image. */
  readonly held?: HeldImage;
}

/** Bodies that were allowed, until each was taken or broken off. */
export interface HttpTransfers {
  readonly follow: (transfer: HttpTransfer) => number;
  /** Its end belongs to what is kept of this request. */
  readonly keep: (id: number, kept: KeptRequest) => void;
  readonly moved: (id: number, bytes: number) => void;
  readonly ended: (id: number, complete: boolean, bytes: number, reason: string) => void;
  /** The thread of this front died. */
  readonly lost: (front: HttpFront, reason: string) => void;
  readonly count: () => number;
  readonly countTo: (address: string) => number;
  readonly stop: () => void;
}

interface Running extends HttpTransfer {
  /** Upon which it was allowed last. */
  ground: AnswerGround | undefined;
  sentBytes: number;
  kept?: KeptRequest;
}

/** What was taken back must not go on for long. */
const SWEEP_MS = 250;

export function createHttpTransfers(
  readGround: ReadGround,
  tally: Tally,
  mayHave: (question: HttpQuestion, held: HeldImage) => boolean,
): HttpTransfers {
  const running = new Map<number, Running>();
  const perAddress = new Map<string, number>();
  let last = 0;

  const ended = (id: number, complete: boolean, bytes: number, reason: string): void => {
    const one = running.get(id);
    if (one === undefined) return;
    running.delete(id);
    tally.bytes += Math.max(0, bytes - one.sentBytes);
    if (!complete) tally.errors += 1;
    const { address } = one.question;
    const left = (perAddress.get(address) ?? 1) - 1;
    if (left > 0) perAddress.set(address, left);
    else perAddress.delete(address);
    one.kept?.ended(`${bytes} bytes, ${reason}`);
    one.onEnd(complete, bytes, reason);
  };

  /** PANIC, cancelled, protected, begun anew: what the same request would not get now is not sent to its end. */
  const sweep = (): void => {
    for (const [id, one] of running) {
      if (one.held === undefined || one.ground === undefined) continue;
      const ground = readGround(one.held.node);
      if (sameGround(ground, one.ground)) continue;
      one.ground = ground;
      if (!mayHave(one.question, one.held)) one.front.cut(id);
    }
  };
  const sweeper = setInterval(sweep, SWEEP_MS);

  return {
    follow: (transfer) => {
      last += 1;
      running.set(last, { ...transfer, ground: transfer.held?.ground, sentBytes: 0 });
      const { address } = transfer.question;
      perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
      return last;
    },
    keep: (id, kept) => {
      const one = running.get(id);
      if (one !== undefined) one.kept = kept;
    },
    moved: (id, bytes) => {
      const one = running.get(id);
      if (one === undefined) return;
      tally.bytes += Math.max(0, bytes - one.sentBytes);
      one.sentBytes = bytes;
      one.onMoved?.(bytes);
    },
    ended,
    lost: (front, reason) => {
      for (const [id, one] of running) if (one.front === front) ended(id, false, one.sentBytes, reason);
    },
    count: () => running.size,
    countTo: (address) => perAddress.get(address) ?? 0,
    stop: () => clearInterval(sweeper),
  };
}

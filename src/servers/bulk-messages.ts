import type { LoadedFile } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { Share } from './file-shares.ts';
import type { SharedFile } from './file-store.ts';
import type { HttpQuestion, HttpVerdict, RefusedRequest } from './http-question.ts';
import type { Refused } from './refused-connections.ts';
import type { ListenAddress, ServerProblem } from './server-parts.ts';
import type { TftpEnd, TftpOrder } from './tftp-runner.ts';
import type { BreakOff } from './tftp-session.ts';

/** How a bulk thread is started. */
export interface BulkStart {
  readonly role: 'bulk';
  /** Its part of the connections. */
  readonly http?: Share;
}

/**
 * What the engine thread and a bulk thread say to each other: in order, and all of one turn of the loop in one message.
 * A thread has no view of fleet, inventory or vault; it holds connections and shared memory.
 */
export type ToBulkThread =
  /** Also at these, where it listens already. */
  | { readonly t: 'listen'; readonly at: readonly ListenAddress[] }
  /** No more at this; connections that it has go on. */
  | { readonly t: 'drop'; readonly at: ListenAddress }
  | { readonly t: 'close' }
  | { readonly t: 'verdict'; readonly ask: number; readonly verdict: HttpVerdict }
  | { readonly t: 'cut'; readonly follow: number }
  | { readonly t: 'load'; readonly load: number; readonly file: LoadedFile }
  /** From now on this file is sent from here. */
  | { readonly t: 'shared'; readonly file: LoadedFile; readonly shared: SharedFile }
  | { readonly t: 'forget'; readonly file: LoadedFile }
  | { readonly t: 'tftp'; readonly order: number; readonly what: TftpOrder }
  | { readonly t: 'abort'; readonly order: number; readonly why: Parameters<BreakOff> }
  | { readonly t: 'ping' }
  | { readonly t: 'end' };

export type FromBulkThread =
  | { readonly t: 'listening'; readonly listens: Result<readonly ListenAddress[], ServerProblem> }
  | { readonly t: 'closed' }
  | { readonly t: 'ask'; readonly ask: number; readonly question: HttpQuestion }
  | { readonly t: 'refused'; readonly count: number; readonly first: RefusedRequest | undefined }
  | { readonly t: 'loaded'; readonly load: number; readonly shared: Result<SharedFile> }
  /** What moved since the last report: follow or order, and its bytes in all, in turn. */
  | { readonly t: 'moved'; readonly http: readonly number[]; readonly tftp: readonly number[] }
  | {
      readonly t: 'ended';
      readonly follow: number;
      readonly complete: boolean;
      readonly bytes: number;
      readonly reason: string;
    }
  | { readonly t: 'tftpBegan'; readonly order: number; readonly sizeBytes: number }
  | { readonly t: 'tftpRefused'; readonly order: number; readonly code: number; readonly message: string }
  | { readonly t: 'tftpBlockLost'; readonly order: number; readonly blockBytes: number }
  | { readonly t: 'tftpUnheard'; readonly order: number }
  /** Before the end of a transfer, and at a stall. */
  | { readonly t: 'tftpSeen'; readonly order: number; readonly notes: Uint8Array }
  | { readonly t: 'tftpEnded'; readonly order: number; readonly end: TftpEnd }
  /** Connections that were too many for this thread. */
  | { readonly t: 'tooMany'; readonly refused: Refused }
  | { readonly t: 'pong'; readonly connections: number };

export const fileKey = ({ path, sha256 }: LoadedFile): string => `${path}|${sha256}`;

export interface Outbox<T> {
  readonly put: (message: T) => void;
  /** What waits goes now: there is no more to come for a while. */
  readonly flush: () => void;
}

/** Longer than this a message never waits for company. Of scripts by the thousand, 2 ms cost 5 % less than 1 (measured). */
const GATHER_MS = 2;

/**
 * Waking the other thread costs more than the message (some 40 us of a core for both, measured): all of one turn of the loop
 * go together, and who just spoke gathers for a moment what else there is to say.
 */
export function createOutbox<T>(post: (messages: readonly T[]) => void): Outbox<T> {
  let waiting: T[] = [];
  let postedAtMs = 0;
  const flush = () => {
    const now = waiting;
    if (now.length === 0) return;
    waiting = [];
    postedAtMs = performance.now();
    post(now);
  };
  return {
    put: (message) => {
      waiting.push(message);
      if (waiting.length > 1) return;
      if (performance.now() - postedAtMs < GATHER_MS) setTimeout(flush, GATHER_MS);
      else setImmediate(flush);
    },
    flush,
  };
}

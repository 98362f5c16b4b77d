import type { LoadedFile } from '../core/ports.ts';

/** Of the head of a request, for those who look at a boot afterwards. Firmware, iPXE and curl send 80 to 300 bytes. */
export const MOST_HEAD = 1024;

/** One request as the engine is asked about it: plain data, because it crosses threads. */
export interface HttpQuestion {
  readonly method: string;
  /** Decoded, without empty, `.` and `..` segments. */
  readonly path: string;
  /** Names and values in turn. */
  readonly query: readonly string[];
  readonly range?: string;
  readonly ifRange?: string;
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** The beginning of its head as it came, for those who look at a boot afterwards. It holds tokens. */
  readonly head: string;
}

/** A part of a file, sent by the thread that has the connection. */
export interface FilePart {
  readonly file: LoadedFile;
  readonly start: number;
  readonly end: number;
  /** It goes to a machine on a segment of our own, with nothing but switches between. */
  readonly near: boolean;
}

/** A request that cannot be read, as the thread that has the connection answered it: nothing was asked that could be decided. */
export interface RefusedRequest {
  readonly status: number;
  readonly reason: string;
  /** Its beginning as it came. It may hold a token. */
  readonly head: string;
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** What the engine answered. The front adds nothing to it and serves nothing without it. */
export interface HttpVerdict {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, also where only its head is asked for. */
  readonly contentLength: number;
  readonly text?: string;
  readonly part?: FilePart;
  /** Set where the engine wants to hear how the body went. */
  readonly follow?: number;
  /** The connection ends with this body, and how it ends says whether the machine has taken all of it. */
  readonly untilTaken?: boolean;
}

/** Whoever holds the connections: this thread, or a bulk thread by message. */
export interface HttpFront {
  /** Breaks the transfer off; its end is then told like any other. */
  readonly cut: (follow: number) => void;
}

export interface HttpDesk {
  /** `answer` is called once, and within this call where no file has to be opened and nothing has to be on disk first. */
  readonly ask: (question: HttpQuestion, front: HttpFront, answer: (verdict: HttpVerdict) => void) => void;
  /** So many were refused since the last word; the first of them is shown, where there is one to show. */
  readonly refused: (count: number, first?: RefusedRequest) => void;
  /** The kernel took this many bytes of the body in all. */
  readonly moved: (follow: number, bytes: number) => void;
  readonly ended: (follow: number, complete: boolean, bytes: number, reason: string) => void;
  /** The thread of this front died: what it had under way is broken off. */
  readonly lost: (front: HttpFront, reason: string) => void;
}

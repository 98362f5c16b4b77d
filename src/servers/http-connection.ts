import type { Socket } from 'node:net';
import type { HttpRequest } from '../protocols/http/http-request.ts';
import { MAX_HEAD_BYTES } from '../protocols/http/http-request.ts';
import { findHeadEnd, parseHttpRequest } from '../protocols/http/parse-http-request.ts';
import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import { plainAddress } from './listen-tcp.ts';

/** A request and how to answer it. Exactly one `send` per request. */
export interface HttpExchange {
  readonly request: HttpRequest;
  readonly address: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly send: (reply: HttpReply) => void;
  /** Breaks the connection off; what was being sent ends as not complete. */
  readonly abort: () => void;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the body, also where only its head is asked for. */
  readonly contentLength: number;
  readonly body?: Uint8Array | HttpSource;
  /** The connection ends with this body, and how it ends says whether the machine has taken all of it. */
  readonly untilTaken?: boolean;
}

/** A long body, fetched piece by piece as the client takes it: a slow client holds one piece of shared memory. */
export interface HttpSource {
  readonly next: () => Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The kernel took this many bytes of the body in all. */
  readonly onMoved: (bytes: number) => void;
  readonly onEnd: (complete: boolean, bytes: number, reason: string) => void;
}

/** From the first byte of a head to its last: firmware sends it in one packet. */
const HEAD_MS = 10_000;
/** Between two requests: iPXE keeps a connection while it unpacks what it has. */
const IDLE_MS = 120_000;
/** Not one byte taken in this time: the machine is gone, or it stalls on purpose. */
const STALL_MS = 120_000;
/** A machine that read everything closes at once; one that keeps its side open has it by then. */
const TAKEN_MS = 5_000;

export function serveConnection(socket: Socket, onRequest: (exchange: HttpExchange) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  let searched = 0;
  let busy = false;
  let closing = false;
  let deadline: NodeJS.Timeout | undefined;

  const wait = (afterMs: number): void => {
    clearTimeout(deadline);
    deadline = setTimeout(() => socket.destroy(), afterMs);
  };

  const finish = (keepAlive: boolean): void => {
    busy = false;
    if (!keepAlive || closing) {
      if (!socket.writableEnded) socket.end();
      wait(HEAD_MS);
      return;
    }
    wait(pending.length > 0 ? HEAD_MS : IDLE_MS);
    socket.resume();
    if (pending.length > 0) take();
  };

  const refuse = (status: number, reason: string): void => {
    const body = Buffer.from(`${reason}\n`);
    busy = true;
    closing = true;
    socket.end(
      Buffer.concat([Buffer.from(renderHttpHead({ status, contentLength: body.length, keepAlive: false })), body]),
    );
    wait(HEAD_MS);
  };

  const take = (): void => {
    if (busy) return;
    const end = findHeadEnd(pending, searched);
    if (end < 0) {
      searched = pending.length;
      if (pending.length > MAX_HEAD_BYTES) refuse(431, 'the request head is too large');
      return;
    }
    const parsed = parseHttpRequest(pending.subarray(0, end));
    if (!parsed.ok) {
      refuse(parsed.error.status, parsed.error.reason);
      return;
    }
    const request = parsed.value;
    pending = Buffer.from(pending.subarray(end));
    searched = 0;
    busy = true;
    clearTimeout(deadline);
    socket.pause();
    // Nothing here takes a body; where the next request would start is not worth finding out.
    const keepAlive = request.keepAlive && request.contentLength === 0;
    if (!keepAlive) pending = Buffer.alloc(0);
    onRequest({
      request,
      address: plainAddress(socket.remoteAddress),
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
      abort: () => socket.resetAndDestroy(),
      send: (reply) => {
        closing ||= reply.untilTaken === true;
        void write(socket, request.method === 'HEAD', reply, keepAlive, () => wait(STALL_MS)).then(finish);
      },
    });
  };

  wait(HEAD_MS);
  socket.setNoDelay(true);
  socket.on('data', (bytes: Buffer) => {
    if (closing) return;
    if (pending.length === 0 && !busy) wait(HEAD_MS);
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    take();
  });
  socket.on('end', () => {
    closing = true;
    // A second end() makes an error with its stack, for nobody: 4 % of what a script costs.
    if (!busy && !socket.writableEnded) socket.end();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => clearTimeout(deadline));
}

/** Resolves with "may the connection be used again". */
async function write(
  socket: Socket,
  headOnly: boolean,
  reply: HttpReply,
  keepAlive: boolean,
  onAlive: () => void,
): Promise<boolean> {
  const { status, contentLength, headers, body, untilTaken = false } = reply;
  const again = keepAlive && !untilTaken;
  const head = renderHttpHead({
    status,
    contentLength,
    keepAlive: again,
    ...(headers === undefined ? {} : { headers }),
  });
  const source = body !== undefined && 'next' in body ? body : undefined;
  onAlive();
  if (headOnly || body === undefined || source === undefined) {
    const start = Buffer.from(head, 'latin1');
    socket.write(!headOnly && body instanceof Uint8Array ? Buffer.concat([start, body]) : start);
    source?.onEnd(true, 0, 'only the head was asked for');
    return again;
  }
  socket.write(head);
  let sent = 0;
  for (;;) {
    const piece = await source.next();
    if (piece === undefined) break;
    const failure = await writePiece(socket, piece);
    if (failure !== undefined) {
      source.onEnd(false, sent, failure);
      return false;
    }
    sent += piece.length;
    onAlive();
    source.onMoved(sent);
  }
  const complete = sent === contentLength;
  const lost = complete && untilTaken ? await whyNotTaken(socket) : undefined;
  source.onEnd(
    complete && lost === undefined,
    sent,
    lost ?? (complete ? 'sent' : 'the file could not be read to its end'),
  );
  return complete && again;
}

const CLOSED = 'the connection was closed by the machine';

/** The kernel took the bytes, which proves nothing: a reset says that the machine did not, its own close that it did. */
function whyNotTaken(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(CLOSED);
    const done = (why: string | undefined) => {
      clearTimeout(late);
      socket.off('end', taken);
      socket.off('close', closed);
      resolve(why);
    };
    const taken = () => done(undefined);
    const closed = (hadError: boolean) => done(hadError ? CLOSED : undefined);
    const late = setTimeout(taken, TAKEN_MS);
    socket.once('end', taken);
    socket.once('close', closed);
    socket.end();
    // The end of the other side is seen only by reading.
    socket.resume();
  });
}

function writePiece(socket: Socket, piece: Uint8Array): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve(CLOSED);
    const closed = () => resolve(CLOSED);
    socket.once('close', closed);
    socket.write(piece, (error) => {
      socket.off('close', closed);
      resolve(error === null || error === undefined ? undefined : CLOSED);
    });
  });
}

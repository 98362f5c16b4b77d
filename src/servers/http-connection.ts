import type { Socket } from 'node:net';
import type { HttpRequest } from '../protocols/http/http-request.ts';
import { MAX_HEAD_BYTES } from '../protocols/http/http-request.ts';
import { findHeadEnd, parseHttpHead } from '../protocols/http/parse-http-request.ts';
import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import { MOST_HEAD, type RefusedRequest } from './http-question.ts';
import { type HttpReply, isSource, STALL_S, sendAtOnce, sendPieces } from './http-reply.ts';
import type { TcpEnds } from './listen-tcp.ts';
import { FOR_EVER, type SilenceWatch } from './silence-watch.ts';

/** A request and how to answer it. Exactly one `send` per request. */
export interface HttpExchange {
  readonly request: HttpRequest;
  /** As it came, with its line breaks; cut where it is longer than is kept of it. */
  readonly head: string;
  readonly address: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly socket: Socket;
  readonly send: (reply: HttpReply) => void;
  /** Breaks the connection off; what was being sent ends as not complete. */
  readonly abort: () => void;
}

/** Seconds from the first byte of a head to its last: firmware sends it in one packet. */
const HEAD_S = 9;
/** Between two requests: iPXE keeps a connection while it unpacks what it has. */
const IDLE_S = 120;

const NOTHING = Buffer.alloc(0);

export function serveConnection(
  socket: Socket,
  { client, local }: TcpEnds,
  silence: SilenceWatch,
  onRequest: (exchange: HttpExchange) => void,
  onRefused: (refused: RefusedRequest) => void = () => undefined,
): void {
  /** What came and is not answered yet begins at `at`; it moves on without a copy, however much was asked in one packet. */
  let pending: Buffer = NOTHING;
  let at = 0;
  let searched = 0;
  let busy = false;
  let closing = false;
  /** The client has said its last word. What it asked until then is answered. */
  let ended = false;
  const watched = silence.add(socket, HEAD_S);

  const isAllAsked = (): boolean => at === pending.length;

  /** Only once all that came is worked off, or no longer matters: else each answer would let in another 64 KB of questions. */
  const listen = (): void => {
    if (socket.isPaused()) socket.resume();
  };

  const end = (): void => {
    // An end() too many makes an error with its stack, for nobody: 4 % of what a script costs.
    if (!socket.writableEnded && !socket.destroyed) socket.end();
    closing = true;
    watched.secondsLeft = HEAD_S;
    listen();
  };

  const finish = (keepAlive: boolean): void => {
    busy = false;
    if (!keepAlive || closing || (ended && isAllAsked())) {
      end();
      return;
    }
    watched.secondsLeft = isAllAsked() ? IDLE_S : HEAD_S;
    // Not at once: thousands of requests in one packet would be as many calls inside each other, and one long turn.
    if (isAllAsked()) listen();
    else setImmediate(take);
  };

  const refuse = (status: number, reason: string): void => {
    const body = `${reason}\n`;
    const head = pending.toString('latin1', at, at + MOST_HEAD);
    const { address, port } = local;
    const ends = { address: client, port: socket.remotePort ?? 0, localAddress: address, localPort: port };
    onRefused({ status, reason, head, ...ends });
    busy = true;
    closing = true;
    socket.end(`${renderHttpHead({ status, contentLength: Buffer.byteLength(body), keepAlive: false })}${body}`);
    watched.secondsLeft = HEAD_S;
    listen();
  };

  const take = (): void => {
    if (busy || closing || socket.destroyed) return;
    const headEnd = findHeadEnd(pending, Math.max(at, searched));
    if (headEnd < 0) {
      // What was answered does not stay in memory for the sake of half a question behind it.
      if (at > 0) pending = Buffer.from(pending.subarray(at));
      at = 0;
      searched = pending.length;
      if (ended) end();
      else if (pending.length > MAX_HEAD_BYTES) refuse(431, 'the request head is too large');
      else listen();
      return;
    }
    const head = pending.toString('latin1', at, headEnd);
    const parsed = parseHttpHead(head);
    if (!parsed.ok) {
      refuse(parsed.error.status, parsed.error.reason);
      return;
    }
    const request = parsed.value;
    // Nothing here takes a body; where the next request would start is not worth finding out.
    const keepAlive = request.keepAlive && request.contentLength === 0;
    at = headEnd;
    if (isAllAsked() || !keepAlive) {
      pending = NOTHING;
      at = 0;
    }
    searched = 0;
    busy = true;
    watched.secondsLeft = FOR_EVER;
    onRequest({
      request,
      head: head.slice(0, MOST_HEAD),
      address: client,
      localAddress: local.address,
      localPort: local.port,
      socket,
      abort: () => socket.resetAndDestroy(),
      send: (reply) => {
        closing ||= reply.untilTaken === true;
        watched.secondsLeft = STALL_S;
        const again = keepAlive && !closing && !(ended && isAllAsked());
        const { body } = reply;
        // Nothing waits for the ACK of what went before it; where all goes out at once, nothing went before.
        if (again || isSource(body)) socket.setNoDelay(true);
        if (!isSource(body) || request.method === 'HEAD') {
          // Who sent no more than its request sends nothing after it either: there is nothing to read to the end for.
          const isAll = request.contentLength === 0 && isAllAsked();
          sendAtOnce(socket, request.method === 'HEAD', reply, again ? 'goOn' : isAll ? 'close' : 'end');
          // Who asks and asks and takes no answer gets no further one: each would wait here, in memory.
          if (again && socket.writableNeedDrain) socket.once('drain', () => finish(true));
          else finish(again);
          return;
        }
        void sendPieces(socket, reply, body, again, () => {
          watched.secondsLeft = STALL_S;
        }).then(finish);
      },
    });
  };

  socket.on('data', (bytes: Buffer) => {
    if (closing) return;
    if (!busy && pending.length === 0) watched.secondsLeft = HEAD_S;
    pending = pending.length === 0 ? bytes : Buffer.concat([pending.subarray(at), bytes]);
    at = 0;
    take();
    // Who asks on while it is answered waits for its answers. What is searched is half a question: its rest may come.
    if (!closing && pending.length > searched) socket.pause();
  });
  socket.on('end', () => {
    ended = true;
    take();
  });
  socket.on('close', () => silence.drop(watched));
}

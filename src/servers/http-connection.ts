import type { Socket } from 'node:net';
import type { HttpRequest } from '../protocols/http/http-request.ts';
import { MAX_HEAD_BYTES } from '../protocols/http/http-request.ts';
import { findHeadEnd, parseHttpHead } from '../protocols/http/parse-http-request.ts';
import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import { MOST_HEAD } from './http-question.ts';
import { type HttpReply, isSource, sendAtOnce, sendPieces } from './http-reply.ts';
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
/** Not one byte taken in this time: the machine is gone, or it stalls on purpose. */
const STALL_S = 120;

const NOTHING = Buffer.alloc(0);

export function serveConnection(
  socket: Socket,
  { client, local }: TcpEnds,
  silence: SilenceWatch,
  onRequest: (exchange: HttpExchange) => void,
): void {
  let pending: Buffer = NOTHING;
  let searched = 0;
  let busy = false;
  let closing = false;
  /** The client has said its last word. What it asked until then is answered. */
  let ended = false;
  const watched = silence.add(socket, HEAD_S);

  const end = (): void => {
    // An end() too many makes an error with its stack, for nobody: 4 % of what a script costs.
    if (!socket.writableEnded && !socket.destroyed) socket.end();
    closing = true;
    watched.secondsLeft = HEAD_S;
  };

  const finish = (keepAlive: boolean): void => {
    busy = false;
    if (!keepAlive || closing || (ended && pending.length === 0)) {
      end();
      return;
    }
    watched.secondsLeft = pending.length > 0 ? HEAD_S : IDLE_S;
    if (socket.isPaused()) socket.resume();
    // Not at once: thousands of requests in one packet would be as many calls inside each other, and one long turn.
    if (pending.length > 0) setImmediate(take);
  };

  const refuse = (status: number, reason: string): void => {
    const body = `${reason}\n`;
    busy = true;
    closing = true;
    socket.end(`${renderHttpHead({ status, contentLength: Buffer.byteLength(body), keepAlive: false })}${body}`);
    watched.secondsLeft = HEAD_S;
  };

  const take = (): void => {
    if (busy || closing || socket.destroyed) return;
    const headEnd = findHeadEnd(pending, searched);
    if (headEnd < 0) {
      searched = pending.length;
      if (ended) end();
      else if (pending.length > MAX_HEAD_BYTES) refuse(431, 'the request head is too large');
      return;
    }
    const head = pending.toString('latin1', 0, headEnd);
    const parsed = parseHttpHead(head);
    if (!parsed.ok) {
      refuse(parsed.error.status, parsed.error.reason);
      return;
    }
    const request = parsed.value;
    // Nothing here takes a body; where the next request would start is not worth finding out.
    const keepAlive = request.keepAlive && request.contentLength === 0;
    pending = headEnd === pending.length || !keepAlive ? NOTHING : Buffer.from(pending.subarray(headEnd));
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
        const again = keepAlive && !closing && !(ended && pending.length === 0);
        const { body } = reply;
        // Nothing waits for the ACK of what went before it; where all goes out at once, nothing went before.
        if (again || isSource(body)) socket.setNoDelay(true);
        if (!isSource(body) || request.method === 'HEAD') {
          // Who sent no more than its request sends nothing after it either: there is nothing to read to the end for.
          const isAll = request.contentLength === 0 && pending.length === 0;
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
    // Who sends on while it is answered waits for its answer.
    if (busy) socket.pause();
    else if (pending.length === 0) watched.secondsLeft = HEAD_S;
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    take();
  });
  socket.on('end', () => {
    ended = true;
    take();
  });
  socket.on('close', () => silence.drop(watched));
}

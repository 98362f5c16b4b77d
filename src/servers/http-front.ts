import type { Socket } from 'node:net';
import type { Result } from '../core/result.ts';
import type { FileStore, StoredFile } from './file-store.ts';
import { type HttpExchange, serveConnection } from './http-connection.ts';
import type { HttpDesk, HttpFront, HttpQuestion, HttpVerdict } from './http-question.ts';
import type { HttpSource } from './http-reply.ts';
import type { LanTcp } from './lan-tcp.ts';
import type { TcpEnds } from './listen-tcp.ts';
import { createSilenceWatch } from './silence-watch.ts';

/** Four megabytes of shared memory at a time: libuv refills the socket from them without a turn through JavaScript. */
const PIECE_BYTES = 4 * 1024 * 1024;

export interface HttpServing extends HttpFront {
  readonly serve: (socket: Socket, client: string, ends: TcpEnds) => void;
}

/** The connections of one thread. It decides nothing: for each request the desk says what goes out. */
export function createHttpFront(
  desk: Pick<HttpDesk, 'ask' | 'moved' | 'ended'>,
  files: Pick<FileStore, 'open'>,
  lan: LanTcp,
): HttpServing {
  const running = new Map<number, () => void>();
  const silence = createSilenceWatch();
  const front: HttpServing = {
    cut: (follow) => running.get(follow)?.(),
    serve: (socket, _client, ends) =>
      serveConnection(socket, ends, silence, (exchange) => {
        const verdict = desk.ask(questionOf(exchange), front);
        if (verdict instanceof Promise) void verdict.then((said) => give(exchange, said));
        else give(exchange, verdict);
      }),
  };

  const give = (exchange: HttpExchange, verdict: HttpVerdict): void => {
    const { status, headers, contentLength, text, part, follow, untilTaken = false } = verdict;
    if (part !== undefined) {
      void files.open(part.file).then((opened) => sendPart(exchange, verdict, opened));
      return;
    }
    const head = { status, headers, contentLength };
    if (text === undefined) exchange.send(head);
    else if (follow === undefined) exchange.send({ ...head, body: text });
    else exchange.send({ ...head, untilTaken, body: follows(exchange, follow, piecesOf(Buffer.from(text))) });
  };

  const sendPart = (exchange: HttpExchange, verdict: HttpVerdict, opened: Result<StoredFile>): void => {
    const { status, headers, contentLength, part, follow } = verdict;
    if (part === undefined) return;
    if (!opened.ok) {
      const body = `${opened.error}\n`;
      exchange.send({ status: 503, headers: { 'Retry-After': '5' }, contentLength: Buffer.byteLength(body), body });
      if (follow !== undefined) desk.ended(follow, false, 0, opened.error);
      return;
    }
    lan.image(exchange.socket, part.near);
    let at = part.start;
    const next = async () => {
      if (at >= part.end) return undefined;
      const piece = await opened.value.read(at, Math.min(at + PIECE_BYTES, part.end));
      const bytes = Buffer.isBuffer(piece) ? piece : piece.ok ? piece.value : undefined;
      at += bytes?.length ?? 0;
      return bytes;
    };
    exchange.send({ status, headers, contentLength, body: follows(exchange, follow, next) });
  };

  const follows = (exchange: HttpExchange, follow: number | undefined, next: HttpSource['next']): HttpSource => {
    if (follow === undefined) return { next, onMoved: () => undefined, onEnd: () => undefined };
    let cut = false;
    running.set(follow, () => {
      cut = true;
      exchange.abort();
    });
    return {
      next: () => (cut ? undefined : next()),
      onMoved: (bytes) => desk.moved(follow, bytes),
      onEnd: (complete, bytes, reason) => {
        running.delete(follow);
        desk.ended(follow, complete, bytes, cut ? 'it may not have it any more' : reason);
      },
    };
  };

  return front;
}

function piecesOf(body: Buffer): HttpSource['next'] {
  let left: Buffer | undefined = body;
  return () => {
    const piece = left;
    left = undefined;
    return piece;
  };
}

function flatten(pairs: ReadonlyMap<string, string>): readonly string[] {
  const flat: string[] = [];
  for (const [name, value] of pairs) flat.push(name, value);
  return flat;
}

function questionOf({ request, head, socket, address, localAddress, localPort }: HttpExchange): HttpQuestion {
  const range = request.headers.get('range');
  const ifRange = request.headers.get('if-range');
  return {
    method: request.method,
    path: request.path,
    query: flatten(request.query),
    ...(range === undefined ? {} : { range }),
    ...(ifRange === undefined ? {} : { ifRange }),
    address,
    port: socket.remotePort ?? 0,
    localAddress,
    localPort,
    head,
  };
}

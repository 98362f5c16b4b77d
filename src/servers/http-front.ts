import type { Socket } from 'node:net';
import type { Result } from '../core/result.ts';
import type { FileSender } from './file-sender.ts';
import type { FileStore, StoredFile } from './file-store.ts';
import { createHeldRefusals } from './held-refusals.ts';
import { type HttpExchange, serveConnection } from './http-connection.ts';
import type { FilePart, HttpDesk, HttpFront, HttpQuestion, HttpVerdict } from './http-question.ts';
import { type HttpSource, STALL_S } from './http-reply.ts';
import type { LanTcp } from './lan-tcp.ts';
import type { TcpEnds } from './listen-tcp.ts';
import { createPartSource, type PartSource } from './part-source.ts';
import { createSilenceWatch } from './silence-watch.ts';

/** Less than this goes out from memory in a call or two. */
const WORTH_OPENING_BYTES = 256 * 1024;

export interface HttpServing extends HttpFront {
  readonly serve: (socket: Socket, client: string, ends: TcpEnds) => void;
}

/** The connections of one thread. It decides nothing: for each request the desk says what goes out. */
export function createHttpFront(
  desk: Pick<HttpDesk, 'ask' | 'refused' | 'moved' | 'ended'>,
  files: Pick<FileStore, 'open'>,
  lan: LanTcp,
  sender?: FileSender,
): HttpServing {
  const running = new Map<number, () => void>();
  const silence = createSilenceWatch(`it took nothing for ${STALL_S} s; we closed`);
  const refused = createHeldRefusals(desk.refused);
  const front: HttpServing = {
    cut: (follow) => running.get(follow)?.(),
    serve: (socket, _client, ends) =>
      serveConnection(
        socket,
        ends,
        silence,
        (exchange) => desk.ask(questionOf(exchange), front, (verdict) => give(exchange, verdict)),
        refused,
      ),
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
    else exchange.send({ ...head, untilTaken, body: follows(exchange, follow, textSource(Buffer.from(text))) });
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
    const sent = sentBy(exchange, part, opened.value);
    lan.image(exchange.socket, part.near, sent !== undefined);
    const source = createPartSource(part, opened.value, sent);
    exchange.send({ status, headers, contentLength, body: follows(exchange, follow, source) });
  };

  const sentBy = ({ socket }: HttpExchange, { file, start, end }: FilePart, { proof }: StoredFile) =>
    proof === undefined || end - start < WORTH_OPENING_BYTES ? undefined : sender?.open(file.path, proof, socket);

  const follows = (exchange: HttpExchange, follow: number | undefined, source: PartSource): HttpSource => {
    const { next, straight, whyNot, close } = source;
    if (follow === undefined) return { next, straight, onMoved: () => undefined, onEnd: close };
    let cut = false;
    running.set(follow, () => {
      cut = true;
      exchange.abort();
    });
    return {
      next: () => (cut ? undefined : next()),
      straight: () => (cut ? 0 : straight()),
      whyNot,
      onMoved: (bytes) => desk.moved(follow, bytes),
      onEnd: (complete, bytes, reason) => {
        running.delete(follow);
        close();
        desk.ended(follow, complete, bytes, cut ? 'it may not have it any more' : reason);
      },
    };
  };

  return front;
}

function textSource(body: Buffer): PartSource {
  let left: Buffer | undefined = body;
  const next = () => {
    const piece = left;
    left = undefined;
    return piece;
  };
  return { next, straight: () => 0, whyNot: () => undefined, close: () => undefined };
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

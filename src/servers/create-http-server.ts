import type { EventBody } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import { ok, type Result } from '../core/result.ts';
import { answerHttp, type Delivery, type HttpAnswer, type HttpView, refuse } from '../netboot/answer-http.ts';
import { renderScript, type ScriptDecision } from '../netboot/answer-script.ts';
import { isSameVersion, parseRange, renderContentRange } from '../protocols/http/parse-range.ts';
import { contentTypeOf } from '../protocols/http/render-http-head.ts';
import type { FileStore, StoredFile } from './file-store.ts';
import { type HttpExchange, type HttpReply, type HttpSource, serveConnection } from './http-connection.ts';
import { listenTcp } from './listen-tcp.ts';
import { createRateGate } from './rate-gate.ts';
import { type BootParts, type BootServer, type ServerProblem, serverAddresses } from './server-parts.ts';
import { startTransfer } from './start-transfer.ts';

export interface HttpServerOptions extends BootParts {
  readonly bind: { readonly port: number; readonly address?: string };
  readonly files: FileStore;
}

export interface HttpServer extends BootServer {
  readonly connections: () => number;
}

/** A megabyte at a time: progress is seen as it happens, and the loop turns between two pieces. */
const PIECE_BYTES = 1024 * 1024;
const CONNECTIONS = { connections: 16_384, perClient: 64 };
const REFUSAL_LIMITS = { burst: 10, perSecond: 0.2, totalBurst: 1_000, totalPerSecond: 50 };
const LOG_LIMITS = { burst: 60, perSecond: 10, totalBurst: 5_000, totalPerSecond: 1_000 };

interface Serving {
  readonly options: HttpServerOptions;
  readonly logs: ReturnType<typeof createRateGate>;
  readonly refusals: ReturnType<typeof createRateGate>;
}

export async function createHttpServer(options: HttpServerOptions): Promise<Result<HttpServer, ServerProblem>> {
  const { bind } = options;
  const wanted = bind.address === undefined ? serverAddresses(options.site()) : [bind.address];
  const serving: Serving = { options, logs: createRateGate(LOG_LIMITS), refusals: createRateGate(REFUSAL_LIMITS) };
  const listening = await listenTcp('HTTP', wanted, bind.port, CONNECTIONS, (socket) => {
    serveConnection(socket, (exchange) => answer(serving, exchange));
  });
  if (!listening.ok) return listening;
  const { listens, sockets, stop } = listening.value;
  return ok({ listens, warnings: [], connections: () => sockets.size, stop });
}

const baseOf = ({ localAddress, localPort }: HttpExchange): string =>
  `http://${localAddress}${localPort === 80 ? '' : `:${localPort}`}`;

function viewOf({ options }: Serving): HttpView {
  const { engine, rendered, artefacts, tokens, addresses } = options;
  return { fleet: engine.fleet(), at: engine.now(), rendered, artefacts, tokens, addresses };
}

function answer(serving: Serving, exchange: HttpExchange): void {
  const { request, address } = exchange;
  const decided = answerHttp(viewOf(serving), request, { address, base: baseOf(exchange) });
  switch (decided.kind) {
    case 'script':
      sendText(serving, exchange, answerScript(serving, exchange, decided.decision));
      break;
    case 'text':
      sendText(serving, exchange, decided);
      break;
    case 'file':
      void sendFile(serving, exchange, decided);
  }
}

/** Emitted before it is written: the event opens the attempt whose token the script needs. */
function answerScript(
  serving: Serving,
  exchange: HttpExchange,
  decision: ScriptDecision,
): Extract<HttpAnswer, { readonly kind: 'text' }> {
  const { engine, tokens, addresses } = serving.options;
  const asked = exchange.request.method === 'GET';
  if (asked && decision.node !== undefined) addresses.learn(exchange.address, decision.node);
  if (asked && decision.event !== undefined && (decision.node !== undefined || mayLog(serving, 'stranger'))) {
    engine.emit(decision.event);
  }
  const view = viewOf(serving);
  const node = decision.node === undefined ? undefined : nodeOf(view.fleet, decision.node);
  const token = node === undefined ? undefined : tokens.tokenOf(node);
  const script = renderScript(view, decision, baseOf(exchange), token);
  if (!script.ok) return textOf(500, script.error);
  const reason = `script: ${decision.answer} (${decision.reason})`;
  return { kind: 'text', status: 200, type: 'text/plain; charset=utf-8', body: script.value, events: [], reason };
}

function textOf(status: number, reason: string): Extract<HttpAnswer, { readonly kind: 'text' }> {
  const answer = refuse(status, reason);
  return answer.kind === 'text' ? answer : { kind: 'text', status, type: 'text/plain', body: '', events: [], reason };
}

const mayLog = (serving: Serving, key: string): boolean => serving.logs.pass(key, serving.options.engine.now());

function log(serving: Serving, exchange: HttpExchange, level: 'info' | 'warn', text: string): void {
  const { engine, addresses, onLog } = serving.options;
  if (!mayLog(serving, exchange.address)) return;
  const node = addresses.nodeAt(engine.fleet(), exchange.address)?.name ?? '';
  onLog({ at: engine.now(), node, source: 'http', level, text });
}

/** Paths of attempts hold a token, which must not be read in a log. */
const shownPath = ({ request }: HttpExchange): string =>
  request.segments[0] === 't' ? `/t/…/${(request.segments[2] ?? '').slice(0, 40)}` : request.path.slice(0, 80);

function sendText(
  serving: Serving,
  exchange: HttpExchange,
  { status, type, body, events, delivery, reason }: Extract<HttpAnswer, { readonly kind: 'text' }>,
): void {
  const bytes = Buffer.from(body);
  const headers = { 'Content-Type': type, 'Cache-Control': 'no-store' };
  const reply = { status, headers, contentLength: bytes.length };
  if (delivery !== undefined)
    return exchange.send({ ...reply, untilTaken: true, body: deliver(serving, exchange, bytes, delivery, reason) });
  exchange.send({ ...reply, body: bytes });
  for (const event of events) if (mayTell(serving, event)) serving.options.engine.emit(event);
  log(serving, exchange, status < 400 ? 'info' : 'warn', `${status} ${shownPath(exchange)}: ${reason}`);
}

/** Somebody who has a token and no right to it may ask as often as he likes: the journal hears of it now and then. */
const mayTell = (serving: Serving, event: EventBody): boolean =>
  event.type !== 'http.configRefused' || serving.refusals.pass(event.node, serving.options.engine.now());

function deliver(
  serving: Serving,
  exchange: HttpExchange,
  bytes: Buffer,
  delivery: Delivery,
  reason: string,
): HttpSource {
  let left: Buffer | undefined = bytes;
  return {
    next: () => {
      const piece = left;
      left = undefined;
      return piece;
    },
    onMoved: () => undefined,
    onEnd: (complete, sentBytes, how) => {
      serving.options.engine.emit(complete ? delivery.whole : delivery.cut(sentBytes, how));
      const told = `200 ${shownPath(exchange)}: ${reason}, ${sentBytes} bytes ${how}`;
      log(serving, exchange, complete ? 'info' : 'warn', told);
    },
  };
}

async function sendFile(
  serving: Serving,
  exchange: HttpExchange,
  decided: Extract<HttpAnswer, { readonly kind: 'file' }>,
): Promise<void> {
  const { options } = serving;
  const opened = await options.files.open(decided.file);
  if (!opened.ok) return sendText(serving, exchange, textOf(503, `${decided.name}: ${opened.error}`));
  const file = opened.value;
  const { headers, method } = exchange.request;
  const range = isSameVersion(headers.get('if-range'), file.etag)
    ? parseRange(headers.get('range'), file.sizeBytes)
    : ({ kind: 'whole' } as const);
  const contentRange = renderContentRange(range, file.sizeBytes);
  const common = {
    'Content-Type': contentTypeOf(decided.name),
    'Accept-Ranges': 'bytes',
    ETag: file.etag,
    ...(contentRange === undefined ? {} : { 'Content-Range': contentRange }),
  };
  if (range.kind === 'beyond') return exchange.send({ status: 416, headers: common, contentLength: 0 });
  const start = range.kind === 'part' ? range.start : 0;
  const end = range.kind === 'part' ? range.end : file.sizeBytes;
  const reply = { status: range.kind === 'part' ? 206 : 200, headers: common, contentLength: end - start };
  if (method === 'HEAD') return exchange.send(reply);
  exchange.send({ ...reply, body: sourceOf(serving, exchange, decided, file, start, end) });
}

function sourceOf(
  serving: Serving,
  exchange: HttpExchange,
  { transfer, name }: Extract<HttpAnswer, { readonly kind: 'file' }>,
  file: StoredFile,
  start: number,
  end: number,
): NonNullable<HttpReply['body']> {
  const report = startTransfer(serving.options.engine, transfer, file.sizeBytes, 'http');
  let at = start;
  return {
    next: async () => {
      if (at >= end) return undefined;
      const piece = await file.read(at, Math.min(at + PIECE_BYTES, end));
      const bytes = Buffer.isBuffer(piece) ? piece : piece.ok ? piece.value : undefined;
      at += bytes?.length ?? 0;
      return bytes;
    },
    onMoved: (bytes) => report.moved(start + bytes),
    onEnd: (complete, bytes, reason) => {
      if (complete && end === file.sizeBytes) report.done(file.sizeBytes);
      else if (!complete) report.aborted(start + bytes, reason);
      log(serving, exchange, complete ? 'info' : 'warn', `${name}: ${bytes} of ${end - start} bytes, ${reason}`);
    },
  };
}

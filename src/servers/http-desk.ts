import type { EventBody } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import type { LoadedFile } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import { answerHttp, type HttpAnswer, type HttpView, refuse } from '../netboot/answer-http.ts';
import { renderScript, type ScriptDecision } from '../netboot/answer-script.ts';
import { renderBootstrap } from '../netboot/boot-scripts.ts';
import { type BootNet, type BootSite, isInNet } from '../netboot/boot-site.ts';
import type { HttpRequest } from '../protocols/http/http-request.ts';
import { isSameVersion, parseRange, renderContentRange } from '../protocols/http/parse-range.ts';
import { contentTypeOf } from '../protocols/http/render-http-head.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { createHttpCapture, type KeptRequest } from './http-capture.ts';
import type { FilePart, HttpDesk, HttpFront, HttpQuestion, HttpVerdict } from './http-question.ts';
import { createRateGate } from './rate-gate.ts';
import type { BootParts } from './server-parts.ts';
import { startTransfer } from './start-transfer.ts';
import { createTally, type Traffic } from './traffic.ts';

type TextAnswer = Extract<HttpAnswer, { readonly kind: 'text' }>;
type FileAnswer = Extract<HttpAnswer, { readonly kind: 'file' }>;

/** Where files are opened, and proven on the way: by this thread or by one that sends them. */
export interface FileOpener {
  readonly open: (file: LoadedFile) => Promise<Result<{ readonly sizeBytes: number; readonly etag: string }>>;
}

export interface HttpDeskParts extends BootParts {
  readonly files: FileOpener;
}

export interface RunningDesk extends HttpDesk {
  readonly transfers: () => number;
  readonly traffic: () => Traffic;
  readonly stop: () => void;
}

/** A body on its way. */
interface Following {
  readonly front: HttpFront;
  readonly question: HttpQuestion;
  readonly onMoved?: (bytes: number) => void;
  readonly onEnd: (complete: boolean, bytes: number, reason: string) => void;
  /** Where it belongs to an attempt: whose, and of which file. */
  readonly held?: { readonly node: string; readonly sha256: string };
  /** The job under which it was allowed; another one means that the gate is asked again. */
  job?: unknown;
  sentBytes: number;
  kept?: KeptRequest;
}

const REFUSAL_LIMITS = { burst: 10, perSecond: 0.2, totalBurst: 1_000, totalPerSecond: 50 };
const LOG_LIMITS = { burst: 60, perSecond: 10, totalBurst: 5_000, totalPerSecond: 1_000 };
/** Files at a time to one address: a rack behind one router, and still a quarter of what all may have. */
const PER_ADDRESS = 1024;
const RETRY_AFTER_S = '2';
/** What was taken back must not go on for long. */
const SWEEP_MS = 250;

/** Decides every answer over HTTP, tells what it means, and hears how the bodies went. It never carries image bytes. */
export function createHttpDesk(parts: HttpDeskParts): RunningDesk {
  const logs = createRateGate(LOG_LIMITS);
  const refusals = createRateGate(REFUSAL_LIMITS);
  const capture = createHttpCapture(parts);
  const following = new Map<number, Following>();
  const perAddress = new Map<string, number>();
  let lastFollow = 0;
  const tally = createTally();

  /** By our own addresses, of which there are few. */
  const bootstraps = new Map<string, ReturnType<typeof renderBootstrap>>();
  const bootstrap = (base: string): ReturnType<typeof renderBootstrap> => {
    const script = bootstraps.get(base) ?? renderBootstrap(base);
    bootstraps.set(base, script);
    return script;
  };

  const viewOf = (): HttpView => {
    const { engine, rendered, artefacts, tokens, addresses } = parts;
    return { fleet: engine.fleet(), at: engine.now(), rendered, artefacts, tokens, addresses, bootstrap };
  };

  const decide = (question: HttpQuestion): HttpAnswer =>
    answerHttp(viewOf(), requestOf(question), { address: question.address, base: baseOf(question) });

  const mayLog = (key: string): boolean => logs.pass(key, parts.engine.now());

  const log = (question: HttpQuestion, level: 'info' | 'warn', text: () => string): void => {
    if (!mayLog(question.address)) return;
    const node = parts.addresses.nodeAt(parts.engine.fleet(), question.address)?.name ?? '';
    parts.onLog({ at: parts.engine.now(), node, source: 'http', level, text: text() });
  };

  /** Emitted before it is written: the event opens the attempt whose token the script needs. */
  const answerScript = (question: HttpQuestion, decision: ScriptDecision): TextAnswer => {
    const { engine, tokens, addresses } = parts;
    const asked = question.method === 'GET';
    if (asked && decision.node !== undefined) addresses.learn(question.address, decision.node);
    if (asked && decision.event !== undefined && (decision.node !== undefined || mayLog('stranger'))) {
      engine.emit(decision.event);
    }
    const view = viewOf();
    const node = decision.node === undefined ? undefined : nodeOf(view.fleet, decision.node);
    const token = node === undefined ? undefined : tokens.tokenOf(node);
    const script = renderScript(view, decision, baseOf(question), token);
    if (!script.ok) return textOf(500, script.error);
    const reason = `script: ${decision.answer} (${decision.reason})`;
    return { kind: 'text', status: 200, type: 'text/plain; charset=utf-8', body: script.value, events: [], reason };
  };

  /** Somebody who has a token and no right to it may ask as often as he likes: the journal hears of it now and then. */
  const mayTell = (event: EventBody): boolean =>
    event.type !== 'http.configRefused' || refusals.pass(event.node, parts.engine.now());

  const follow = (one: Following): number => {
    lastFollow += 1;
    following.set(lastFollow, one);
    perAddress.set(one.question.address, (perAddress.get(one.question.address) ?? 0) + 1);
    return lastFollow;
  };

  const giveText = (
    question: HttpQuestion,
    answer: TextAnswer,
    front: HttpFront,
    more: Record<string, string> = {},
  ): HttpVerdict => {
    const { status, type, body, events, delivery, reason } = answer;
    const headers = { 'Content-Type': type, 'Cache-Control': 'no-store', ...more };
    const verdict = { status, headers, contentLength: Buffer.byteLength(body), text: body };
    const shown = () => `${status} ${shownPath(question)}: ${reason}`;
    if (delivery !== undefined) {
      const onEnd: Following['onEnd'] = (complete, bytes, how) => {
        parts.engine.emit(complete ? delivery.whole : delivery.cut(bytes, how));
        log(question, complete ? 'info' : 'warn', () => `${shown()}, ${bytes} bytes ${how}`);
      };
      return { ...verdict, untilTaken: true, follow: follow({ front, question, onEnd, sentBytes: 0 }) };
    }
    for (const event of events) if (mayTell(event)) parts.engine.emit(event);
    log(question, status < 400 ? 'info' : 'warn', shown);
    return verdict;
  };

  const giveFile = async (question: HttpQuestion, decided: FileAnswer, front: HttpFront): Promise<HttpVerdict> => {
    const busy = perAddress.get(question.address) ?? 0;
    if (question.method === 'GET' && busy >= PER_ADDRESS) {
      const why = `${busy} files at a time go to ${question.address} already; try again`;
      return giveText(question, textOf(503, why), front, { 'Retry-After': RETRY_AFTER_S });
    }
    const opened = await parts.files.open(decided.file);
    if (!opened.ok) {
      const answer = textOf(503, `${decided.name}: ${opened.error}`);
      return giveText(question, answer, front, { 'Retry-After': RETRY_AFTER_S });
    }
    const { sizeBytes, etag } = opened.value;
    const range = isSameVersion(question.ifRange, etag)
      ? parseRange(question.range, sizeBytes)
      : ({ kind: 'whole' } as const);
    const contentRange = renderContentRange(range, sizeBytes);
    const headers = {
      'Content-Type': contentTypeOf(decided.name),
      'Accept-Ranges': 'bytes',
      ETag: etag,
      ...(contentRange === undefined ? {} : { 'Content-Range': contentRange }),
    };
    if (range.kind === 'beyond') return { status: 416, headers, contentLength: 0 };
    const [start, end] = range.kind === 'part' ? [range.start, range.end] : [0, sizeBytes];
    const verdict = { status: range.kind === 'part' ? 206 : 200, headers, contentLength: end - start };
    if (question.method === 'HEAD') return verdict;
    const part = { file: decided.file, start, end, near: isNear(parts.site(), question.address) };
    return { ...verdict, part, follow: followFile(question, decided, part, front) };
  };

  const followFile = (
    question: HttpQuestion,
    { transfer, name, file }: FileAnswer,
    { start, end }: FilePart,
    front: HttpFront,
  ): number => {
    const { sizeBytes, sha256 } = file;
    const report = startTransfer(parts.engine, transfer, sizeBytes, 'http', () => following.size);
    // A loader is nothing secret and nothing that writes; what belongs to an attempt ends with it.
    const node = transfer?.kind === 'image' ? transfer.node : undefined;
    return follow({
      front,
      question,
      sentBytes: 0,
      onMoved: (bytes) => report.moved(start + bytes),
      onEnd: (complete, bytes, reason) => {
        if (complete && end === sizeBytes) report.done(sizeBytes);
        else if (!complete) report.aborted(start + bytes, reason);
        log(question, complete ? 'info' : 'warn', () => `${name}: ${bytes} of ${end - start} bytes, ${reason}`);
      },
      ...(node === undefined ? {} : { held: { node, sha256 }, job: nodeOf(parts.engine.fleet(), node)?.job }),
    });
  };

  const ended = (id: number, complete: boolean, bytes: number, reason: string): void => {
    const one = following.get(id);
    if (one === undefined) return;
    following.delete(id);
    tally.bytes += Math.max(0, bytes - one.sentBytes);
    if (!complete) tally.errors += 1;
    const { address } = one.question;
    const left = (perAddress.get(address) ?? 1) - 1;
    if (left > 0) perAddress.set(address, left);
    else perAddress.delete(address);
    one.kept?.ended(`${bytes} bytes, ${reason}`);
    one.onEnd(complete, bytes, reason);
  };

  /** Cancelled, disarmed, begun anew: what the same request would not get now is not sent to its end. */
  const sweep = (): void => {
    for (const [id, one] of following) {
      if (one.held === undefined) continue;
      const job = nodeOf(parts.engine.fleet(), one.held.node)?.job;
      if (job === one.job) continue;
      one.job = job;
      const now = decide(one.question);
      if (now.kind !== 'file' || now.file.sha256 !== one.held.sha256) one.front.cut(id);
    }
  };
  const counted = (verdict: HttpVerdict, kept: KeptRequest | undefined): HttpVerdict => {
    tally.requests += 1;
    if (verdict.status >= 400) tally.errors += 1;
    kept?.answered(verdict);
    const followed = verdict.follow === undefined ? undefined : following.get(verdict.follow);
    if (followed !== undefined && kept !== undefined) followed.kept = kept;
    return verdict;
  };

  const sweeper = setInterval(sweep, SWEEP_MS);

  return {
    ask: (question, front) => {
      const decided = decide(question);
      if (decided.kind === 'file') {
        const kept = capture(question, decided, decided.name);
        return giveFile(question, decided, front).then((verdict) => counted(verdict, kept));
      }
      const text = decided.kind === 'script' ? answerScript(question, decided.decision) : decided;
      const kept = capture(question, decided, text.reason);
      return counted(giveText(question, text, front), kept);
    },
    moved: (id, bytes) => {
      const one = following.get(id);
      if (one === undefined) return;
      tally.bytes += Math.max(0, bytes - one.sentBytes);
      one.sentBytes = bytes;
      one.onMoved?.(bytes);
    },
    ended,
    lost: (front, reason) => {
      for (const [id, one] of following) if (one.front === front) ended(id, false, one.sentBytes, reason);
    },
    transfers: () => following.size,
    traffic: () => tally,
    stop: () => clearInterval(sweeper),
  };
}

function requestOf({ method, path, query }: HttpQuestion): HttpRequest {
  const pairs = new Map<string, string>();
  for (let at = 0; at < query.length; at += 2) pairs.set(query[at] ?? '', query[at + 1] ?? '');
  const segments = path === '/' ? [] : path.slice(1).split('/');
  const rest = { headers: new Map<string, string>(), version: '1.1', keepAlive: true, contentLength: 0 } as const;
  return { method, path, segments, query: pairs, ...rest };
}

const isOurs = ({ spec }: BootNet): boolean => spec.interface !== undefined && spec.relay === undefined;

/** Not behind a relay: an interface of ours is on its segment. */
function isNear({ nets }: BootSite, text: string): boolean {
  const address = parseIpv4(text);
  if (!address.ok) return false;
  return text.startsWith('127.') || nets.some((net) => isOurs(net) && isInNet(net, address.value));
}

const baseOf = ({ localAddress, localPort }: HttpQuestion): string =>
  `http://${localAddress}${localPort === 80 ? '' : `:${localPort}`}`;

/** Paths of attempts hold a token, which must not be read in a log. */
const shownPath = ({ path }: HttpQuestion): string => {
  const [, first, , third = ''] = path.split('/');
  return first === 't' || first === 'm' ? `/${first}/…/${third.slice(0, 40)}` : path.slice(0, 80);
};

function textOf(status: number, reason: string): TextAnswer {
  const answer = refuse(status, reason);
  return answer.kind === 'text' ? answer : { kind: 'text', status, type: 'text/plain', body: '', events: [], reason };
}

import type { EventBody } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import type { LoadedFile } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import { answerHttp, type HttpView } from '../netboot/answer-http.ts';
import { renderScript, type ScriptDecision } from '../netboot/answer-script.ts';
import { isElsewhere } from '../netboot/asked-elsewhere.ts';
import { renderBootstrap } from '../netboot/boot-scripts.ts';
import { type HttpAnswer, refuse, type TextAnswer } from '../netboot/http-answer.ts';
import { fileVerdict, type OpenedFile } from './file-verdict.ts';
import { createHttpCapture, type KeptRequest } from './http-capture.ts';
import type { FilePart, HttpDesk, HttpFront, HttpQuestion, HttpVerdict } from './http-question.ts';
import { createHttpRefusals } from './http-refusals.ts';
import { createHttpTransfers } from './http-transfers.ts';
import { isNear } from './lan-tcp.ts';
import { createRateGate } from './rate-gate.ts';
import { baseOf, requestOf, shownPath } from './read-question.ts';
import type { BootParts } from './server-parts.ts';
import { startTransfer, tellSizeAsked } from './start-transfer.ts';
import { tellContested } from './tell-contested.ts';
import { createTally, type Traffic } from './traffic.ts';

type FileAnswer = Extract<HttpAnswer, { readonly kind: 'file' }>;

/** Where files are opened, and proven on the way: by this thread or by one that sends them. */
export interface FileOpener {
  readonly open: (file: LoadedFile) => Promise<Result<OpenedFile>>;
}

export interface HttpDeskParts extends BootParts {
  readonly files: FileOpener;
}

export interface RunningDesk extends HttpDesk {
  readonly transfers: () => number;
  readonly traffic: () => Traffic;
  readonly stop: () => void;
}

const REFUSAL_LIMITS = { burst: 10, perSecond: 0.2, totalBurst: 1_000, totalPerSecond: 50 };
/** Strangers share what a person could read: whoever comes from many addresses costs no more than a machine of ours. */
const STRANGER_LOG_LIMITS = { burst: 60, perSecond: 10, totalBurst: 500, totalPerSecond: 50 };
const LOG_LIMITS = { burst: 60, perSecond: 10, totalBurst: 5_000, totalPerSecond: 1_000 };
/** Files at a time to one address: a rack behind one router, and still a quarter of what all may have. */
const PER_ADDRESS = 1024;
const RETRY_LATER = { 'Retry-After': '2' } as const;

/** Decides every answer over HTTP, and tells what it means. It never carries image bytes. */
export function createHttpDesk(parts: HttpDeskParts): RunningDesk {
  const logs = createRateGate(LOG_LIMITS);
  const strangerLogs = createRateGate(STRANGER_LOG_LIMITS);
  const refusals = createRateGate(REFUSAL_LIMITS);
  const capture = createHttpCapture(parts);
  const tally = createTally();

  /** By our own addresses, of which there are few. */
  const bootstraps = new Map<string, ReturnType<typeof renderBootstrap>>();
  const bootstrap = (base: string): ReturnType<typeof renderBootstrap> => {
    const script = bootstraps.get(base) ?? renderBootstrap(base);
    bootstraps.set(base, script);
    return script;
  };

  const viewOf = (): HttpView => {
    const { engine, site, rendered, artefacts, tokens, addresses } = parts;
    return { fleet: engine.fleet(), at: engine.now(), site: site(), rendered, artefacts, tokens, addresses, bootstrap };
  };

  const decide = (question: HttpQuestion): HttpAnswer =>
    answerHttp(viewOf(), requestOf(question), { address: question.address, base: baseOf(question) });

  const transfers = createHttpTransfers(parts.engine, tally, (question, sha256) => {
    const now = decide(question);
    return now.kind === 'file' && now.file.sha256 === sha256;
  });

  /** Who is no machine that we know is told by his address. */
  const log = ({ address }: Pick<HttpQuestion, 'address'>, level: 'info' | 'warn', text: () => string): void => {
    const at = parts.engine.now();
    const node = parts.addresses.nodeAt(parts.engine.fleet(), address)?.name;
    const gate = node === undefined ? strangerLogs : logs;
    if (!gate.pass(address, at)) return;
    const who = node === undefined && address !== '' ? `${address}: ` : '';
    parts.onLog({ at, node: node ?? '', source: 'http', level, text: `${who}${text()}` });
  };

  const mayTellOfStranger = (): boolean => logs.pass('stranger', parts.engine.now());

  /** Emitted before it is written: the event opens the attempt whose token the script needs. */
  const answerScript = (question: HttpQuestion, decision: ScriptDecision): TextAnswer => {
    const { engine, tokens, addresses } = parts;
    const asked = question.method === 'GET';
    const { event } = decision;
    const elsewhere = event?.type === 'http.scriptAsked' && event.elsewhere === true;
    if (asked && decision.node !== undefined && !elsewhere) addresses.learn(question.address, decision.node);
    if (asked && event !== undefined && (decision.node !== undefined || mayTellOfStranger())) engine.emit(event);
    if (asked && elsewhere) {
      const { node, address } = event;
      tellContested(parts, { type: 'address.contested', node, address, how: 'script' });
    }
    const view = viewOf();
    const node = decision.node === undefined ? undefined : nodeOf(view.fleet, decision.node);
    const token = node === undefined ? undefined : tokens.tokenOf(node);
    const script = renderScript(view, decision, baseOf(question), token);
    if (!script.ok) return textOf(500, script.error);
    const reason = `script: ${decision.answer} (${decision.reason})`;
    const quiet = decision.answer === 'wait' && decision.event?.type !== 'http.scriptPutOff';
    return {
      kind: 'text',
      status: 200,
      type: 'text/plain; charset=utf-8',
      body: script.value,
      events: [],
      reason,
      quiet,
    };
  };

  /** Somebody may ask as often as he likes for what he has no right to, or what is not there: the journal hears of it now and then. */
  const mayTell = (event: EventBody): boolean =>
    (event.type !== 'http.configRefused' && event.type !== 'loader.notServed' && event.type !== 'address.contested') ||
    refusals.pass(event.node, parts.engine.now());

  const tell = (event: EventBody): void =>
    event.type === 'address.contested' ? tellContested(parts, event) : parts.engine.emit(event);

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
      const onEnd = (complete: boolean, bytes: number, how: string): void => {
        parts.engine.emit(complete ? delivery.whole : delivery.cut(bytes, how));
        log(question, complete ? 'info' : 'warn', () => `${shown()}, ${bytes} bytes ${how}`);
      };
      return { ...verdict, untilTaken: true, follow: transfers.follow({ front, question, onEnd }) };
    }
    for (const event of events) if (mayTell(event)) tell(event);
    if (answer.quiet !== true) log(question, status < 400 ? 'info' : 'warn', shown);
    return verdict;
  };

  const giveFile = async (question: HttpQuestion, decided: FileAnswer, front: HttpFront): Promise<HttpVerdict> => {
    const busy = transfers.countTo(question.address);
    if (question.method === 'GET' && busy >= PER_ADDRESS) {
      const why = `${busy} files at a time go to ${question.address} already; try again`;
      return giveText(question, textOf(503, why), front, RETRY_LATER);
    }
    const opened = await parts.files.open(decided.file);
    if (!opened.ok) {
      const answer = textOf(503, `${decided.name}: ${opened.error}`);
      return giveText(question, answer, front, RETRY_LATER);
    }
    const { verdict, span } = fileVerdict(question, decided.name, opened.value);
    if (span === undefined) {
      if (verdict.status < 400) tellSizeAsked(parts.engine, decided.transfer, opened.value.sizeBytes);
      return verdict;
    }
    const part = { file: decided.file, ...span, near: isNear(parts.site(), question.address) };
    return { ...verdict, part, follow: followFile(question, decided, part, front) };
  };

  const followFile = (
    question: HttpQuestion,
    { transfer, name, file }: FileAnswer,
    { start, end }: FilePart,
    front: HttpFront,
  ): number => {
    const { sizeBytes, sha256 } = file;
    // A loader is nothing secret and nothing that writes; what belongs to an attempt ends with it.
    const node = transfer?.kind === 'image' ? transfer.node : undefined;
    const { address } = question;
    const to = node !== undefined && isElsewhere(viewOf(), node, address) ? address : undefined;
    const report = startTransfer(parts.engine, transfer, sizeBytes, 'http', transfers.count, to);
    return transfers.follow({
      front,
      question,
      onMoved: (bytes) => report.moved(start + bytes),
      onEnd: (complete, bytes, reason) => {
        if (complete && end === sizeBytes) report.done(sizeBytes);
        else if (!complete) report.aborted(start + bytes, reason);
        log(question, complete ? 'info' : 'warn', () => `${name}: ${bytes} of ${end - start} bytes, ${reason}`);
      },
      ...(node === undefined ? {} : { held: { node, sha256 } }),
    });
  };

  const counted = (verdict: HttpVerdict, kept: KeptRequest | undefined): HttpVerdict => {
    tally.requests += 1;
    if (verdict.status >= 400) tally.errors += 1;
    kept?.answered(verdict);
    if (verdict.follow !== undefined && kept !== undefined) transfers.keep(verdict.follow, kept);
    return verdict;
  };

  return {
    ask: (question, front, answer) => {
      const decided = decide(question);
      if (decided.kind === 'file') {
        const kept = capture(question, decided, decided.name);
        void giveFile(question, decided, front).then((verdict) => answer(counted(verdict, kept)));
        return;
      }
      const text = decided.kind === 'script' ? answerScript(question, decided.decision) : decided;
      const kept = capture(question, decided, text.reason);
      answer(counted(giveText(question, text, front), kept));
    },
    refused: createHttpRefusals(parts, tally, capture, log),
    moved: transfers.moved,
    ended: transfers.ended,
    lost: transfers.lost,
    transfers: transfers.count,
    traffic: () => tally,
    stop: transfers.stop,
  };
}

function textOf(status: number, reason: string): TextAnswer {
  const answer = refuse(status, reason);
  return answer.kind === 'text' ? answer : { kind: 'text', status, type: 'text/plain', body: '', events: [], reason };
}

import type { EventBody } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import type { LoadedFile, RenderedPort } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { answerHttp, type HttpView } from '../netboot/answer-http.ts';
import type { ScriptDecision } from '../netboot/answer-script.ts';
import { isElsewhere } from '../netboot/asked-elsewhere.ts';
import { renderBootstrap } from '../netboot/boot-scripts.ts';
import { type HttpAnswer, refuse, type TextAnswer } from '../netboot/http-answer.ts';
import { createGroundReader } from './answer-ground.ts';
import { fileVerdict, type OpenedFile } from './file-verdict.ts';
import { createHeldImages, type HeldImage } from './held-images.ts';
import { createHttpCapture, type KeptRequest } from './http-capture.ts';
import type { FilePart, HttpDesk, HttpFront, HttpQuestion, HttpVerdict } from './http-question.ts';
import { createHttpRefusals } from './http-refusals.ts';
import { createHttpTransfers } from './http-transfers.ts';
import { isNear } from './lan-tcp.ts';
import { createRateGate } from './rate-gate.ts';
import { baseOf, requestOf, shownPath } from './read-question.ts';
import { createScriptAnswers } from './script-answers.ts';
import type { BootParts } from './server-parts.ts';
import { startTransfer, tellSizeAsked } from './start-transfer.ts';
import { tellContested } from './tell-contested.ts';
import { createTally, type Traffic } from './traffic.ts';
import { createWriteGuard } from './write-guard.ts';
import type { WhenStored } from './write-hold.ts';

type FileAnswer = Extract<HttpAnswer, { readonly kind: 'file' }>;

/** Where files are opened, and proven on the way: by this thread or by one that sends them. */
export interface FileOpener {
  readonly open: (file: LoadedFile) => Promise<Result<OpenedFile>>;
}

export interface HttpDeskParts extends BootParts {
  readonly files: FileOpener;
  /** Absent: nothing is kept on a disk. */
  readonly whenStored?: WhenStored;
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

const asNoted = (decision: ScriptDecision): ScriptDecision =>
  decision.event?.type === 'http.scriptAsked' ? { ...decision, event: { ...decision.event, noted: true } } : decision;

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

  const viewOf = (fleet = parts.engine.fleet(), rendered = parts.rendered): HttpView => {
    const { engine, site, artefacts, tokens, addresses } = parts;
    return { fleet, at: engine.now(), site: site(), rendered, artefacts, tokens, addresses, bootstrap };
  };

  const decide = (question: HttpQuestion, fleet?: Fleet, rendered?: RenderedPort): HttpAnswer =>
    answerHttp(viewOf(fleet, rendered), requestOf(question), { address: question.address, base: baseOf(question) });

  const readGround = createGroundReader(parts.engine, parts.rendered);
  const images = createHeldImages(parts, readGround, (question, rendered) => decide(question, undefined, rendered));
  const transfers = createHttpTransfers(readGround, tally, images.mayHave);

  const guard = createWriteGuard({
    engine: parts.engine,
    whenStored: parts.whenStored ?? (async () => ok(undefined)),
    decide,
    ended: (follow, reason) => transfers.ended(follow, false, 0, reason),
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

  const scripts = createScriptAnswers(parts, viewOf, mayTellOfStranger);
  const answerScript = (question: HttpQuestion, decision: ScriptDecision): TextAnswer => {
    scripts.note(question, decision);
    return scripts.write(question, decision);
  };

  /** Without a word of when: iPXE obeys that for ever, and our own scripts try again a few times and go on to the disk. */
  const writeWhenStored = (
    question: HttpQuestion,
    decision: ScriptDecision,
    finish: (text: TextAnswer) => void,
  ): void => {
    const note = (): void => scripts.note(question, asNoted(decision));
    guard.script(question, decision, note, (withheld) => {
      if (withheld === undefined) return finish(scripts.write(question, decision));
      const now = decide(question);
      if (now.kind === 'text') finish(now);
      else if (now.kind === 'script' && !guard.isWrite(question, now)) finish(answerScript(question, now.decision));
      else finish(refuse(503, withheld.why));
    });
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
      return giveText(question, refuse(503, why), front, RETRY_LATER);
    }
    // Before the file is opened: that may take its time, and an order may come in it.
    const held = images.of(decided);
    const opened = await parts.files.open(decided.file);
    if (!opened.ok) {
      const answer = refuse(503, `${decided.name}: ${opened.error}`);
      return giveText(question, answer, front, RETRY_LATER);
    }
    const { verdict, span } = fileVerdict(question, decided.name, opened.value);
    if (span === undefined) {
      if (verdict.status < 400) tellSizeAsked(parts.engine, decided.transfer, opened.value.sizeBytes);
      return verdict;
    }
    const part = { file: decided.file, ...span, near: isNear(parts.site(), question.address) };
    const send = () => ({ ...verdict, part, follow: followFile(question, decided, part, front, held) });
    if (!guard.isFirstImage(decided.transfer)) return send();
    const unsent = await guard.image(question, decided, send);
    return unsent.ok ? unsent.value : giveText(question, refuse(503, unsent.error), front);
  };

  const followFile = (
    question: HttpQuestion,
    { transfer, name, file: { sizeBytes } }: FileAnswer,
    { start, end }: FilePart,
    front: HttpFront,
    held: HeldImage | undefined,
  ): number => {
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
      ...(held === undefined ? {} : { held }),
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
      const finish = (text: TextAnswer): void => {
        const kept = capture(question, decided, text.reason);
        answer(counted(giveText(question, text, front), kept));
      };
      if (decided.kind === 'text') finish(decided);
      else if (!guard.isWrite(question, decided)) finish(answerScript(question, decided.decision));
      else writeWhenStored(question, decided.decision, finish);
    },
    refused: createHttpRefusals(parts, tally, capture, log),
    moved: transfers.moved,
    ended: transfers.ended,
    lost: transfers.lost,
    transfers: transfers.count,
    traffic: () => tally,
    stop: () => {
      guard.stop();
      transfers.stop();
    },
  };
}

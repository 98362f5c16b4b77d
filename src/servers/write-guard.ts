import { type Fleet, nodeOf, putNode } from '../core/fleet.ts';
import { WRITES_DISK } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { EnginePort } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { neverSent } from '../core/unsent.ts';
import type { ScriptDecision } from '../netboot/answer-script.ts';
import type { HttpAnswer, Transfer } from '../netboot/http-answer.ts';
import type { HttpQuestion, HttpVerdict } from './http-question.ts';
import { createWriteHold, type HeldWrite, type WhenStored, type Withheld } from './write-hold.ts';

type FileAnswer = Extract<HttpAnswer, { readonly kind: 'file' }>;

export interface WriteGuardParts {
  readonly engine: EnginePort;
  readonly whenStored: WhenStored;
  /** What the same question would be answered now, or if the fleet were this one. */
  readonly decide: (question: HttpQuestion, fleet?: Fleet) => HttpAnswer;
  readonly ended: (follow: number, reason: string) => void;
}

/** Scripts that write, and the images by which a job is spent: noted, on disk, decided once more, and then sent. */
export interface WriteGuard {
  readonly isWrite: (question: HttpQuestion, answer: HttpAnswer) => boolean;
  readonly script: (
    question: HttpQuestion,
    decision: ScriptDecision,
    note: () => void,
    end: (withheld?: Withheld) => void,
  ) => void;
  readonly isFirstImage: (transfer: Transfer | undefined) => boolean;
  /** `note` makes the answer, and the transfer that it begins. */
  readonly image: (
    question: HttpQuestion,
    decided: FileAnswer,
    note: () => HttpVerdict,
  ) => Promise<Result<HttpVerdict>>;
  readonly stop: () => void;
}

const BUSY: Withheld = { why: 'the same is being noted for it just now; ask again', unsaved: false };

export function createWriteGuard({ engine, whenStored, decide, ended }: WriteGuardParts): WriteGuard {
  const hold = createWriteHold(engine, whenStored);
  const find = (name: string | undefined): NodeState | undefined =>
    name === undefined ? undefined : nodeOf(engine.fleet(), name);

  /** Asked of the machine as it is now, but for what this very answer spent: cancelled, held and PANIC count as ever. */
  const whyNoScript = (question: HttpQuestion, decision: ScriptDecision, write: NotedScript): string | undefined => {
    const node = find(write.node);
    if (node === undefined) return 'it left the inventory';
    if (node.attempt?.number !== write.attempt || node.phase.is !== 'script') return 'it began another boot since';
    const now = decide(question, putNode(engine.fleet(), neverSent(node, { ...write, reason: '' })));
    if (now.kind !== 'script') return now.kind === 'text' ? now.reason : 'it is no script any more';
    return now.decision.answer === decision.answer && jobOf(now.decision) === write.job
      ? undefined
      : now.decision.reason;
  };

  const whyNoImage = (question: HttpQuestion, { file }: FileAnswer): string | undefined => {
    const now = decide(question);
    if (now.kind !== 'file') return now.kind === 'text' ? now.reason : 'it is no image any more';
    return now.file.sha256 === file.sha256 ? undefined : 'it is another image now';
  };

  return {
    isWrite: ({ method }, answer) =>
      answer.kind === 'script' &&
      method === 'GET' &&
      (answer.decision.answer === 'install' || answer.decision.answer === 'wipe'),
    script: (question, decision, note, end) => {
      if (decision.node === undefined || hold.isHeld(decision.node)) return end(BUSY);
      const before = find(decision.node);
      note();
      const write = scriptAsNoted(before, find(decision.node));
      if (write === undefined) end({ why: 'it left the inventory', unsaved: false });
      else hold.add(write, () => whyNoScript(question, decision, write), end);
    },
    isFirstImage: (transfer) =>
      transfer?.kind === 'image' && isSpentByImage(find(transfer.node), hold.isHeld(transfer.node)),
    image: async (question, decided, note) => {
      const name = decided.transfer?.node;
      if (name === undefined || hold.isHeld(name)) return fail(BUSY.why);
      const verdict = note();
      const write = imageAsNoted(find(name));
      const { follow } = verdict;
      const end = (why: string): Result<HttpVerdict> => {
        if (follow !== undefined) ended(follow, why);
        return fail(why);
      };
      if (write === undefined) return end('its job is another one now');
      return new Promise((resolve) => {
        hold.add(
          write,
          () => whyNoImage(question, decided),
          (withheld) => resolve(withheld === undefined ? ok(verdict) : end(withheld.why)),
        );
      });
    },
    stop: hold.stop,
  };
}

const jobOf = ({ event }: ScriptDecision): string | undefined =>
  event?.type === 'http.scriptAsked' ? event.job : undefined;

type NotedScript = HeldWrite & { readonly attempt: number | undefined };

/** `before`: the machine as it was when this was decided. */
function scriptAsNoted(before: NodeState | undefined, noted: NodeState | undefined): NotedScript | undefined {
  const askedAt = noted?.seen.lastAt;
  if (noted?.job === undefined || askedAt === undefined) return undefined;
  const { name: node, job, attempt } = noted;
  const was = before?.attempt?.number === attempt?.number ? before?.attempt?.answered : undefined;
  const again = was !== undefined && was === attempt?.answered ? { again: true as const } : {};
  return { node, job: job.id, what: 'script', askedAt, attempt: attempt?.number, ...again };
}

/** A system that reports nothing is spent by what it fetched: by the first image, which is about to be noted. */
function isSpentByImage(node: NodeState | undefined, isHeld: boolean): boolean {
  const job = node?.job;
  if (job?.plan.foreign !== true || !WRITES_DISK[job.kind]) return false;
  return isHeld || node?.attempt?.fetchedAt === undefined;
}

function imageAsNoted(noted: NodeState | undefined): HeldWrite | undefined {
  const askedAt = noted?.attempt?.fetchedAt;
  if (noted?.job === undefined || askedAt === undefined) return undefined;
  return { node: noted.name, job: noted.job.id, what: 'image', askedAt };
}

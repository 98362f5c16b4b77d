import type { EventOf } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import type { EnginePort } from '../core/ports.ts';
import type { Result } from '../core/result.ts';

/** An answer that lets a machine write, as it was noted. */
export type HeldWrite = Pick<EventOf<'http.answerWithheld'>, 'node' | 'job' | 'what' | 'askedAt' | 'again'>;

/** Resolves when what was emitted so far is on disk, and with it all that keeps this from going out twice, or with why not. */
export type WhenStored = (write: HeldWrite) => Promise<Result<void>>;

/** Why it does not go out after all, and whether our own disk is the reason. */
export interface Withheld {
  readonly why: string;
  readonly unsaved: boolean;
}

/**
 * What lets a machine write leaves only when its note is on disk: after a crash in between it would go out once more, to a
 * machine that is installed by then.
 */
export interface WriteHold {
  /** One at a time for each machine; when this ends, none. Who asks meanwhile is told to ask again. */
  readonly isHeld: (node: string) => boolean;
  /** `whyNot` is asked when it is on disk: what is decided differently by then does not go out. */
  readonly add: (write: HeldWrite, whyNot: () => string | undefined, end: (withheld?: Withheld) => void) => void;
  readonly stop: () => void;
}

/** In one turn of the loop: a slow disk lets go all at once that waited for it. */
const ENDED_AT_ONCE = 8;

export function createWriteHold(engine: EnginePort, whenStored: WhenStored): WriteHold {
  const held = new Map<string, { readonly write: HeldWrite; readonly end: (withheld: Withheld) => void }>();
  const stored: (() => void)[] = [];
  let planned = false;
  let stopped = false;

  const withhold = ({ node, job, what, askedAt, again }: HeldWrite, { why: reason, unsaved }: Withheld): void => {
    const more = { ...(again === undefined ? {} : { again }), ...(unsaved ? { unsaved } : {}) };
    engine.emit({ type: 'http.answerWithheld', node, job, what, askedAt, ...more, reason });
  };

  /** Of what goes out once in its job: else that it left says nothing more than its note. */
  const tellLeft = ({ node, job, askedAt }: HeldWrite): void => {
    if (nodeOf(engine.fleet(), node)?.job?.leavingAt === askedAt)
      engine.emit({ type: 'http.answerSent', node, job, askedAt });
  };

  const work = (): void => {
    planned = false;
    for (const end of stored.splice(0, ENDED_AT_ONCE)) end();
    if (stored.length > 0) plan();
  };

  const plan = (): void => {
    if (planned) return;
    planned = true;
    setImmediate(work);
  };

  return {
    isHeld: (node) => stopped || held.has(node),
    add: (write, whyNot, end) => {
      const mine = { write, end };
      held.set(write.node, mine);
      const onDisk = (problem: string | undefined): void => {
        stored.push(() => {
          // The server was stopped in between.
          if (held.get(write.node) !== mine) return;
          held.delete(write.node);
          const why = problem === undefined ? whyNot() : notSaving(problem);
          const withheld = why === undefined ? undefined : { why, unsaved: problem !== undefined };
          if (withheld !== undefined) withhold(write, withheld);
          end(withheld);
          if (withheld === undefined) tellLeft(write);
        });
        plan();
      };
      whenStored(write).then(
        (result) => onDisk(result.ok ? undefined : result.error),
        (error) => onDisk(String(error)),
      );
    },
    stop: () => {
      stopped = true;
      const all = [...held.values()];
      held.clear();
      for (const { write, end } of all) {
        const withheld: Withheld = { why: 'the HTTP server was stopped', unsaved: false };
        withhold(write, withheld);
        end(withheld);
      }
    },
  };
}

const notSaving = (problem: string): string =>
  `not saving (${problem}): what lets it write and is not noted does not go out`;

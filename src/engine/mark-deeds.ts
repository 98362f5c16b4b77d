import { ENGINE } from '../core/engine-mark.ts';
import type { Event, EventOf } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { asHostTime } from '../core/host-clock.ts';
import { WRITES_DISK } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import { ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { Engine } from './create-engine.ts';
import type { AuditPort, JournalPort } from './engine-ports.ts';
import { createWhenDurable } from './when-durable.ts';

type Leaving = Pick<EventOf<'http.answerWithheld'>, 'node' | 'job' | 'what' | 'askedAt'>;

/**
 * What erases goes out once, and by the journal alone a start cannot see that the end of it was cut off behind the order: the
 * same would go out again. A line of the audit tells so far the journal was by then.
 */
export interface DeedMarks {
  /** Resolves when what was emitted so far is on disk, and its mark behind it, or with why it is not. */
  readonly beforeLeaving: (write: Leaving) => Promise<Result<void>>;
  /** Marks what nothing waits for: that an erasing has begun. Returns how to stop. */
  readonly follow: () => () => void;
}

export function markDeeds(
  engine: Pick<Engine, 'fleet' | 'now' | 'follow'>,
  journal: Pick<JournalPort, 'durable' | 'savedSeq'> & { lastSeq(): number },
  audit: AuditPort,
): DeedMarks {
  const whenDurable = createWhenDurable(journal);
  /** Of each machine the last one: once for a job is enough, however often it asks. */
  const marked = new Map<string, string>();
  for (const node of valuesOf(engine.fleet().nodes)) {
    const begun = begunIn(node);
    if (begun !== undefined) marked.set(node.name, begun.id);
  }

  const mark = (node: string, action: string): Promise<Result<void>> =>
    audit.append({
      atMs: asHostTime(engine.now(), engine.fleet()),
      ...ENGINE,
      action,
      nodes: [node],
      outcome: 'noted, so that it happens once',
    });

  const take = (event: Event, fleet: Fleet): void => {
    const node = 'node' in event && event.node !== undefined ? nodeOf(fleet, event.node) : undefined;
    const begun = node === undefined ? undefined : begunIn(node);
    if (node === undefined || begun === undefined || marked.get(node.name) === begun.id) return;
    marked.set(node.name, begun.id);
    whenDurable.add(journal.lastSeq(), () => void mark(node.name, begun.what));
  };

  return {
    beforeLeaving: async (write) => {
      const stored = await journal.durable(journal.lastSeq());
      if (!stored.ok) return stored;
      const what = leavingOf(nodeOf(engine.fleet(), write.node), write);
      const id = `${write.job} ${what}`;
      if (marked.get(write.node) === id) return ok(undefined);
      const told = await mark(write.node, what);
      if (told.ok) marked.set(write.node, id);
      return told;
    },
    follow: () => {
      const unfollow = engine.follow(take);
      return () => {
        unfollow();
        whenDurable.stop();
      };
    },
  };
}

function leavingOf(node: NodeState | undefined, { what, askedAt }: Leaving): string {
  if (what === 'image') return 'send image';
  return node?.job?.wipeSentAt === askedAt ? 'send wipe' : 'send install';
}

/** The furthest that its job has got. What is about to leave gets a mark of its own. */
function begunIn({ job }: NodeState): { readonly what: string; readonly id: string } | undefined {
  if (job === undefined || job.leavingAt !== undefined || !WRITES_DISK[job.kind]) return undefined;
  const what =
    job.spentAt !== undefined
      ? 'job spent'
      : job.configServedAt !== undefined
        ? 'configuration sent'
        : job.wipeFetchedAt !== undefined
          ? 'wipe begun'
          : undefined;
  return what === undefined ? undefined : { what, id: `${job.id} ${what}` };
}

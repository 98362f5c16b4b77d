import { type Actor, type JobKind, WRITES_DISK } from '../core/job.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';

/** An order that is still planned: it stands in no state yet, and what forbids it has to find it here. */
export interface UnderWay {
  readonly kind: JobKind;
  readonly nodes: readonly string[];
  readonly by: Actor;
}

export interface Planning {
  /** Why it is not to be armed any more. */
  readonly whyNot: () => string | undefined;
  /** What it waits for; no longer than until it is withdrawn. */
  readonly unlessWithdrawn: <T>(work: Promise<T>) => Promise<Result<T>>;
  readonly over: () => void;
}

export interface OrdersUnderWay {
  /** `lost`: whoever ordered it may not order any more. `since`: what was withdrawn from then on was meant for it too. */
  readonly begin: (order: UnderWay, lost: () => string | undefined, since?: TimeMs) => Planning;
  readonly of: (meant: Meant) => readonly UnderWay[];
  /** Refuses those that are meant, whole: of what was confirmed together no part is armed. */
  readonly withdraw: (meant: Meant, why: string, at: TimeMs) => readonly UnderWay[];
}

/** `nodes` absent: all machines. */
export interface Meant {
  readonly nodes?: readonly string[];
  readonly writing?: true;
}

export function createOrdersUnderWay(): OrdersUnderWay {
  const open = new Map<UnderWay, AbortController>();
  const withdrawals = createWithdrawals();
  const of = ({ nodes, writing }: Meant): readonly UnderWay[] => {
    const names = nodes === undefined ? undefined : new Set(nodes);
    return [...open.keys()].filter(
      (order) =>
        (writing !== true || WRITES_DISK[order.kind]) &&
        (names === undefined || order.nodes.some((name) => names.has(name))),
    );
  };
  return {
    begin: (order, lost, since) => {
      const ended = new AbortController();
      const before = since === undefined ? undefined : withdrawals.whySince(order, since);
      if (before !== undefined) ended.abort(before);
      open.set(order, ended);
      const { signal } = ended;
      const reason = () => `${signal.reason} while it was planned`;
      return {
        whyNot: () => {
          if (signal.aborted) return reason();
          const why = lost();
          return why === undefined ? undefined : `${why} while it was planned`;
        },
        unlessWithdrawn: (work) => {
          const withdrawn = Promise.withResolvers<Result<never>>();
          const stop = () => withdrawn.resolve(fail(reason()));
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop, { once: true });
          return Promise.race([withdrawn.promise, work.then(ok)]).finally(() =>
            signal.removeEventListener('abort', stop),
          );
        },
        over: () => void open.delete(order),
      };
    },
    of,
    withdraw: (meant, why, at) => {
      withdrawals.note(meant, why, at);
      const withdrawn = of(meant);
      for (const order of withdrawn) open.get(order)?.abort(why);
      for (const order of withdrawn) open.delete(order);
      return withdrawn;
    },
  };
}

interface Withdrawal {
  readonly why: string;
  readonly at: TimeMs;
}

const EVERYBODY = '';

/**
 * The last one of each machine. A command that looked at its page and has yet to order, or waits for its turn, has nothing
 * under way at that moment.
 */
function createWithdrawals() {
  const last = { all: new Map<string, Withdrawal>(), writing: new Map<string, Withdrawal>() };
  return {
    note: ({ nodes = [EVERYBODY], writing }: Meant, why: string, at: TimeMs): void => {
      for (const name of nodes) (writing === true ? last.writing : last.all).set(name, { why, at });
    },
    whySince: ({ kind, nodes }: UnderWay, since: TimeMs): string | undefined =>
      (WRITES_DISK[kind] ? [last.all, last.writing] : [last.all])
        .flatMap((noted) => [EVERYBODY, ...nodes].flatMap((name) => noted.get(name) ?? []))
        .find(({ at }) => at > since)?.why,
  };
}

/** `reinstall of n002, ordered by root@pid 4826, was being planned: it is refused, and nothing of it is armed`. */
export function withdrawnText({ kind, nodes, by }: UnderWay): string {
  const whom = nodes.length === 1 ? nodes[0] : `${nodes.length} machines`;
  return `${kind} of ${whom}, ordered by ${by.user}@${by.from}, was being planned: it is refused, and nothing of it is armed`;
}

import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { FromBulkThread } from './bulk-messages.ts';
import type { BulkThreadLink } from './bulk-thread-link.ts';
import { httpLimits } from './http-limits.ts';
import type { HttpDesk, HttpQuestion, HttpVerdict } from './http-question.ts';
import { listenTcpAt } from './listen-tcp.ts';
import type { ListenAddress, ServerProblem } from './server-parts.ts';

type Listens = Result<readonly ListenAddress[], ServerProblem>;

export interface BulkListening {
  readonly listens: readonly ListenAddress[];
  readonly connections: () => number;
  readonly add: (more: readonly ListenAddress[]) => Promise<Listens>;
  readonly drop: (where: ListenAddress) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** HTTP in all threads of a crew: they share the ports, and one desk answers what they ask. */
export interface BulkHttp {
  readonly listen: (
    desk: HttpDesk,
    addresses: readonly string[],
    port: number,
  ) => Promise<Result<BulkListening, ServerProblem>>;
  readonly ask: (thread: BulkThreadLink, ask: number, question: HttpQuestion) => void;
  readonly refused: HttpDesk['refused'];
  readonly moved: (follow: number, bytes: number) => void;
  readonly ended: (message: Extract<FromBulkThread, { readonly t: 'ended' }>) => void;
  readonly listening: (thread: BulkThreadLink, listens: Listens) => void;
  readonly closed: (thread: BulkThreadLink) => void;
  readonly connected: (thread: BulkThreadLink, connections: number) => void;
  readonly lost: (thread: BulkThreadLink, why: string) => void;
  /** It listens where the one did in whose place it stands. */
  readonly replaced: (thread: BulkThreadLink) => void;
}

/** Of what a thread had under way when it died. */
export const GONE = 'the thread that sent it ended';

const NOBODY_ANSWERS: HttpVerdict = { status: 503, headers: {}, contentLength: 0 };

interface Listening {
  readonly desk: HttpDesk;
  readonly at: readonly ListenAddress[];
}

export function createBulkHttp(
  live: () => readonly BulkThreadLink[],
  log: (level: 'info' | 'error', text: string) => void,
): BulkHttp {
  let http: Listening | undefined;
  const opening = new Map<BulkThreadLink, (listens: Listens) => void>();
  const closing = new Map<BulkThreadLink, () => void>();
  const connections = new Map<BulkThreadLink, number>();

  const listenIn = (thread: BulkThreadLink, at: readonly ListenAddress[]): Promise<Listens> =>
    new Promise((resolve) => {
      opening.set(thread, (listens) => {
        if (!listens.ok) log('error', `HTTP in a thread that sends: ${listens.error.why}; ${listens.error.advice}`);
        resolve(listens);
      });
      thread.tell({ t: 'listen', at });
    });

  const close = async (): Promise<void> => {
    http = undefined;
    const closeIn = (thread: BulkThreadLink) =>
      new Promise<void>((resolve) => {
        closing.set(thread, resolve);
        thread.tell({ t: 'close' });
      });
    await Promise.all(live().map(closeIn));
  };

  const listenInAll = async (desk: HttpDesk, wanted: readonly ListenAddress[]): Promise<Listens> => {
    // With SO_REUSEPORT another program's listener is no conflict, and would get a part of the machines.
    const probe = await listenTcpAt('HTTP', wanted, httpLimits(), (socket) => socket.destroy());
    if (!probe.ok) return probe;
    await probe.value.stop();
    const [first, ...others] = live();
    if (first === undefined)
      return fail({ why: 'no thread that sends is there', advice: 'set `threads: 0` in _site.yaml, and report this' });
    const before = http?.at ?? [];
    http = { desk, at: [...before, ...wanted] };
    // The first one may be given its ports by the kernel; the others share them.
    const listens = await listenIn(first, wanted);
    if (!listens.ok) {
      http = { desk, at: before };
      return listens;
    }
    http = { desk, at: [...before, ...listens.value] };
    const all = await Promise.all(others.map((thread) => listenIn(thread, listens.value)));
    return all.find((listened) => !listened.ok) ?? listens;
  };

  /** In all of them, and in none that stands in the place of one later. */
  const drop = async (where: ListenAddress): Promise<void> => {
    const isOther = ({ address, port }: ListenAddress) => address !== where.address || port !== where.port;
    if (http !== undefined) http = { ...http, at: http.at.filter(isOther) };
    for (const thread of live()) thread.tell({ t: 'drop', at: where });
  };

  const listening = (thread: BulkThreadLink, listens: Listens): void => {
    opening.get(thread)?.(listens);
    opening.delete(thread);
  };
  const closed = (thread: BulkThreadLink): void => {
    closing.get(thread)?.();
    closing.delete(thread);
  };

  const give = (desk: HttpDesk | undefined, thread: BulkThreadLink, ask: number, verdict: HttpVerdict): void => {
    thread.tell({ t: 'verdict', ask, verdict });
    if (!thread.isAlive() && verdict.follow !== undefined) desk?.ended(verdict.follow, false, 0, GONE);
  };

  const answer = (thread: BulkThreadLink, ask: number, question: HttpQuestion): void => {
    const desk = http?.desk;
    if (desk === undefined) give(desk, thread, ask, NOBODY_ANSWERS);
    else desk.ask(question, thread.front, (verdict) => give(desk, thread, ask, verdict));
  };

  return {
    listen: async (desk, addresses, port) => {
      const wanted = addresses.map((address) => ({ address, port }));
      const listens = await listenInAll(desk, wanted);
      if (!listens.ok) return listens;
      const count = () => live().reduce((sum, thread) => sum + (connections.get(thread) ?? 0), 0);
      const add = (more: readonly ListenAddress[]) => listenInAll(desk, more);
      return ok({ listens: listens.value, connections: count, add, drop, stop: close });
    },
    ask: answer,
    refused: (count, first) => http?.desk.refused(count, first),
    moved: (follow, bytes) => http?.desk.moved(follow, bytes),
    ended: ({ follow, complete, bytes, reason }) => http?.desk.ended(follow, complete, bytes, cleanText(reason, 200)),
    listening,
    closed,
    connected: (thread, count) => void connections.set(thread, count),
    lost: (thread, why) => {
      http?.desk.lost(thread.front, GONE);
      connections.delete(thread);
      listening(
        thread,
        fail({ why: `a thread that sends ended: ${why}`, advice: 'crashcart serves from another; the log says more' }),
      );
      closed(thread);
    },
    replaced: (thread) => {
      if (http !== undefined) void listenIn(thread, http.at);
    },
  };
}

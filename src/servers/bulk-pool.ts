import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import { cleanText } from '../core/clean-text.ts';
import type { LogSink } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createBulkFiles } from './bulk-files.ts';
import type { FromBulkThread } from './bulk-messages.ts';
import { type BulkThreadLink, linkBulkThread } from './bulk-thread-link.ts';
import type { FileOpener } from './http-desk.ts';
import { HTTP_LIMITS } from './http-limits.ts';
import type { HttpDesk, HttpQuestion } from './http-question.ts';
import { listenTcp } from './listen-tcp.ts';
import type { ListenAddress, ServerProblem } from './server-parts.ts';
import type { TftpReports, TftpRunner } from './tftp-runner.ts';

export interface BulkPoolOptions {
  readonly threads: number;
  /** One more thread of this program that runs `runBulkThread`. */
  readonly start: () => Worker;
  readonly onLog: LogSink;
  readonly now: () => number;
  readonly budgetBytes?: number;
}

/** The threads that carry image bytes. One that dies takes its transfers along, and is replaced; the service goes on. */
export interface BulkPool {
  readonly files: FileOpener;
  readonly tftp: TftpRunner;
  readonly listenHttp: (
    desk: HttpDesk,
    addresses: readonly string[],
    port: number,
  ) => Promise<Result<BulkListening, ServerProblem>>;
  readonly counts: () => { readonly threads: number; readonly restarts: number };
  /** Of each thread that is there: how much of its time it worked. */
  readonly loads: () => readonly EventLoopUtilization[];
  readonly stop: () => Promise<void>;
}

export interface BulkListening {
  readonly listens: readonly ListenAddress[];
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

const RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** Who lived as long starts anew without a wait. */
const SETTLED_MS = 60_000;

const GONE = 'the thread that sent it ended';

interface Thread {
  readonly link: BulkThreadLink;
  readonly startedAt: number;
  readonly orders: Map<number, TftpReports>;
  readonly loads: Map<number, (bytes: Result<SharedArrayBuffer>) => void>;
  onListening?: (listens: Result<readonly ListenAddress[], ServerProblem>) => void;
  onClosed?: () => void;
  connections: number;
}

interface Listening {
  readonly desk: HttpDesk;
  readonly at: readonly ListenAddress[];
}

export function createBulkPool(options: BulkPoolOptions): BulkPool {
  const threads = new Set<Thread>();
  const timers = new Set<NodeJS.Timeout>();
  let http: Listening | undefined;
  let last = 0;
  let restarts = 0;
  let failures = 0;
  let stopped = false;

  const live = (): Thread[] => [...threads].filter(({ link }) => link.isAlive());
  /** Whoever has least to do. */
  const idlest = (): Thread | undefined => live().sort((a, b) => a.orders.size - b.orders.size)[0];

  const log = (level: 'info' | 'error', text: string): void =>
    options.onLog({ at: options.now(), node: '', source: 'engine', level, text });

  const files = createBulkFiles(
    (file) => {
      const thread = idlest();
      if (thread === undefined) return Promise.resolve(fail('no thread is there to read it; try again'));
      last += 1;
      const load = last;
      thread.link.tell({ t: 'load', load, file });
      return new Promise((resolve) => thread.loads.set(load, resolve));
    },
    (message) => {
      for (const { link } of threads) link.tell(message);
    },
    options.budgetBytes,
  );

  const answer = async (thread: Thread, ask: number, question: HttpQuestion): Promise<void> => {
    const desk = http?.desk;
    const verdict = await desk?.ask(question, thread.link.front);
    const said = verdict ?? { status: 503, headers: {}, contentLength: 0 };
    thread.link.tell({ t: 'verdict', ask, verdict: said });
    if (!thread.link.isAlive() && said.follow !== undefined) desk?.ended(said.follow, false, 0, GONE);
  };

  const take = (thread: Thread, message: FromBulkThread): void => {
    switch (message.t) {
      case 'ask':
        void answer(thread, message.ask, message.question);
        break;
      case 'moved':
        eachPair(message.http, (follow, bytes) => http?.desk.moved(follow, bytes));
        eachPair(message.tftp, (order, bytes) => thread.orders.get(order)?.moved(bytes));
        break;
      case 'ended':
        http?.desk.ended(message.follow, message.complete, message.bytes, cleanText(message.reason, 200));
        break;
      case 'loaded':
        thread.loads.get(message.load)?.(message.bytes);
        thread.loads.delete(message.load);
        break;
      case 'tftpBegan':
        thread.orders.get(message.order)?.began(message.sizeBytes);
        break;
      case 'tftpRefused':
        takeOrder(thread, message.order)?.refused(message.code, message.message);
        break;
      case 'tftpEnded':
        takeOrder(thread, message.order)?.ended(message.end);
        break;
      case 'listening':
        thread.onListening?.(message.listens);
        break;
      case 'closed':
        thread.onClosed?.();
        break;
      case 'pong':
        thread.connections = message.connections;
    }
  };

  const begin = (): Thread => {
    const thread: Thread = {
      link: linkBulkThread(options.start(), {
        onMessage: (_, message) => take(thread, message),
        onEnd: (_, why) => replace(thread, why),
      }),
      startedAt: options.now(),
      orders: new Map(),
      loads: new Map(),
      connections: 0,
    };
    threads.add(thread);
    for (const message of files.known()) thread.link.tell(message);
    return thread;
  };

  const replace = (thread: Thread, why: string): void => {
    const broken = thread.orders.size;
    threads.delete(thread);
    http?.desk.lost(thread.link.front, GONE);
    for (const reports of thread.orders.values()) {
      reports.ended({ is: 'failed', reason: GONE, resent: 0, ackedBytes: 0 });
    }
    for (const resolve of thread.loads.values()) resolve(fail(GONE));
    const dead = {
      why: `a thread that sends ended: ${why}`,
      advice: 'crashcart serves from another; the log says more',
    };
    thread.onListening?.(fail(dead));
    thread.onClosed?.();
    if (stopped) return;
    failures = options.now() - thread.startedAt > SETTLED_MS ? 0 : failures + 1;
    const afterMs = failures === 0 ? 0 : Math.min(MAX_RESTART_MS, RESTART_MS * 2 ** (failures - 1));
    const lost = broken === 0 ? '' : ` and ${broken} transfers by TFTP`;
    const text = `a thread that sends images ended: ${cleanText(why, 300)}; its connections${lost} are broken, a new one starts`;
    log('error', `${text} in ${afterMs / 1000} s`);
    const timer = setTimeout(() => {
      timers.delete(timer);
      restarts += 1;
      const fresh = begin();
      if (http !== undefined) void listenIn(fresh, http.at);
    }, afterMs);
    timers.add(timer);
  };

  const listenIn = (thread: Thread, at: readonly ListenAddress[]) =>
    new Promise<Result<readonly ListenAddress[], ServerProblem>>((resolve) => {
      thread.onListening = (listens) => {
        delete thread.onListening;
        if (!listens.ok) log('error', `HTTP in a thread that sends: ${listens.error.why}; ${listens.error.advice}`);
        resolve(listens);
      };
      thread.link.tell({ t: 'listen', at });
    });

  const closeHttp = async (): Promise<void> => {
    http = undefined;
    await Promise.all(
      live().map(
        (thread) =>
          new Promise<void>((resolve) => {
            thread.onClosed = () => {
              delete thread.onClosed;
              resolve();
            };
            thread.link.tell({ t: 'close' });
          }),
      ),
    );
  };

  for (let index = 0; index < options.threads; index += 1) begin();

  return {
    files,
    counts: () => ({ threads: live().length, restarts }),
    loads: () => live().map(({ link }) => link.load()),
    tftp: {
      start: (order, reports) => {
        let begun: { readonly thread: Thread; readonly id: number } | undefined;
        let broken: string | undefined;
        const startIn = (thread: Thread | undefined): void => {
          if (thread === undefined) {
            reports.refused(0, 'the threads that send start again; try again');
            return;
          }
          last += 1;
          begun = { thread, id: last };
          thread.orders.set(last, reports);
          thread.link.tell({ t: 'tftp', order: last, what: order });
          if (broken !== undefined) thread.link.tell({ t: 'abort', order: last, reason: broken });
        };
        void files.open(order.file).then((opened) => {
          if (opened.ok) startIn(idlest());
          else reports.refused(0, 'the file cannot be served now');
        });
        return (reason) => {
          broken = reason;
          begun?.thread.link.tell({ t: 'abort', order: begun.id, reason });
        };
      },
    },
    listenHttp: async (desk, addresses, port) => {
      // With SO_REUSEPORT another program's listener is no conflict, and would get a part of the machines.
      const probe = await listenTcp('HTTP', addresses, port, HTTP_LIMITS, (socket) => socket.destroy());
      if (!probe.ok) return probe;
      await probe.value.stop();
      const [first, ...others] = live();
      if (first === undefined) {
        return fail({
          why: 'no thread that sends is there',
          advice: 'set `threads: 0` in _site.yaml, and report this',
        });
      }
      http = { desk, at: addresses.map((address) => ({ address, port })) };
      // The first one may be given its ports by the kernel; the others share them.
      const listens = await listenIn(first, http.at);
      if (!listens.ok) return listens;
      http = { desk, at: listens.value };
      for (const listened of await Promise.all(others.map((thread) => listenIn(thread, listens.value)))) {
        if (!listened.ok) return listened;
      }
      return ok({
        listens: listens.value,
        connections: () => live().reduce((sum, thread) => sum + thread.connections, 0),
        stop: closeHttp,
      });
    },
    stop: async () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...threads].map(({ link }) => link.end()));
    },
  };
}

function takeOrder(thread: Thread, order: number): TftpReports | undefined {
  const reports = thread.orders.get(order);
  thread.orders.delete(order);
  return reports;
}

function eachPair(list: readonly number[], visit: (id: number, bytes: number) => void): void {
  for (let at = 0; at < list.length; at += 2) visit(list[at] ?? 0, list[at + 1] ?? 0);
}

import type { Worker } from 'node:worker_threads';
import { cleanText } from '../core/clean-text.ts';
import type { FromBulkThread, ToBulkThread } from './bulk-messages.ts';
import { type BulkThreadLink, linkBulkThread } from './bulk-thread-link.ts';
import type { DhcpRush } from './dhcp-rush.ts';

export interface BulkCrewOptions {
  readonly threads: number;
  /** One more thread of this program that runs `runBulkThread`. */
  readonly start: () => Worker;
  readonly log: (level: 'info' | 'error', text: string) => void;
  readonly now: () => number;
  readonly rush?: DhcpRush;
}

export interface BulkCrewEvents {
  readonly onMessage: (thread: BulkThreadLink, message: FromBulkThread) => void;
  readonly onBegun: (thread: BulkThreadLink) => void;
  /** Says what broke with it, beside its connections: " and 3 transfers by TFTP". */
  readonly onLost: (thread: BulkThreadLink, why: string) => string;
  /** This one stands in the place of one that was lost. */
  readonly onReplaced: (thread: BulkThreadLink) => void;
}

/** Threads that send: as many as were asked for, and another for each that dies. */
export interface BulkCrew {
  readonly live: () => readonly BulkThreadLink[];
  readonly tellAll: (message: ToBulkThread) => void;
  readonly restarts: () => number;
  readonly stop: () => Promise<void>;
}

const RESTART_MS = 100;
const MAX_RESTART_MS = 10_000;
/** Who lived as long starts anew without a wait. */
const SETTLED_MS = 60_000;

export function createBulkCrew(options: BulkCrewOptions, events: BulkCrewEvents): BulkCrew {
  const threads = new Set<BulkThreadLink>();
  const timers = new Set<NodeJS.Timeout>();
  let restarts = 0;
  let failures = 0;
  let stopped = false;

  const begin = (): BulkThreadLink => {
    const startedAt = options.now();
    const onEnd = (link: BulkThreadLink, why: string) => replace(link, why, startedAt);
    const thread = linkBulkThread(options.start(), { onMessage: events.onMessage, onEnd }, options.rush);
    threads.add(thread);
    events.onBegun(thread);
    return thread;
  };

  const replace = (thread: BulkThreadLink, why: string, startedAt: number): void => {
    threads.delete(thread);
    const broken = events.onLost(thread, why);
    if (stopped) return;
    failures = options.now() - startedAt > SETTLED_MS ? 0 : failures + 1;
    const afterMs = failures === 0 ? 0 : Math.min(MAX_RESTART_MS, RESTART_MS * 2 ** (failures - 1));
    const text = `a thread that sends images ended: ${cleanText(why, 300)}; its connections${broken} are broken, a new one starts`;
    options.log('error', `${text} in ${afterMs / 1000} s`);
    beginAgain(afterMs);
  };

  const beginAgain = (afterMs: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      try {
        const thread = begin();
        restarts += 1;
        events.onReplaced(thread);
      } catch (error) {
        const why = cleanText(error instanceof Error ? error.message : String(error), 300);
        options.log(
          'error',
          `a thread that sends images cannot be started: ${why}; next try in ${MAX_RESTART_MS / 1000} s`,
        );
        beginAgain(MAX_RESTART_MS);
      }
    }, afterMs);
    timers.add(timer);
  };

  for (let index = 0; index < options.threads; index += 1) begin();

  return {
    live: () => [...threads].filter((thread) => thread.isAlive()),
    tellAll: (message) => {
      for (const thread of threads) thread.tell(message);
    },
    restarts: () => restarts,
    stop: async () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...threads].map((thread) => thread.end()));
    },
  };
}

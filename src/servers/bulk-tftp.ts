import type { BulkThreadLink } from './bulk-thread-link.ts';
import type { FileOpener } from './http-desk.ts';
import { replacedUnsent, type TftpEnd, type TftpReports, type TftpRunner } from './tftp-runner.ts';
import type { BreakOff } from './tftp-session.ts';

/** Transfers by TFTP that bulk threads run: each goes to the thread with the fewest, and its reports come back here. */
export interface BulkTftp extends TftpRunner {
  readonly runningIn: (thread: BulkThreadLink) => number;
  readonly began: (order: number, sizeBytes: number) => void;
  readonly moved: (order: number, bytes: number) => void;
  readonly blockLost: (order: number, blockBytes: number) => void;
  readonly unheard: (order: number) => void;
  readonly seen: (order: number, notes: Uint8Array) => void;
  readonly refused: (order: number, code: number, message: string) => void;
  readonly ended: (order: number, end: TftpEnd) => void;
  /** How many broke off with it. */
  readonly lost: (thread: BulkThreadLink, why: string) => number;
}

interface Running {
  readonly thread: BulkThreadLink;
  readonly reports: TftpReports;
}

export function createBulkTftp(files: FileOpener, idlest: () => BulkThreadLink | undefined): BulkTftp {
  const running = new Map<number, Running>();
  const counts = new WeakMap<BulkThreadLink, number>();
  let last = 0;

  const count = (thread: BulkThreadLink, change: number): void => {
    counts.set(thread, (counts.get(thread) ?? 0) + change);
  };
  const startIn = (thread: BulkThreadLink, what: Parameters<TftpRunner['start']>[0], reports: TftpReports): number => {
    last += 1;
    running.set(last, { thread, reports });
    count(thread, 1);
    thread.tell({ t: 'tftp', order: last, what });
    return last;
  };
  const over = (order: number): TftpReports | undefined => {
    const one = running.get(order);
    running.delete(order);
    if (one !== undefined) count(one.thread, -1);
    return one?.reports;
  };

  return {
    runningIn: (thread) => counts.get(thread) ?? 0,
    start: (what, reports) => {
      let breakOff: BreakOff | undefined;
      let broken: Parameters<BreakOff> | undefined;
      void files.open(what.file).then((opened) => {
        if (broken?.[1] === 'replaced') return reports.ended(replacedUnsent(broken[0]));
        if (!opened.ok) return reports.refused(0, 'the file cannot be served now');
        const thread = idlest();
        if (thread === undefined) return reports.refused(0, 'the threads that send start again; try again');
        const order = startIn(thread, what, reports);
        breakOff = (...why) => thread.tell({ t: 'abort', order, why });
        if (broken !== undefined) breakOff(...broken);
      });
      return (...why) => {
        broken = why;
        breakOff?.(...why);
      };
    },
    began: (order, sizeBytes) => running.get(order)?.reports.began(sizeBytes),
    moved: (order, bytes) => running.get(order)?.reports.moved(bytes),
    blockLost: (order, blockBytes) => running.get(order)?.reports.blockLost(blockBytes),
    unheard: (order) => running.get(order)?.reports.unheard(),
    seen: (order, notes) => running.get(order)?.reports.seen(notes),
    refused: (order, code, message) => over(order)?.refused(code, message),
    ended: (order, end) => over(order)?.ended(end),
    lost: (thread, why) => {
      const broken = [...running].filter(([, one]) => one.thread === thread);
      for (const [order] of broken) over(order)?.ended({ is: 'failed', reason: why, resent: 0, ackedBytes: 0 });
      return broken.length;
    },
  };
}

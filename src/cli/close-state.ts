import { ok, type Result } from '../core/result.ts';
import { tellUnkept, type UnkeptOrder } from '../core/unkept.ts';
import type { StoreState } from '../store/store-state.ts';

/** What a stop could not save. */
export interface StopLoss {
  /** Sentences for whoever stopped it. */
  readonly lines: readonly string[];
  /** A write still hangs: the process does not end by itself. */
  readonly isStuck: boolean;
}

export interface ClosingState {
  readonly dir: string;
  readonly journal: {
    lastSeq(): number;
    durableSeq(): number;
    state(): StoreState;
    close(): Promise<Result<void>>;
  };
  readonly audit: { close(): Promise<unknown> };
  readonly reserve: { close(): Promise<unknown> };
  readonly lock: { release(): void; leave(): void };
  readonly saveSnapshot: () => Promise<Result<unknown>>;
  /** Asked where the snapshot was not saved: what the next start would find missing. */
  readonly lacked: () => Promise<string | undefined>;
  /** Notes orders that the journal does not take. */
  readonly flush: () => Promise<void>;
  /** Asked when the last try is over. */
  readonly unkept: () => readonly UnkeptOrder[];
  readonly noted: () => readonly UnkeptOrder[];
  /** Why it takes so long. */
  readonly waits: (text: string) => void;
}

const SAY_AFTER_MS = 1_000;
const LONGEST_MS = 6_000;

/** Saves once more what is not saved. A disk that does not answer gets some seconds; undefined: all is on disk. */
export async function closeState(state: ClosingState, longestMs = LONGEST_MS): Promise<StopLoss | undefined> {
  const { dir, journal } = state;
  const seconds = Math.round((longestMs - SAY_AFTER_MS) / 1000);
  const say = setTimeout(
    () => state.waits(`stopping: waiting for the disk of ${dir}, which has not finished a write; ${seconds} s more`),
    SAY_AFTER_MS,
  );
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    late = setTimeout(() => resolve(undefined), longestMs);
  });
  const inTime = await Promise.race([closeAll(state), tooLate]);
  clearTimeout(say);
  clearTimeout(late);
  // To give it back is asked of the same disk, and whoever waits there tells nobody what is lost.
  if (inTime === undefined) state.lock.leave();
  else state.lock.release();
  if (inTime?.ok === true) {
    const { unsaved, lacked } = inTime.value;
    return lacked === undefined ? undefined : { lines: [stateLost(dir, unsaved, lacked)], isStuck: false };
  }
  const failed = journal.state();
  const reason = failed.kind === 'saving' ? `the disk of ${dir} has not finished a write` : failed.reason;
  const records = journal.lastSeq() - journal.durableSeq();
  return {
    lines: [...ordersLost(state.unkept()), recordsLost(dir, records, reason), ...ordersNoted(state.noted())],
    isStuck: inTime === undefined,
  };
}

interface Closed {
  /** Why the snapshot was not saved. */
  readonly unsaved?: string;
  readonly lacked?: string;
}

async function closeAll(state: ClosingState): Promise<Result<Closed>> {
  const { saveSnapshot, lacked, journal, flush, audit, reserve } = state;
  let saved = await saveSnapshot();
  let closed = await journal.close();
  // A journal that was taken away is written anew by then, and its snapshot waited for that.
  if (!saved.ok && (closed.ok || isHealedBySnapshot(journal.state()))) {
    saved = await saveSnapshot();
    if (saved.ok) closed = await journal.close();
  }
  await flush();
  await audit.close();
  await reserve.close();
  if (!closed.ok) return closed;
  if (saved.ok) return ok({});
  const missing = await lacked();
  return ok({ unsaved: saved.error, ...(missing === undefined ? {} : { lacked: missing }) });
}

const isHealedBySnapshot = (now: StoreState): boolean => now.kind !== 'saving' && now.wantsSnapshot === true;

const stateLost = (dir: string, unsaved = '', lacked: string): string =>
  `NOT SAVED, and lost by this end: what was before the journal that is left in ${dir}, as no snapshot of it could be saved (${unsaved}); ${lacked}`;

function ordersLost(orders: readonly UnkeptOrder[]): readonly string[] {
  if (orders.length === 0) return [];
  const them = orders.length === 1 ? 'it' : 'them';
  return [`NOT SAVED, and lost by this end: ${tellUnkept(orders)}; the next start does not know of ${them}`];
}

function ordersNoted(orders: readonly UnkeptOrder[]): readonly string[] {
  return orders.length === 0 ? [] : [`noted beside the journal, and known to the next start: ${tellUnkept(orders)}`];
}

function recordsLost(dir: string, count: number, reason: string): string {
  if (count === 0) return `not everything in ${dir} was written: ${reason}`;
  return `${count === 1 ? '1 record of what happened is' : `${count} records of what happened are`} not on disk: ${reason}`;
}

import { newest } from './newest.ts';
import type { TimeMs } from './time.ts';

/**
 * Which report of a node an event rests on. Talos tells its history again when a connection is renewed, also after a
 * restart of this program: what was counted before it must not count again.
 */
export type Told =
  /** An event: its id is an xid, made of the second, the process (`series`) and a counter of 24 bits. */
  | { readonly by: 'events'; readonly series: string; readonly count: number; readonly at: TimeMs }
  /** A line of the kernel log, by its number and its microsecond: the same in every replay of the ring. */
  | { readonly by: 'kernelLog'; readonly mark: number };

/** What was counted of a node's reports, bounded. In the fleet, so that it is as old as all else that is believed. */
export interface Reported {
  readonly events?: readonly EventMark[];
  readonly lines?: readonly number[];
}

/** One process of Talos: it counts its events up from a random number. */
interface EventMark {
  readonly series: string;
  readonly top: number;
  /** Bit n: the event `top - n` was counted. Ids are made before their event takes its place in the queue. */
  readonly recent: number;
  /** Of its latest id. */
  readonly at: TimeMs;
  /** When it was heard for the first time, by our clock. */
  readonly heardAt?: TimeMs;
}

const BOOTS_KEPT = 3;
const LINES_KEPT = 64;
const COUNTER = 2 ** 24;
const RECENT = 32;
/** The ring of a node holds 1,000; farther away is another process, whose counter begins anywhere. */
const NEAR = 4096;

const behind = (mark: EventMark, count: number): number => (mark.top - count + COUNTER) % COUNTER;
const ahead = (mark: EventMark, count: number): number => (count - mark.top + COUNTER) % COUNTER;

/** A process that begins where another one stood is told apart by its clock: what is replayed is older than the latest. */
function isOf(mark: EventMark, told: Extract<Told, { readonly by: 'events' }>): boolean {
  if (mark.series !== told.series) return false;
  if (behind(mark, told.count) < NEAR) return told.at <= mark.at;
  return ahead(mark, told.count) < NEAR;
}

/** Does this come from a process of Talos that told something before? */
export function isKnownProcess(reported: Reported | undefined, told: Told | undefined): boolean {
  return told?.by === 'events' && reported?.events?.some((mark) => isOf(mark, told)) === true;
}

/** Since then, did another process of Talos begin to report than the one that tells this? */
export function heardOtherSince(reported: Reported | undefined, told: Told, since: TimeMs): boolean {
  if (told.by !== 'events') return true;
  // A mark of an older state folder says nothing of when: as it was before, what begins again is a new boot.
  return reported?.events?.some((mark) => !isOf(mark, told) && (mark.heardAt ?? since) >= since) === true;
}

export function wasReported(reported: Reported | undefined, told: Told): boolean {
  if (told.by === 'kernelLog') return reported?.lines?.includes(told.mark) === true;
  return (
    reported?.events?.some((mark) => {
      if (!isOf(mark, told)) return false;
      const back = behind(mark, told.count);
      return back < NEAR && (back >= RECENT || ((mark.recent >>> back) & 1) === 1);
    }) === true
  );
}

export function noteReported(reported: Reported | undefined, told: Told, time: TimeMs): Reported {
  if (wasReported(reported, told)) return reported ?? {};
  if (told.by === 'kernelLog')
    // `concat` makes it as long as it is; a spread leaves room for half as many again, in every machine.
    return { ...reported, lines: newest(reported?.lines ?? [], told.mark, LINES_KEPT) };
  const marks = reported?.events ?? [];
  const known = marks.find((mark) => isOf(mark, told));
  const { series, count, at } = told;
  const mark = known === undefined ? { series, top: count, recent: 1, at, heardAt: time } : moved(known, count, at);
  return { ...reported, events: [mark, ...marks.filter((one) => one !== known)].slice(0, BOOTS_KEPT) };
}

function moved(mark: EventMark, count: number, at: TimeMs): EventMark {
  const forward = ahead(mark, count);
  const latest = Math.max(mark.at, at);
  if (forward >= NEAR) return { ...mark, recent: (mark.recent | (1 << behind(mark, count))) >>> 0, at: latest };
  const recent = forward >= RECENT ? 1 : ((mark.recent << forward) | 1) >>> 0;
  return { ...mark, top: count, recent, at: latest };
}

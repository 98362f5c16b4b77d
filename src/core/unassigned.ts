import type { EventOf } from './event.ts';
import type { TimeMs } from './time.ts';

/** Reports of Talos of which nobody can say whose they are: shown, and believed of no machine. */
export interface Unassigned {
  readonly receiver: 'events' | 'kernelLog';
  readonly address: string;
  readonly count: number;
  readonly why: string;
  readonly firstAt: TimeMs;
  readonly lastAt: TimeMs;
}

/** By receiver and address. */
export type AllUnassigned = Readonly<Record<string, Unassigned>>;

const ADDRESSES_KEPT = 64;
/** What came before is no news of who speaks now. */
const SHOWN_FOR_MS = 10 * 60_000;

export function hearUnassigned(known: AllUnassigned | undefined, event: EventOf<'reports.unassigned'>): AllUnassigned {
  const { receiver, address, why, time } = event;
  const key = `${receiver} ${address}`;
  const { [key]: before, ...others } = known ?? {};
  const heard = {
    receiver,
    address,
    why,
    count: (before?.count ?? 0) + event.count,
    firstAt: before?.firstAt ?? time,
    lastAt: time,
  };
  const kept = Object.entries(others)
    .sort(([, a], [, b]) => b.lastAt - a.lastAt)
    .slice(0, ADDRESSES_KEPT - 1);
  return { ...Object.fromEntries(kept), [key]: heard };
}

export function unassignedNow(known: AllUnassigned | undefined, at: TimeMs): readonly Unassigned[] {
  return Object.values(known ?? {})
    .filter((one) => at - one.lastAt < SHOWN_FOR_MS)
    .sort((a, b) => b.lastAt - a.lastAt);
}

export function describeUnassigned({ receiver, address, count, why }: Omit<Unassigned, 'firstAt' | 'lastAt'>): string {
  const what = receiver === 'events' ? 'event' : 'log line';
  return `${count} ${what}${count === 1 ? '' : 's'} from ${address} unassigned: ${why}`;
}

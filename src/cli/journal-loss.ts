import type { Event } from '../core/event.ts';
import { FLEET_FORMAT } from '../core/fleet-json.ts';
import { openSnapshot } from '../store/open-snapshot.ts';
import { type JournalItem, readJournal } from '../store/read-journal.ts';

/** Whether a journal lacks what the snapshot that was loaded does not know either, and no start has settled yet. */
export interface LossWatch {
  readonly see: (item: JournalItem<Event>) => void;
  readonly isLost: () => boolean;
}

/**
 * A start that found a loss says so (`spanUnknown: 'journalLost'`), and has ended by that what was armed. Its word settles
 * what its own snapshot did not know; what that knew is lost anew where it is gone by now. Runs of older versions did not
 * note what theirs knew: nothing is settled by them.
 */
export function watchLoss(afterSeq: number): LossWatch {
  /** The first number that is lost and not settled. */
  let lost: number | undefined;
  let knownSeq = Number.POSITIVE_INFINITY;
  const lose = (seq: number): void => {
    lost = Math.min(lost ?? seq, Math.max(seq, afterSeq + 1));
  };
  return {
    see: (item) => {
      if (item.kind === 'lost' || (item.kind === 'dropped' && item.others > 0)) lose(item.seq);
      if (item.kind === 'session') {
        knownSeq = numberIn(item.session, 'knownSeq') ?? Number.POSITIVE_INFINITY;
        // The run that found it so may have ended before its start was noted.
        const lostFrom = numberIn(item.session, 'lostFrom');
        if (lostFrom !== undefined) lose(lostFrom);
      }
      if (item.kind !== 'record' || lost === undefined || knownSeq >= lost) return;
      if (item.record.type === 'engine.started' && item.record.spanUnknown === 'journalLost') lost = undefined;
    },
    isLost: () => lost !== undefined,
  };
}

function numberIn(session: unknown, key: 'knownSeq' | 'lostFrom'): number | undefined {
  if (typeof session !== 'object' || session === null) return undefined;
  const value = (session as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'number' ? value : undefined;
}

/** What the next start would say of the folder as it lies on the disk now. Undefined: it finds all. */
export async function lackedByNextStart(dir: string): Promise<string | undefined> {
  const loaded = await openSnapshot(dir, { version: FLEET_FORMAT }).load();
  if (!loaded.ok) return `the next start ends with: ${loaded.error}`;
  const afterSeq = loaded.value?.seq ?? 0;
  const loss = watchLoss(afterSeq);
  for await (const item of readJournal<Event>(dir, afterSeq + 1)) {
    if (item.kind === 'problem') return `the next start ends with: ${item.reason}`;
    loss.see(item);
  }
  return loss.isLost()
    ? 'the next start says that it is lost and ends what was armed; PANIC, holds and protections have to be given again then'
    : undefined;
}

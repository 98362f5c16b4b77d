/** What waits for the disk: bounded, in order, and honest about what it had to let go. */

export interface QueueEntry {
  readonly seq: number;
  /** Sequence numbers that this entry stands for: more than one only where records were let go. */
  readonly count: number;
  /** Undefined: let go because the queue was full. */
  readonly text: string | undefined;
  readonly sizeBytes: number;
  /** A repeated measurement (progress, speed) that the next one replaces. */
  readonly rate: boolean;
  /** How many of `count` were no rates. */
  readonly others: number;
}

export interface CommitQueue {
  add(entry: QueueEntry): void;
  /** Everything that waits, up to about this many bytes, at least one. */
  take(maxBytes: number): readonly QueueEntry[];
  /** The batch that could not be written goes back to the front, in its order. */
  giveBack(batch: readonly QueueEntry[]): void;
  /** Placeholders included: they too have to reach the disk. */
  waitingRecords(): number;
  waitingBytes(): number;
  /** Since the queue was made. */
  droppedRates(): number;
  lostOthers(): number;
}

export interface QueueLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Below the bound by this part after letting go, so that the walk over the queue is not repeated for every record. */
const ROOM_LEFT = 0.9;

export function createCommitQueue(limits: QueueLimits): CommitQueue {
  let entries: QueueEntry[] = [];
  /** Only those that still have their text: there is at most one placeholder between two of them. */
  let records = 0;
  let bytes = 0;
  let droppedRates = 0;
  let lostOthers = 0;

  const isFull = (part: number) => records > limits.maxRecords * part || bytes > limits.maxBytes * part;

  const letGo = (may: (entry: QueueEntry) => boolean): void => {
    const kept: QueueEntry[] = [];
    for (const entry of entries) {
      if (entry.text !== undefined && !(may(entry) && isFull(ROOM_LEFT))) {
        kept.push(entry);
        continue;
      }
      if (entry.text !== undefined) {
        records -= 1;
        bytes -= entry.sizeBytes;
        if (entry.rate) droppedRates += 1;
        else lostOthers += 1;
      }
      addPlaceholder(kept, entry);
    }
    entries = kept;
  };

  const keepBound = (): void => {
    if (!isFull(1)) return;
    letGo((entry) => entry.rate);
    if (isFull(1)) letGo(() => true);
  };

  return {
    add(entry) {
      entries.push(entry);
      records += 1;
      bytes += entry.sizeBytes;
      keepBound();
    },
    take(maxBytes) {
      let end = 0;
      let taken = 0;
      while (end < entries.length && (end === 0 || taken < maxBytes)) {
        taken += entries[end]?.sizeBytes ?? 0;
        if (entries[end]?.text !== undefined) records -= 1;
        end += 1;
      }
      bytes -= taken;
      return entries.splice(0, end);
    },
    giveBack(batch) {
      entries = [...batch, ...entries];
      for (const entry of batch) {
        if (entry.text !== undefined) records += 1;
        bytes += entry.sizeBytes;
      }
      keepBound();
    },
    waitingRecords: () => entries.length,
    waitingBytes: () => bytes,
    droppedRates: () => droppedRates,
    lostOthers: () => lostOthers,
  };
}

/** A run of records that were let go becomes one entry. */
function addPlaceholder(kept: QueueEntry[], entry: QueueEntry): void {
  const last = kept.at(-1);
  if (last === undefined || last.text !== undefined) {
    kept.push({ seq: entry.seq, count: entry.count, text: undefined, sizeBytes: 0, rate: false, others: entry.others });
  } else {
    kept[kept.length - 1] = { ...last, count: last.count + entry.count, others: last.others + entry.others };
  }
}

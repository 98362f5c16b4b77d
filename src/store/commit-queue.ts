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

class BoundedQueue implements CommitQueue {
  readonly #limits: QueueLimits;
  #entries: QueueEntry[] = [];
  /** Only those that still have their text: there is at most one placeholder between two of them. */
  #records = 0;
  #bytes = 0;
  #droppedRates = 0;
  #lostOthers = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  add(entry: QueueEntry): void {
    this.#entries.push(entry);
    this.#count(entry, 1);
    this.#keepBound();
  }

  take(maxBytes: number): readonly QueueEntry[] {
    let end = 0;
    let taken = 0;
    for (const entry of this.#entries) {
      if (end > 0 && taken >= maxBytes) break;
      taken += entry.sizeBytes;
      end += 1;
      this.#count(entry, -1);
    }
    return this.#entries.splice(0, end);
  }

  giveBack(batch: readonly QueueEntry[]): void {
    this.#entries = [...batch, ...this.#entries];
    for (const entry of batch) this.#count(entry, 1);
    this.#keepBound();
  }

  waitingRecords = (): number => this.#entries.length;
  waitingBytes = (): number => this.#bytes;
  droppedRates = (): number => this.#droppedRates;
  lostOthers = (): number => this.#lostOthers;

  #count(entry: QueueEntry, sign: 1 | -1): void {
    if (entry.text === undefined) return;
    this.#records += sign;
    this.#bytes += sign * entry.sizeBytes;
  }

  #isFull(part: number): boolean {
    return this.#records > this.#limits.maxRecords * part || this.#bytes > this.#limits.maxBytes * part;
  }

  #keepBound(): void {
    if (!this.#isFull(1)) return;
    this.#letGo((entry) => entry.rate);
    if (this.#isFull(1)) this.#letGo(() => true);
  }

  #letGo(may: (entry: QueueEntry) => boolean): void {
    const kept: QueueEntry[] = [];
    for (const entry of this.#entries) {
      if (entry.text !== undefined && !(may(entry) && this.#isFull(ROOM_LEFT))) {
        kept.push(entry);
        continue;
      }
      if (entry.text !== undefined) {
        this.#count(entry, -1);
        if (entry.rate) this.#droppedRates += 1;
        else this.#lostOthers += 1;
      }
      addPlaceholder(kept, entry);
    }
    this.#entries = kept;
  }
}

export function createCommitQueue(limits: QueueLimits): CommitQueue {
  return new BoundedQueue(limits);
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

import { fail, ok, type Result } from '../core/result.ts';
import { type CommitQueue, createCommitQueue, type QueueEntry } from './commit-queue.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { createSegmentTail, type SegmentTail, type SegmentTailOptions, type TailLoss } from './segment-tail.ts';
import type { StoreFailure, StoreState } from './store-state.ts';

/** Group commit: what was added in one turn of the event loop goes out with one write and one fsync, off the loop. */

export interface SegmentWriterOptions extends SegmentTailOptions {
  readonly nextSeq: number;
  readonly maxWaitingRecords: number;
  readonly maxWaitingBytes: number;
  /** A commit that takes longer is told as failing, though it may still end well (a hung network disk). */
  readonly stallMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** So often the file is looked at: does its name still lead to it, and does it hold what was written? */
  readonly lookMs: number;
  /** What a snapshot knows, in case the log is lost. Absent: there are none of this log. */
  readonly coveredSeq?: number;
  readonly nowMs: () => number;
  /** `lostFrom`: the records from there to this batch were in a file that is lost. */
  renderBatch(batch: readonly QueueEntry[], startsSegment: boolean, lostFrom: number | undefined): string;
}

export interface SegmentWriter {
  nextSeq(): number;
  /** Never waits. The text must be of the record that `nextSeq` was read for. */
  add(text: string, rate: boolean): number;
  durable(seq: number): Promise<Result<void>>;
  durableSeq(): number;
  isLost(seq: number): boolean;
  state(): StoreState;
  onState(listener: (state: StoreState) => void): () => void;
  /** A snapshot is on disk that knows all records up to this one. */
  covers(seq: number): void;
  /** One last try for what waits; tells what is not on disk. */
  close(): Promise<Result<void>>;
}

export const LOOK_MS = 3_000;

const WAS: Readonly<Record<TailLoss['how'], string>> = { removed: 'removed or renamed', cut: 'cut short' };

/** One commit; more waits for the next, so that joining the text stays near a millisecond. */
const MAX_COMMIT_BYTES = 512 * 1024;

interface Waiter {
  readonly seq: number;
  readonly settle: (result: Result<void>) => void;
}

class GroupCommitWriter implements SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #queue: CommitQueue;
  readonly #tail: SegmentTail;
  readonly #listeners = new Set<(state: StoreState) => void>();
  /** Never written: a promise about one of these can no longer be kept. */
  readonly #lost: { readonly from: number; readonly to: number }[] = [];
  #waiters: Waiter[] = [];
  #nextSeq: number;
  #durableSeq: number;
  #failure: StoreFailure | undefined;
  /** Records whose file is lost, and that no snapshot knows yet. */
  #gap: { readonly to: number; readonly reason: string; readonly sinceMs: number } | undefined;
  /** The first record of the file that is lost, until a new one says so. */
  #lostFrom: number | undefined;
  #coveredSeq: number;
  #toldLoss = '';
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closing = false;
  #lookDue = false;
  readonly #look: NodeJS.Timeout;
  #toldLetGo = 0;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#queue = createCommitQueue({ maxRecords: options.maxWaitingRecords, maxBytes: options.maxWaitingBytes });
    this.#tail = createSegmentTail(options);
    this.#nextSeq = options.nextSeq;
    this.#durableSeq = options.nextSeq - 1;
    this.#coveredSeq = options.coveredSeq ?? Number.POSITIVE_INFINITY;
    this.#look = setInterval(() => {
      this.#lookDue = true;
      this.#running ??= this.#run();
    }, options.lookMs);
    this.#look.unref();
  }

  nextSeq(): number {
    return this.#nextSeq;
  }

  durableSeq(): number {
    return this.#durableSeq;
  }

  add(text: string, rate: boolean): number {
    if (this.#closing) throw new Error('a record was added to a log that is closed');
    const seq = this.#nextSeq++;
    // Up to three bytes for a UTF-16 unit, but event text is ASCII nearly always.
    this.#queue.add({ seq, count: 1, text, sizeBytes: text.length, rate, others: rate ? 0 : 1 });
    this.#running ??= this.#run();
    if (this.#letGo() !== this.#toldLetGo) {
      const sinceMs = this.#options.nowMs();
      this.#failure ??= { reason: `the disk of ${this.#options.dir} is slower than what happens`, sinceMs };
      this.#tell();
    }
    return seq;
  }

  durable(seq: number): Promise<Result<void>> {
    if (seq >= this.#nextSeq) return Promise.resolve(fail(`record ${seq} was never added`));
    if (seq <= this.#durableSeq) return Promise.resolve(this.#outcome(seq));
    if (this.#failure !== undefined) return Promise.resolve(fail(this.#failure.reason));
    return new Promise((settle) => this.#waiters.push({ seq, settle }));
  }

  state(): StoreState {
    const letGo = { droppedRates: this.#queue.droppedRates(), lostRecords: this.#queue.lostOthers() };
    const failure = this.#whyFailing();
    if (failure === undefined) return { kind: 'saving', ...letGo };
    const waiting = { waitingRecords: this.#queue.waitingRecords(), waitingBytes: this.#queue.waitingBytes() };
    const count = this.#letGo();
    if (count === 0) return { kind: 'failing', ...failure, ...waiting, ...letGo };
    return { kind: 'overflow', ...failure, count, ...waiting, ...letGo };
  }

  #whyFailing(): StoreFailure | undefined {
    const [failure, gap] = [this.#failure, this.#gap];
    if (gap === undefined) return failure;
    if (failure === undefined) return { reason: gap.reason, sinceMs: gap.sinceMs, wantsSnapshot: true };
    return { ...failure, reason: `${failure.reason}; ${gap.reason}` };
  }

  onState(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<Result<void>> {
    this.#closing = true;
    clearInterval(this.#look);
    this.#wake?.();
    this.#lookDue = true;
    this.#running ??= this.#run();
    await this.#running;
    await this.#tail.close().catch(() => undefined);
    const left = this.#queue.waitingRecords();
    const reason = this.#whyFailing()?.reason ?? 'the log was closed';
    if (left > 0) return fail(`${left} records are not on disk: ${reason}`);
    return this.#lookDue || this.#gap !== undefined ? fail(reason) : ok(undefined);
  }

  async #run(): Promise<void> {
    let delayMs = this.#options.retryMinMs;
    // Each commit waits for the end of its turn of the loop: what else this turn brings goes along.
    for (await endOfTurn(); this.#lookDue || this.#queue.waitingRecords() > 0; await endOfTurn()) {
      const batch = this.#queue.take(MAX_COMMIT_BYTES);
      try {
        await this.#commit(batch);
        delayMs = this.#options.retryMinMs;
      } catch (error) {
        this.#queue.giveBack(batch);
        this.#fail(explainDiskError(error, `save in ${this.#options.dir}`));
        // Perhaps the file was taken away: it is looked for before the next try.
        this.#lookDue = true;
        if (this.#closing) break;
        await this.#pause(delayMs);
        delayMs = Math.min(delayMs * 2, this.#options.retryMaxMs);
      }
    }
    this.#running = undefined;
  }

  async #commit(batch: readonly QueueEntry[]): Promise<void> {
    const first = batch[0];
    const seconds = Math.round(this.#options.stallMs / 1000);
    const stalled = `the disk of ${this.#options.dir} has not finished a write for ${seconds} s`;
    const watch = setTimeout(() => this.#fail(stalled, { hangs: true }), this.#options.stallMs);
    try {
      if (this.#lookDue) await this.#keepFile();
      if (first !== undefined) {
        const { renderBatch } = this.#options;
        await this.#tail.append(first.seq, (startsSegment) => renderBatch(batch, startsSegment, this.#lostFrom));
        this.#lostFrom = undefined;
      }
    } finally {
      clearTimeout(watch);
    }
    for (const entry of batch) {
      if (entry.text === undefined) this.#lost.push({ from: entry.seq, to: entry.seq + entry.count - 1 });
    }
    const last = batch.at(-1);
    if (last !== undefined) this.#durableSeq = last.seq + last.count - 1;
    this.#settleDurable();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#tell();
  }

  async #keepFile(): Promise<void> {
    const loss = await this.#tail.findLoss();
    if (loss !== undefined) {
      const was = `${loss.path} was ${WAS[loss.how]} while it is written`;
      // Once, however often that does not succeed: why it does not is told in between.
      if (was !== this.#toldLoss) this.#fail(`${was}; it is written anew`);
      this.#toldLoss = was;
      if (!(await this.#tail.writeAnew())) this.#lose(loss, was);
      this.#toldLoss = '';
    } else if (this.#gap !== undefined && this.#failure === undefined) this.#tell();
    this.#lookDue = false;
  }

  /** The numbers that its file took along. */
  #lose({ firstSeq }: TailLoss, was: string): void {
    const from = this.#lostFrom ?? firstSeq;
    if (from <= this.#durableSeq) this.#lostFrom = from;
    const first = Math.max(firstSeq, this.#coveredSeq + 1);
    if (first > this.#durableSeq) return;
    const reason = `${was}, and the records ${first} to ${this.#durableSeq} with it: a snapshot that knows them is not saved yet`;
    this.#gap = { to: this.#durableSeq, reason, sinceMs: this.#options.nowMs() };
  }

  covers(seq: number): void {
    this.#coveredSeq = Math.max(this.#coveredSeq, seq);
    if (this.#gap === undefined || this.#gap.to > seq) return;
    this.#gap = undefined;
    this.#tell();
  }

  #settleDurable(): void {
    if (this.#waiters.length === 0) return;
    const open: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (waiter.seq <= this.#durableSeq) waiter.settle(this.#outcome(waiter.seq));
      else open.push(waiter);
    }
    this.#waiters = open;
  }

  isLost(seq: number): boolean {
    return this.#lost.some((range) => seq >= range.from && seq <= range.to);
  }

  /** Of a record whose number the disk has passed. */
  #outcome(seq: number): Result<void> {
    if (!this.isLost(seq)) return ok(undefined);
    return fail(`record ${seq} was lost while the disk was failing and the memory for it full`);
  }

  #fail(reason: string, how: { readonly hangs?: true } = {}): void {
    this.#failure = { reason, sinceMs: this.#failure?.sinceMs ?? this.#options.nowMs(), ...how };
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.settle(fail(reason));
    this.#tell();
  }

  #letGo(): number {
    return this.#queue.droppedRates() + this.#queue.lostOthers();
  }

  #tell(): void {
    this.#toldLetGo = this.#letGo();
    const state = this.state();
    for (const listener of this.#listeners) listener(state);
  }

  /** Ends early when the log is closed. */
  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  return new GroupCommitWriter(options);
}

import { fail, ok, type Result } from '../core/result.ts';
import type { QueueEntry } from './commit-queue.ts';
import { createDisk, type DiskPort } from './disk-port.ts';
import { explainDiskError } from './explain-disk-error.ts';
import {
  encodeLine,
  MAX_LINE_BYTES,
  markCommit,
  readMeaning,
  renderDropped,
  renderHeader,
  renderSession,
  type SegmentHeader,
} from './journal-line.ts';
import { type OnDamage, prepareJournalEnd } from './journal-tail.ts';
import { type Pruned, pruneJournal } from './prune-journal.ts';
import { createSegmentWriter, LOOK_MS } from './segment-writer.ts';
import type { StoreState } from './store-state.ts';

export interface JournalOptions {
  /** First record of this run: who we are, since when; with it what its snapshot covers. Without it the run leaves no mark. */
  readonly session?: unknown;
  /** The number that the loaded snapshot covers: new records get higher ones even where the journal ends earlier. */
  readonly afterSeq?: number;
  /** It was on disk up to here, as something else in the folder tells. */
  readonly reachedSeq?: number;
  /** What lies beside it tells that there was one: where it is gone it is lost, even without a snapshot. */
  readonly isExpected?: boolean;
  /** What to do where synced bytes of the last segment are damaged; `setAside` keeps them in a file beside it. */
  readonly onDamage?: OnDamage;
  readonly segmentBytes?: number;
  readonly maxWaitingRecords?: number;
  readonly maxWaitingBytes?: number;
  readonly stallMs?: number;
  readonly lookMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly disk?: DiskPort;
  readonly nowMs?: () => number;
}

export interface Journal<T> {
  /** Its number, at once: the write happens later, together with all that came in the same turn. */
  append(record: T, kind?: 'event' | 'rate'): number;
  /** Resolves when the record is on disk, or with why it is not (yet): a failed one may still be written later. */
  durable(seq: number): Promise<Result<void>>;
  lastSeq(): number;
  durableSeq(): number;
  /** Its number is on disk, and it is not: the memory for what waited was full. */
  isLost(seq: number): boolean;
  state(): StoreState;
  /** Called at every change; returns how to stop it. */
  onState(listener: (state: StoreState) => void): () => void;
  /** A snapshot is on disk that knows all records up to this one: a file that is lost took nothing of them along. */
  covers(seq: number): void;
  prune(keepFromSeq: number, keepBytes: number): Promise<Result<Pruned>>;
  close(): Promise<Result<void>>;
  /** What opening found. */
  readonly found: JournalFound;
}

export interface JournalFound {
  readonly lastSeq: number;
  readonly tornBytes: number;
  readonly tornFile?: string;
  readonly setAside?: string;
  readonly sessionSeq?: number;
  /** From here on there was more: a snapshot, the name of a file or what lies beside them tells. */
  readonly lostFrom?: number;
}

/** The caller holds the lock of the folder; a second writer would tear the journal. */
export async function openJournal<T>(dir: string, options: JournalOptions = {}): Promise<Result<Journal<T>>> {
  const disk = options.disk ?? createDisk();
  try {
    await disk.makeFolder(dir);
    const end = await prepareJournalEnd(disk, dir, {
      onDamage: options.onDamage ?? 'refuse',
      afterSeq: options.afterSeq ?? 0,
    });
    if (!end.ok) return end;
    const { nextSeq, path, goodBytes, reachedSeq, ...found } = end.value;
    const knownSeq = Math.max(options.afterSeq ?? 0, options.reachedSeq ?? 0, reachedSeq);
    const behind = knownSeq >= nextSeq;
    const isGone = path === undefined && options.isExpected === true;
    const header: SegmentHeader = behind || isGone ? { lostFrom: nextSeq } : {};
    const firstSeq = behind ? knownSeq + 1 : nextSeq;
    const start = behind || path === undefined ? { goodBytes: 0 } : { path, goodBytes };
    const writer = createSegmentWriter({
      disk,
      dir,
      log: 'journal',
      start,
      nextSeq: firstSeq,
      segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
      maxWaitingRecords: options.maxWaitingRecords ?? 200_000,
      maxWaitingBytes: options.maxWaitingBytes ?? 64 * 1024 * 1024,
      stallMs: options.stallMs ?? 5_000,
      lookMs: options.lookMs ?? LOOK_MS,
      retryMinMs: options.retryMinMs ?? 50,
      retryMaxMs: options.retryMaxMs ?? 5_000,
      coveredSeq: options.afterSeq ?? 0,
      nowMs: options.nowMs ?? Date.now,
      renderBatch: (batch, startsSegment, lostFrom) =>
        renderBatch(batch, startsSegment, (first) =>
          lostFrom !== undefined ? { lostFrom } : first === firstSeq ? header : {},
        ),
    });
    const { session } = options;
    const known = { knownSeq: options.afterSeq ?? 0, ...header };
    const mark = typeof session === 'object' && session !== null ? { ...session, ...known } : session;
    const sessionSeq =
      mark === undefined
        ? {}
        : { sessionSeq: writer.add(encodeLine(`${firstSeq} ${renderSession(mark)}`, false), false) };
    return ok({
      append: (record, kind = 'event') => writer.add(renderRecord(writer.nextSeq(), record), kind === 'rate'),
      durable: (seq) => writer.durable(seq),
      lastSeq: () => writer.nextSeq() - 1,
      durableSeq: () => writer.durableSeq(),
      isLost: (seq) => writer.isLost(seq),
      state: () => writer.state(),
      onState: (listener) => writer.onState(listener),
      covers: (seq) => writer.covers(seq),
      prune: (keepFromSeq, keepBytes) => pruneJournal(dir, keepFromSeq, { keepBytes, disk }),
      close: () => writer.close(),
      found: { lastSeq: firstSeq - 1, ...found, ...sessionSeq, ...header },
    });
  } catch (error) {
    return fail(explainDiskError(error, `open the journal in ${dir}`, 'start'));
  }
}

function renderRecord(seq: number, record: unknown): string {
  const json = JSON.stringify(record);
  // These three are bugs of the caller, found by the first test that does it.
  if (json === undefined) throw new TypeError('a record that JSON cannot say was given to the journal');
  if (json.length * 3 > MAX_LINE_BYTES) throw new RangeError(`a record of ${json.length} characters is no event`);
  if (json.startsWith('{"$') && readMeaning(json).kind !== 'record')
    throw new TypeError('that key is the journal’s own');
  // The checksum is made here, record by record, so that a large commit does not hold the loop for it.
  return encodeLine(`${seq} ${json}`, false);
}

function renderBatch(
  batch: readonly QueueEntry[],
  startsSegment: boolean,
  headerOf: (firstSeq: number) => SegmentHeader,
): string {
  const firstSeq = batch[0]?.seq ?? 1;
  const head = startsSegment ? encodeLine(renderHeader(firstSeq, headerOf(firstSeq)), true) : '';
  const lines = batch.map(
    (entry) =>
      entry.text ?? encodeLine(`${entry.seq} ${renderDropped({ count: entry.count, others: entry.others })}`, false),
  );
  if (!startsSegment && lines[0] !== undefined) lines[0] = markCommit(lines[0]);
  return head + lines.join('');
}

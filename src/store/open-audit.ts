import { fail, ok, type Result } from '../core/result.ts';
import { type AuditEntry, renderAuditLine } from './audit-line.ts';
import type { QueueEntry } from './commit-queue.ts';
import { createDisk, type DiskPort } from './disk-port.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { listSegments } from './segment-files.ts';
import type { TailStart } from './segment-tail.ts';
import { createSegmentWriter, LOOK_MS } from './segment-writer.ts';
import type { StoreState } from './store-state.ts';

export interface AuditOptions {
  /** So far the journal is on disk: by the last line a start sees whether it was cut since. */
  readonly journalSeq?: () => number;
  readonly segmentBytes?: number;
  /** Older files are removed when there are more; an audit is small, so this is many years. */
  readonly keepFiles?: number;
  readonly lookMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly disk?: DiskPort;
  readonly nowMs?: () => number;
}

export interface Audit {
  /** Resolves when the line is on disk, or with why it is not (yet). */
  append(entry: AuditEntry): Promise<Result<void>>;
  state(): StoreState;
  onState(listener: (state: StoreState) => void): () => void;
  close(): Promise<Result<void>>;
}

/** The file names carry the number of their first line; the head line counts as none. */
const HEAD = '# crashcart audit 1: time, who, from where, what, which nodes, outcome\n';

export async function openAudit(dir: string, options: AuditOptions = {}): Promise<Result<Audit>> {
  const disk = options.disk ?? createDisk();
  try {
    await disk.makeFolder(dir);
    const { nextSeq, ...start } = await prepareAuditEnd(disk, dir, options.keepFiles ?? 100);
    const writer = createSegmentWriter({
      disk,
      dir,
      log: 'audit',
      start,
      nextSeq,
      segmentBytes: options.segmentBytes ?? 16 * 1024 * 1024,
      maxWaitingRecords: 10_000,
      maxWaitingBytes: 8 * 1024 * 1024,
      stallMs: 5_000,
      lookMs: options.lookMs ?? LOOK_MS,
      retryMinMs: options.retryMinMs ?? 50,
      retryMaxMs: options.retryMaxMs ?? 5_000,
      nowMs: options.nowMs ?? Date.now,
      renderBatch: renderLines,
    });
    return ok({
      append: (entry) => writer.durable(writer.add(`${renderAuditLine(withJournal(entry, options))}\n`, false)),
      state: () => writer.state(),
      onState: (listener) => writer.onState(listener),
      close: () => writer.close(),
    });
  } catch (error) {
    return fail(explainDiskError(error, `open the audit in ${dir}`, 'start'));
  }
}

const withJournal = (entry: AuditEntry, { journalSeq }: AuditOptions): AuditEntry =>
  journalSeq === undefined ? entry : { ...entry, journalSeq: journalSeq() };

function renderLines(batch: readonly QueueEntry[], startsSegment: boolean): string {
  const lines = batch.map((entry) => entry.text ?? `# ${entry.count} lines were lost while the disk was full\n`);
  return (startsSegment ? HEAD : '') + lines.join('');
}

async function prepareAuditEnd(
  disk: DiskPort,
  dir: string,
  keepFiles: number,
): Promise<TailStart & { readonly nextSeq: number }> {
  const segments = await listSegments(disk, dir, 'audit');
  for (const old of segments.slice(0, Math.max(0, segments.length - keepFiles))) await disk.remove(old.path);
  const last = segments.at(-1);
  if (last === undefined) return { goodBytes: 0, nextSeq: 1 };
  const file = await disk.open(last.path, 'edit');
  try {
    const bytes = Buffer.alloc(await file.sizeBytes());
    await file.read(bytes, 0);
    // A line that the power cut short was acknowledged to nobody.
    const goodBytes = bytes.lastIndexOf(0x0a) + 1;
    await file.truncate(goodBytes);
    await file.datasync();
    const lines = bytes.toString('utf8', 0, goodBytes).split('\n').slice(0, -1);
    const count = lines.reduce((sum, line) => sum + countOf(line), 0);
    // Room for one even where the file holds only its head: two files may not share a number.
    return { path: last.path, goodBytes, nextSeq: last.firstSeq + Math.max(count, 1) };
  } finally {
    await file.close();
  }
}

function countOf(line: string): number {
  if (!line.startsWith('#')) return 1;
  return Number(/^# (\d+) lines were lost/.exec(line)?.[1] ?? 0);
}

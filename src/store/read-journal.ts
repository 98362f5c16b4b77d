import { createDisk, type DiskPort } from './disk-port.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { foreignVersion, parseHeader, readMeaning } from './journal-line.ts';
import { type ScanItem, scanSegment } from './scan-segment.ts';
import { listSegments, type SegmentName } from './segment-files.ts';

/** What a journal tells, in order. After `torn` or `problem` nothing follows; all that came before it stands. */
export type JournalItem<T> =
  | { readonly kind: 'record'; readonly seq: number; readonly record: T }
  /** The start of a run of the program. */
  | { readonly kind: 'session'; readonly seq: number; readonly session: unknown }
  /** Records that were let go while the disk was failing; `others` of them were more than rates. */
  | { readonly kind: 'dropped'; readonly seq: number; readonly count: number; readonly others: number }
  /** Numbers that never reached the disk, or whose file was lost: only a snapshot behind them knows what they were. */
  | { readonly kind: 'lost'; readonly seq: number; readonly count: number }
  | { readonly kind: 'torn'; readonly file: string; readonly byte: number; readonly bytes: number }
  | JournalProblem;

export interface JournalProblem {
  readonly kind: 'problem';
  readonly why: 'checksum' | 'gap' | 'missing' | 'version' | 'unreadable';
  readonly file: string;
  readonly byte: number;
  /** A sentence with file and byte. */
  readonly reason: string;
}

/** Without `fromSeq` from the oldest record that is left. The records are what the writer was given: data, unchecked. */
export async function* readJournal<T>(
  dir: string,
  fromSeq?: number,
  disk: DiskPort = createDisk(),
): AsyncGenerator<JournalItem<T>, void> {
  try {
    for await (const items of readSegments<T>(disk, dir, fromSeq)) {
      for (const item of items) {
        yield item;
        if (item.kind === 'problem' || item.kind === 'torn') return;
      }
    }
  } catch (error) {
    yield problem('unreadable', dir, 0, explainDiskError(error, `read the journal in ${dir}`));
  }
}

async function* readSegments<T>(
  disk: DiskPort,
  dir: string,
  fromSeq: number | undefined,
): AsyncGenerator<readonly JournalItem<T>[], void> {
  const all = await listSegments(disk, dir, 'journal');
  const start = all.findLastIndex((segment) => segment.firstSeq <= (fromSeq ?? 0));
  const segments = all.slice(Math.max(start, 0));
  const oldest = segments[0];
  if (oldest === undefined) return;
  const lostFrom = fromSeq === undefined || oldest.firstSeq <= fromSeq ? undefined : await lostBefore(disk, oldest);
  const walk: Walk = { next: lostFrom ?? oldest.firstSeq, fromSeq: fromSeq ?? oldest.firstSeq };
  if (walk.next > walk.fromSeq) {
    const reason = `the journal in ${dir} starts at record ${oldest.firstSeq}, but ${walk.fromSeq} is needed: a segment was removed`;
    yield [problem('missing', oldest.path, 0, reason)];
    return;
  }
  for (const segment of segments) {
    yield* readSegment<T>(disk, segment, walk, segment === segments.at(-1));
  }
}

/** What its head says to be missing before it. */
async function lostBefore(disk: DiskPort, { path }: SegmentName): Promise<number | undefined> {
  const file = await disk.open(path, 'read');
  try {
    for await (const [first] of scanSegment(file))
      return first?.kind === 'line' ? parseHeader(first.line.json)?.lostFrom : undefined;
    return undefined;
  } finally {
    await file.close();
  }
}

interface Walk {
  next: number;
  readonly fromSeq: number;
}

async function* readSegment<T>(
  disk: DiskPort,
  segment: SegmentName,
  walk: Walk,
  last: boolean,
): AsyncGenerator<readonly JournalItem<T>[], void> {
  const { path } = segment;
  const file = await disk.open(path, 'read');
  try {
    for await (const batch of scanSegment(file)) {
      yield batch.flatMap((item) => {
        if (item.kind !== 'line') return endOfSegment(path, item, last);
        return (item.byte === 0 ? readHeader(segment, item, walk) : readLine<T>(path, item, walk)) ?? [];
      });
    }
  } finally {
    await file.close();
  }
}

type LineItem = Extract<ScanItem, { kind: 'line' }>;

function readHeader(segment: SegmentName, item: LineItem, walk: Walk): JournalItem<never> | undefined {
  const header = parseHeader(item.line.json);
  const { path, firstSeq } = segment;
  if (header === undefined || item.line.seq !== firstSeq) {
    return headerProblem(path, `${item.line.seq} ${item.line.json}`);
  }
  if (header.lostFrom === walk.next && firstSeq > walk.next) {
    const seq = Math.max(walk.next, walk.fromSeq);
    walk.next = firstSeq;
    return firstSeq > seq ? { kind: 'lost', seq, count: firstSeq - seq } : undefined;
  }
  if (firstSeq === walk.next) return undefined;
  const reason = `${path} starts at record ${firstSeq}, but ${walk.next} should follow: a segment is missing`;
  return problem('gap', path, 0, reason);
}

export function headerProblem(path: string, firstLine: string): JournalProblem {
  const version = foreignVersion(Buffer.from(firstLine));
  if (version === undefined) {
    return problem('checksum', path, 0, `${path} at byte 0: this is not the head of a journal segment of that name`);
  }
  const reason = `${path} has journal format ${version}, which this crashcart does not know: use the one that wrote it, or another state folder`;
  return problem('version', path, 0, reason);
}

function readLine<T>(path: string, item: LineItem, walk: Walk): JournalItem<T> | undefined {
  const { seq, json } = item.line;
  if (seq !== walk.next) {
    const reason = `${path} at byte ${item.byte}: record ${seq} stands where ${walk.next} should`;
    return problem('gap', path, item.byte, reason);
  }
  try {
    const meaning = readMeaning(json);
    walk.next = seq + (meaning.kind === 'dropped' ? meaning.dropped.count : 1);
    if (walk.next <= walk.fromSeq) return undefined;
    if (meaning.kind === 'record') return { kind: 'record', seq, record: JSON.parse(json) as T };
    if (meaning.kind === 'session') return { kind: 'session', seq, session: meaning.session };
    return { kind: 'dropped', seq, ...meaning.dropped };
  } catch {
    // The checksum holds, so it was written like this: by another program, or by hand.
    return problem('checksum', path, item.byte, `${path} at byte ${item.byte}: record ${seq} is no JSON`);
  }
}

function endOfSegment(path: string, item: Exclude<ScanItem, LineItem>, last: boolean): JournalItem<never> {
  if (item.byte === 0 && foreignVersion(item.raw) !== undefined)
    return headerProblem(path, item.raw.toString('latin1', 0, 4096));
  if (item.kind === 'torn' && last) return { kind: 'torn', file: path, byte: item.byte, bytes: item.bytes };
  return problem('checksum', path, item.byte, damageReason(path, item.byte));
}

export function damageReason(path: string, byte: number): string {
  return `${path} at byte ${byte}: the checksum does not hold and whole records follow, so the file was damaged after it was written; what stands before that byte can still be read (crashcart replay)`;
}

function problem(why: JournalProblem['why'], file: string, byte: number, reason: string): JournalProblem {
  return { kind: 'problem', why, file, byte, reason };
}

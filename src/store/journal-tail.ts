import { fail, ok, type Result } from '../core/result.ts';
import type { DiskFile, DiskPort } from './disk-port.ts';
import { foreignVersion, parseHeader, readMeaning } from './journal-line.ts';
import { damageReason, headerProblem } from './read-journal.ts';
import { type ScanItem, scanSegment } from './scan-segment.ts';
import { asideName, listRenamed, listSegments, type SegmentName, setAside } from './segment-files.ts';
import type { TailStart } from './segment-tail.ts';

/** Where the next record goes, and what had to be cut off or set aside to get there. */
export interface JournalEnd extends TailStart {
  readonly nextSeq: number;
  /** The journal had got so far, by the names of files of which nothing is left: a higher one than `nextSeq` tells a loss. */
  readonly reachedSeq: number;
  /** Bytes of the last commit that the power cut short; they were acknowledged to nobody. */
  readonly tornBytes: number;
  readonly tornFile?: string;
  /** What is damaged, kept under this name for whoever wants to look. */
  readonly setAside?: string;
}

/** `setAside` keeps what is damaged in a file beside it; `refuse` does that only with what the snapshot knows. */
export type OnDamage = 'refuse' | 'setAside';

interface EndOptions {
  readonly onDamage: OnDamage;
  /** What the loaded snapshot covers. */
  readonly afterSeq: number;
}

type Found = Omit<JournalEnd, 'reachedSeq'>;

export async function prepareJournalEnd(disk: DiskPort, dir: string, options: EndOptions): Promise<Result<JournalEnd>> {
  const segments = await listSegments(disk, dir, 'journal');
  for (const segment of segments) {
    const version = await versionProblem(disk, segment);
    if (version !== undefined) return fail(version);
  }
  const left = [...segments];
  const emptied: SegmentName[] = [];
  let found: Found = { goodBytes: 0, nextSeq: 1, tornBytes: 0 };
  while (found.path === undefined) {
    const last = left.pop();
    if (last === undefined) break;
    const end = await prepareSegment(disk, last, options);
    if (!end.ok) return end;
    if (end.value.path === undefined && end.value.setAside === undefined) emptied.push(last);
    found = { ...found, ...end.value, tornBytes: found.tornBytes + end.value.tornBytes };
  }
  const renamed = (await listRenamed(disk, dir, 'journal')).map(({ firstSeq }) => firstSeq);
  const reachedSeq = Math.max(0, ...renamed, ...emptied.map(({ firstSeq }) => firstSeq - 1));
  // What only its name tells is told by it until a new segment does.
  const isOnlyWitness = reachedSeq >= Math.max(found.nextSeq, options.afterSeq + 1);
  for (const { path } of emptied) await (isOnlyWitness ? setAside(disk, path) : disk.remove(path));
  if (segments.length > 0) await disk.syncFolder(dir);
  return ok({ ...found, reachedSeq });
}

async function versionProblem(disk: DiskPort, segment: SegmentName): Promise<string | undefined> {
  const file = await disk.open(segment.path, 'read');
  try {
    const head = Buffer.alloc(512);
    const count = await file.read(head, 0);
    const firstLine = head.subarray(0, count);
    if (foreignVersion(firstLine) === undefined) return undefined;
    return headerProblem(segment.path, firstLine.toString('latin1')).reason;
  } finally {
    await file.close();
  }
}

/** Without a path: nothing of it is left, and the segment before it is the last. */
async function prepareSegment(disk: DiskPort, last: SegmentName, options: EndOptions): Promise<Result<Found>> {
  const { path } = last;
  const none = { goodBytes: 0, nextSeq: 1, tornBytes: 0 };
  const file = await disk.open(path, 'edit');
  try {
    const end = await scanToEnd(last, file);
    const damage = end.ok ? damageIn(path, end.value) : end.error;
    if (damage !== undefined && (options.onDamage === 'refuse' || !end.ok)) {
      const { reason, lastSeq } = damage;
      if (lastSeq === undefined || lastSeq > options.afterSeq) return fail(`${reason}. ${wayOut(path)}`);
      await setAside(disk, path);
      return ok({ ...none, setAside: asideName(path) });
    }
    if (!end.ok) return fail(end.error.reason);
    const { goodBytes, nextSeq, bad } = end.value;
    const torn = bad?.kind === 'torn' ? { tornBytes: bad.bytes, tornFile: path } : { tornBytes: 0 };
    const aside =
      bad?.kind === 'damaged'
        ? { setAside: await copyAside(disk, file, `${path}.damaged-${bad.byte}`, bad.byte) }
        : undefined;
    // A segment without a record was never part of a finished commit, or somebody emptied it: it is made again.
    if (nextSeq === last.firstSeq) return ok({ ...none, ...torn, ...aside });
    if (bad !== undefined) {
      await file.truncate(goodBytes);
      await file.datasync();
    }
    return ok({ path, goodBytes, nextSeq, ...torn, ...aside });
  } finally {
    await file.close();
  }
}

interface SegmentEnd {
  readonly goodBytes: number;
  readonly nextSeq: number;
  readonly bad?: Exclude<ScanItem, { kind: 'line' }>;
}

interface Damage {
  readonly reason: string;
  /** Of the newest record that is seen in it. Absent: none is. */
  readonly lastSeq?: number;
}

const damageIn = (path: string, { bad }: SegmentEnd): Damage | undefined =>
  bad?.kind === 'damaged' ? { ...bad, reason: damageReason(path, bad.byte) } : undefined;

async function scanToEnd({ path, firstSeq }: SegmentName, file: DiskFile): Promise<Result<SegmentEnd, Damage>> {
  let goodBytes = 0;
  let nextSeq = firstSeq;
  let lastSeq: number | undefined = 0;
  let bad: SegmentEnd['bad'];
  let reason: string | undefined;
  for await (const batch of scanSegment(file)) {
    for (const item of batch) {
      if (item.kind !== 'line') {
        bad = item;
        if (item.kind === 'damaged') lastSeq = item.lastSeq;
        continue;
      }
      const { seq, json } = item.line;
      if (item.byte === 0 && parseHeader(json) === undefined) reason ??= headerProblem(path, json).reason;
      if (seq !== nextSeq) reason ??= `${path} at byte ${item.byte}: record ${seq} stands where ${nextSeq} should`;
      const meaning = readMeaning(json);
      lastSeq = meaning.kind === 'dropped' ? seq + meaning.dropped.count - 1 : seq;
      if (item.byte > 0) nextSeq = lastSeq + 1;
      goodBytes = item.endByte;
    }
  }
  if (reason !== undefined) return fail({ reason, ...(lastSeq === undefined ? {} : { lastSeq }) });
  return ok({ goodBytes, nextSeq, ...(bad === undefined ? {} : { bad }) });
}

const wayOut = (path: string): string =>
  `To start without that file: mv ${path} ${asideName(path)}. What was armed and had not begun to write has ended then, waves are cancelled, and what was ordered since the last snapshot (PANIC, cancels, holds, protections) is not known: give it again`;

async function copyAside(disk: DiskPort, from: DiskFile, path: string, byte: number): Promise<string> {
  const to = await disk.open(path, 'replace');
  try {
    const chunk = Buffer.alloc(1024 * 1024);
    let done = 0;
    for (;;) {
      const count = await from.read(chunk, byte + done);
      if (count === 0) break;
      // A short write ends as an error on the next round; nothing is cut off before the copy is whole.
      let written = 0;
      while (written < count) written += await to.write(chunk.subarray(written, count), done + written);
      done += count;
    }
    await to.datasync();
  } finally {
    await to.close();
  }
  return path;
}

import { fail, ok, type Result } from '../core/result.ts';
import type { DiskFile, DiskPort } from './disk-port.ts';
import { foreignVersion, parseHeader, readMeaning } from './journal-line.ts';
import { damageReason, headerProblem } from './read-journal.ts';
import { type ScanItem, scanSegment } from './scan-segment.ts';
import { listSegments, type SegmentName } from './segment-files.ts';
import type { TailStart } from './segment-tail.ts';

/** Where the next record goes, and what had to be cut off or set aside to get there. */
export interface JournalEnd extends TailStart {
  readonly nextSeq: number;
  /** Bytes of the last commit that the power cut short; they were acknowledged to nobody. */
  readonly tornBytes: number;
  readonly tornFile?: string;
  /** Damaged bytes, kept under this name for whoever wants to look. */
  readonly setAside?: string;
}

export type OnDamage = 'refuse' | 'setAside';

export async function prepareJournalEnd(disk: DiskPort, dir: string, onDamage: OnDamage): Promise<Result<JournalEnd>> {
  const segments = await listSegments(disk, dir, 'journal');
  const last = segments.at(-1);
  if (last === undefined) return ok({ goodBytes: 0, nextSeq: 1, tornBytes: 0 });
  for (const segment of segments) {
    const version = await versionProblem(disk, segment);
    if (version !== undefined) return fail(version);
  }
  const file = await disk.open(last.path, 'edit');
  try {
    return await prepareSegment(disk, dir, last, file, onDamage);
  } finally {
    await file.close();
  }
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

async function prepareSegment(
  disk: DiskPort,
  dir: string,
  last: SegmentName,
  file: DiskFile,
  onDamage: OnDamage,
): Promise<Result<JournalEnd>> {
  let goodBytes = 0;
  let nextSeq = last.firstSeq;
  let bad: Exclude<ScanItem, { kind: 'line' }> | undefined;
  for await (const batch of scanSegment(file)) {
    for (const item of batch) {
      if (item.kind !== 'line') {
        bad = item;
        continue;
      }
      const { seq, json } = item.line;
      if (item.byte === 0 && parseHeader(json) === undefined) return fail(headerProblem(last.path, json).reason);
      if (seq !== nextSeq)
        return fail(`${last.path} at byte ${item.byte}: record ${seq} stands where ${nextSeq} should`);
      const meaning = readMeaning(json);
      if (item.byte > 0) nextSeq = seq + (meaning.kind === 'dropped' ? meaning.dropped.count : 1);
      goodBytes = item.endByte;
    }
  }
  let setAside: string | undefined;
  if (bad?.kind === 'damaged') {
    if (onDamage === 'refuse') return fail(damageReason(last.path, bad.byte));
    setAside = await copyAside(disk, file, `${last.path}.damaged-${bad.byte}`, bad.byte);
  }
  if (bad !== undefined) {
    await file.truncate(goodBytes);
    await file.datasync();
  }
  // A segment without its head was never part of a finished commit: it is made again.
  if (goodBytes === 0) await disk.remove(last.path);
  await disk.syncFolder(dir);
  const torn = bad?.kind === 'torn' ? { tornBytes: bad.bytes, tornFile: last.path } : { tornBytes: 0 };
  const path = goodBytes === 0 ? {} : { path: last.path };
  return ok({ goodBytes, nextSeq, ...path, ...torn, ...(setAside === undefined ? {} : { setAside }) });
}

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

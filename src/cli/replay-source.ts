import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { emptyFleet, type Fleet } from '../core/fleet.ts';
import { FLEET_FORMAT, parseFleet } from '../core/fleet-json.ts';
import { reduce } from '../core/reduce.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import { createDisk, type DiskPort } from '../store/disk-port.ts';
import { openSnapshot } from '../store/open-snapshot.ts';
import { readJournal } from '../store/read-journal.ts';
import { isEvent, type Recorded } from './replay-event.ts';
import { besideOf, type NotedBeside, readReserve, tellBeside } from './replay-reserve.ts';

/** A run of the program as the journal tells it. */
export interface RecordedRun {
  /** 1 is the oldest that is left. */
  readonly number: number;
  /** Index of its first event. */
  readonly firstIndex: number;
  readonly what: string;
}

export interface Recording {
  readonly path: string;
  /** What was believed before the first event. */
  readonly start: Fleet;
  readonly events: readonly Recorded[];
  readonly runs: readonly RecordedRun[];
  /** The program's own snapshot: after the event with this index its state is the true one. */
  readonly snapshot?: { readonly afterIndex: number; readonly fleet: Fleet };
  /** The journal tells the whole story from the first record on. */
  readonly whole: boolean;
  readonly notes: readonly string[];
}

export interface RecordingRange {
  /** Events after this are not read. */
  readonly toMs?: TimeMs;
}

/** A state folder or one segment of a journal, read and nothing else: no lock is taken, nothing is repaired. */
export async function loadRecording(path: string, range: RecordingRange = {}): Promise<Result<Recording>> {
  const place = await findJournal(path);
  if (!place.ok) return place;
  const { dir, disk, single } = place.value;
  // Before the journal: what an engine saves meanwhile is told by one of them at least.
  const reserve = single ? { orders: [] } : await readReserve(dir);
  const journal = await readEvents(dir, disk, range);
  if (journal.firstSeq === undefined)
    return fail(
      journal.notes[0] ?? `${path} holds no journal: expected a state folder with journal-NNNNNNNNNNNN.log files`,
    );
  const found: string[] = [];
  const snapshot = single ? undefined : await readSnapshot(dir, found);
  const read = withBeside(journal, reserve, range, snapshot?.seq ?? 0);
  const notes = [...read.notes, ...found];
  const start = startOf(read, snapshot, notes);
  const afterIndex = snapshot === undefined ? -1 : read.events.findLastIndex((one) => one.seq <= snapshot.seq);
  const reached = snapshot !== undefined && (!read.cut || read.events.some((one) => one.seq > snapshot.seq));
  return ok({
    path,
    start,
    events: read.events,
    runs: read.runs,
    whole: read.firstSeq === 1 && !read.hole,
    ...(snapshot === undefined || afterIndex < 0 || !reached
      ? {}
      : { snapshot: { afterIndex, fleet: snapshot.fleet } }),
    notes,
  });
}

async function findJournal(
  path: string,
): Promise<Result<{ readonly dir: string; readonly disk: DiskPort; readonly single: boolean }>> {
  const disk = createDisk();
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error)
    return fail(found.code === 'ENOENT' ? `${path} is not there` : `${path} cannot be read: ${found.message}`);
  if (found.isDirectory()) return ok({ dir: path, disk, single: false });
  const name = basename(path);
  if (!/^journal-\d{12,15}\.log$/.test(name))
    return fail(`${path} is no journal: give a state folder, or one of its journal-NNNNNNNNNNNN.log files`);
  return ok({ dir: dirname(path), disk: { ...disk, list: async () => [name] }, single: true });
}

interface ReadEvents {
  readonly events: readonly Recorded[];
  readonly runs: readonly RecordedRun[];
  readonly firstSeq: number | undefined;
  /** Undefined: not read to its end. */
  readonly lastSeq: number | undefined;
  /** Records are missing in the middle. */
  readonly hole: boolean;
  /** `toMs` ended the reading. */
  readonly cut: boolean;
  readonly notes: readonly string[];
}

/** Behind all that the journal has, as the next start takes them over. */
function withBeside(read: ReadEvents, noted: NotedBeside, { toMs }: RecordingRange, snapshotSeq: number): ReadEvents {
  const notes = noted.problem === undefined ? read.notes : [...read.notes, noted.problem];
  const { firstSeq, lastSeq } = read;
  if (firstSeq === undefined || lastSeq === undefined) return { ...read, notes };
  // A snapshot that is newer than what was read was saved while it was read.
  const knownSeq = Math.max(firstSeq - 1, Math.min(snapshotSeq, lastSeq));
  const lacked = besideOf(noted, read.events, knownSeq);
  const beside = lacked
    .filter((event) => toMs === undefined || event.time <= toMs)
    .map((event, at) => ({ seq: lastSeq + 1 + at, event }));
  if (beside.length === 0) return { ...read, notes };
  return { ...read, events: [...read.events, ...beside], notes: [...notes, tellBeside(beside)] };
}

async function readEvents(dir: string, disk: DiskPort, range: RecordingRange): Promise<ReadEvents> {
  const events: Recorded[] = [];
  const runs: RecordedRun[] = [];
  const notes: string[] = [];
  let firstSeq: number | undefined;
  let lastSeq: number | undefined;
  let isWhole = true;
  let hole = false;
  let cut = false;
  for await (const item of readJournal<unknown>(dir, undefined, disk)) {
    if (item.kind === 'problem') notes.push(item.reason);
    if (item.kind === 'torn') notes.push(`the last ${item.bytes} bytes are an unfinished write and are passed over`);
    if (item.kind === 'problem') isWhole = false;
    if (item.kind === 'problem' || item.kind === 'torn') break;
    firstSeq ??= item.seq;
    lastSeq = item.seq + ('count' in item ? item.count : 1) - 1;
    if (item.kind === 'session') {
      runs.push({ number: runs.length + 1, firstIndex: events.length, what: whatOf(item.session) });
    } else if (item.kind === 'lost' || (item.kind === 'dropped' && item.others > 0)) {
      hole = true;
      notes.push(`${item.count} records from number ${item.seq} on never reached the disk`);
    } else if (item.kind === 'record') {
      if (!isEvent(item.record)) {
        notes.push(`record ${item.seq} is no event of this program; what follows it is not shown`);
        isWhole = false;
        break;
      }
      cut = range.toMs !== undefined && item.record.time > range.toMs;
      if (cut) break;
      events.push({ seq: item.seq, event: item.record });
    }
  }
  return { events, runs, firstSeq, lastSeq: isWhole && !cut ? lastSeq : undefined, hole, cut, notes };
}

const whatOf = (session: unknown): string =>
  typeof session === 'object' && session !== null && 'what' in session && typeof session.what === 'string'
    ? session.what
    : 'crashcart';

async function readSnapshot(
  dir: string,
  notes: string[],
): Promise<{ readonly seq: number; readonly fleet: Fleet } | undefined> {
  const loaded = await openSnapshot(dir, { version: FLEET_FORMAT }).load();
  if (!loaded.ok) {
    notes.push(`the snapshot is not used: ${loaded.error}`);
    return undefined;
  }
  if (loaded.value === undefined) return undefined;
  const fleet = parseFleet(loaded.value.data);
  if (fleet.ok) return { seq: loaded.value.seq, fleet: fleet.value };
  notes.push(`the snapshot is not used: ${fleet.error}`);
  return undefined;
}

/** Old segments are let go in time. Then the machines are taken from the snapshot, and what they did before is unknown. */
function startOf(
  read: ReadEvents,
  snapshot: { readonly seq: number; readonly fleet: Fleet } | undefined,
  notes: string[],
): Fleet {
  const empty = emptyFleet(0);
  const first = read.events[0];
  if (read.firstSeq === 1 || first === undefined) return first === undefined ? (snapshot?.fleet ?? empty) : empty;
  if (snapshot !== undefined && snapshot.seq < first.seq) return snapshot.fleet;
  notes.push(
    `the journal starts at record ${read.firstSeq}: what was believed before is not known, and the start is incomplete`,
  );
  if (snapshot === undefined) return empty;
  const nodes = [...valuesOf(snapshot.fleet.nodes)].map((node) => node.spec);
  const { site } = snapshot.fleet;
  return reduce(empty, { type: 'inventory.loaded', nodes, site, hash: '', warnings: [], time: first.event.time })[0];
}

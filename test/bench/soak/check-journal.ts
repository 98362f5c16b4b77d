import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Event } from '../../../src/core/event.ts';
import { type Fleet, nodeOf } from '../../../src/core/fleet.ts';
import { FLEET_FORMAT, parseFleet, renderFleet } from '../../../src/core/fleet-json.ts';
import { WRITES_DISK } from '../../../src/core/job.ts';
import { reduce } from '../../../src/core/reduce.ts';
import { openSnapshot } from '../../../src/store/open-snapshot.ts';
import { readJournal } from '../../../src/store/read-journal.ts';
import type { Filled } from './fill-histories.ts';
import { unboundedIn } from './state-bounds.ts';

/** A write to a simulated disk, by the clock on the wall. */
export interface SeenWrite {
  readonly atMs: number;
  readonly machine: string;
  readonly disk: string;
  readonly content: string;
}

export interface JournalCheck {
  readonly events: number;
  /** The program's own last state, and the one that its journal gives, as hashes of their whole text. */
  readonly live: string;
  readonly replayed: string;
  readonly problems: readonly string[];
  /** Writes on machines that nobody had armed for a job that writes, by their name. */
  readonly unarmed: readonly SeenWrite[];
}

/** Old segments are let go by the program; a second name keeps each for the whole replay, and costs nothing. */
export function keepSegments(stateDir: string, kept: string): void {
  mkdirSync(kept, { recursive: true });
  const there = new Set(readdirSync(kept));
  for (const name of readdirSync(stateDir))
    if (/^journal-\d+\.log$/.test(name) && !there.has(name)) linkSync(join(stateDir, name), join(kept, name));
}

export interface Soil {
  /** Where every segment of the journal is. */
  readonly kept: string;
  /** What the program started on. */
  readonly filled: Filled;
  readonly machines: number;
}

/** The whole journal from its first record through the reducer, beside what the program saved when it ended. */
export async function checkJournal(
  stateDir: string,
  { kept, filled, machines }: Soil,
  writes: readonly SeenWrite[],
): Promise<JournalCheck> {
  const problems: string[] = [];
  const jobs = new ArmedTimes();
  const snapshot = await openSnapshot(stateDir, { version: FLEET_FORMAT }).load();
  const saved = snapshot.ok ? snapshot.value : undefined;
  const parsed = saved === undefined ? undefined : parseFleet(saved.data);
  if (saved === undefined || parsed?.ok !== true)
    return { events: 0, live: '', replayed: '', unarmed: [], problems: ['the program left no snapshot of its end'] };
  let { fleet } = filled;
  let events = 0;
  let replayed = '';
  for await (const item of readJournal<Event>(kept, filled.seq + 1)) {
    if (item.kind === 'session') continue;
    if (item.kind !== 'record') {
      problems.push(item.kind === 'problem' ? item.reason : `${item.kind} in the journal`);
      break;
    }
    const before = fleet;
    [fleet] = reduce(fleet, item.record);
    jobs.note(before, fleet, item.record);
    events += 1;
    if (item.seq === saved.seq) replayed = hashFleet(fleet);
  }
  if (replayed === '') problems.push(`the journal ends before record ${saved.seq}, which the snapshot covers`);
  problems.push(...unboundedIn(fleet, machines));
  const unarmed = writes.filter((write) => !jobs.mayWrite(write.machine, write.atMs));
  return { events, live: hashFleet(parsed.value), replayed, problems, unarmed };
}

function hashFleet(fleet: Fleet): string {
  const hash = createHash('sha256');
  for (const fragment of renderFleet(fleet)) hash.update(fragment);
  return hash.digest('hex');
}

interface Span {
  readonly from: number;
  to: number | undefined;
}

/** The engine's clock and ours are the same; what is written may be told a moment later. */
const CLOCK_MS = 2_000;

/** When each machine had a job that may write, by the journal alone. */
class ArmedTimes {
  readonly #spans = new Map<string, Span[]>();

  note(before: Fleet, after: Fleet, event: Event): void {
    if (!('node' in event) || typeof event.node !== 'string') {
      if (before.nodes !== after.nodes && !event.type.startsWith('inventory.')) this.#closeEnded(after, event.time);
      return;
    }
    this.#look(event.node, after, event.time);
  }

  /** A tick of the clock may end several jobs. */
  #closeEnded(fleet: Fleet, at: number): void {
    for (const [name, spans] of this.#spans) if (spans.at(-1)?.to === undefined) this.#look(name, fleet, at);
  }

  #look(name: string, fleet: Fleet, at: number): void {
    const job = nodeOf(fleet, name)?.job;
    const may = job !== undefined && WRITES_DISK[job.kind];
    const spans = this.#spans.get(name) ?? [];
    const last = spans.at(-1);
    const isOpen = last !== undefined && last.to === undefined;
    if (may && !isOpen) this.#spans.set(name, [...spans, { from: at, to: undefined }]);
    if (!may && isOpen) last.to = at;
  }

  mayWrite(name: string, at: number): boolean {
    return (this.#spans.get(name) ?? []).some(
      (span) => span.from <= at && at <= (span.to ?? Number.POSITIVE_INFINITY) + CLOCK_MS,
    );
  }
}

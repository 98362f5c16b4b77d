import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '../core/event.ts';
import { emptyFleet, type Fleet } from '../core/fleet.ts';
import { FLEET_FORMAT, parseFleet } from '../core/fleet-json.ts';
import { type LackedOrders, lackedOrders } from '../core/noted-order.ts';
import { reduce } from '../core/reduce.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { acquireLock, type Lock } from '../store/acquire-lock.ts';
import { type Audit, openAudit } from '../store/open-audit.ts';
import { type Journal, type JournalFound, openJournal } from '../store/open-journal.ts';
import { openSnapshot, type SnapshotStore } from '../store/open-snapshot.ts';
import { type OrderReserve, openOrderReserve } from '../store/order-reserve.ts';
import { readAudit } from '../store/read-audit.ts';
import { readJournal } from '../store/read-journal.ts';
import { prepareStateDir } from '../store/state-dir.ts';
import { watchLoss } from './journal-loss.ts';
import { type LeftOrders, readLeftOrders } from './take-over-orders.ts';

export interface OpenState {
  readonly dir: string;
  readonly journal: Journal<Event>;
  readonly snapshot: SnapshotStore;
  readonly audit: Audit;
  readonly reserve: OrderReserve<Event>;
  /** They lay in the reserve, for the journal of this run, right behind its start. */
  readonly leftOrders: LeftOrders;
  readonly lock: Lock;
  /** What happened after the snapshot is not there, or was not when a start before this one failed. */
  readonly journalLost: boolean;
  /** What the operator should know of what was found: a torn line, an older snapshot. */
  readonly notes: readonly string[];
}

export interface FoundState {
  readonly state: OpenState;
  /** For the engine alone: with whoever else keeps it, every history of the last run stays in memory for ever. */
  readonly fleet: Fleet;
}

/**
 * Snapshot, then the journal after it, through the same reducer: what was believed when the program last ran. `nodes`: as the
 * files have them now.
 */
export async function openState(dir: string, what: string, nodes: readonly NodeSpec[]): Promise<Result<FoundState>> {
  const prepared = await prepareStateDir(dir, process.getuid?.() ?? 0);
  if (!prepared.ok) return prepared;
  const lock = acquireLock(dir, { what });
  if (!lock.ok) return lock;
  const opened = await openLocked(dir, what, nodes, lock.value);
  if (!opened.ok) lock.value.release();
  return opened;
}

/** Beside the journal: where it is not, somebody removed it. */
const LEFT_BY_RUN = /^(audit-\d+\.log|site\.secret)$/;

async function openLocked(
  dir: string,
  what: string,
  nodes: readonly NodeSpec[],
  lock: Lock,
): Promise<Result<FoundState>> {
  let journal: Journal<Event> | undefined;
  const snapshot = openSnapshot(dir, {
    version: FLEET_FORMAT,
    awaitDurable: (seq) => journal?.durable(seq) ?? Promise.resolve(fail('the journal is not open')),
  });
  const loaded = await snapshot.load();
  if (!loaded.ok)
    return fail(
      `${loaded.error}. To start without it, move the folder ${dir} aside: nothing is armed then, and leases are given anew`,
    );
  const start = loaded.value === undefined ? ok(emptyFleet(0)) : parseFleet(loaded.value.data);
  if (!start.ok) return fail(`${join(dir, 'snapshot.json')}: ${start.error}`);
  const afterSeq = loaded.value?.seq ?? 0;
  const isExpected = (await readdir(dir)).some((name) => LEFT_BY_RUN.test(name));
  const lastOrder = await readAudit(dir, 1);
  const reachedSeq = (lastOrder.ok ? lastOrder.value[0]?.journalSeq : undefined) ?? 0;
  const session = { what, pid: process.pid };
  const opened = await openJournal<Event>(dir, { afterSeq, reachedSeq, isExpected, session });
  if (!opened.ok) return opened;
  journal = opened.value;
  const reserve = await openOrderReserve<Event>(dir);
  if (!reserve.ok) return reserve;
  const noted = lackedOrders(reserve.value.found, afterSeq);
  const replayed = await replayOnto(dir, start.value, afterSeq, opened.value.found, noted);
  if (!replayed.ok) return replayed;
  const left = await readLeftOrders({
    reserve: reserve.value,
    journal: opened.value,
    lacked: noted.left(),
    fleet: replayed.value.fleet,
    nodes,
  });
  if (!left.ok) return left;
  const audit = await openAudit(dir, { journalSeq: () => opened.value.durableSeq() });
  if (!audit.ok) return audit;
  const { found } = opened.value;
  const notes = [
    ...(loaded.value?.fellBack === undefined ? [] : [loaded.value.fellBack]),
    ...(found.tornBytes > 0
      ? [
          `the last line of the journal is torn (${found.tornBytes} bytes) and counts as never written: a crash tears what nobody was told yet; if somebody cut the file instead, look at what is armed, held and protected`,
        ]
      : []),
    ...(found.setAside === undefined
      ? []
      : [`the journal was damaged, and what the snapshot knows was set aside as ${found.setAside}`]),
    ...left.value.notes,
  ];
  const kept = { reserve: reserve.value, leftOrders: left.value };
  const journalLost = found.lostFrom !== undefined || replayed.value.journalLost;
  const state = { dir, journal: opened.value, snapshot, audit: audit.value, ...kept, lock, journalLost, notes };
  return ok({ state, fleet: replayed.value.fleet });
}

async function replayOnto(
  dir: string,
  from: Fleet,
  afterSeq: number,
  { lastSeq, lostFrom }: JournalFound,
  noted: LackedOrders,
): Promise<Result<{ readonly fleet: Fleet; readonly journalLost: boolean }>> {
  let fleet = from;
  const loss = watchLoss(afterSeq);
  for await (const item of readJournal<Event>(dir, afterSeq + 1)) {
    if (item.kind === 'problem') {
      if (item.why === 'missing' && lostFrom !== undefined && lostFrom <= afterSeq + 1) break;
      return fail(
        `${item.reason}. To start without it, move the folder ${dir} aside: nothing is armed then, and leases are given anew`,
      );
    }
    loss.see(item);
    if (item.kind !== 'record' || item.seq <= afterSeq || item.seq > lastSeq) continue;
    [fleet] = reduce(fleet, item.record);
    noted.see(item.seq, item.record, fleet);
  }
  return ok({ fleet, journalLost: loss.isLost() });
}

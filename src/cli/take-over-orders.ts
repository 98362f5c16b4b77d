import type { EventBody } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { sameMachine } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import { IN_NO_JOURNAL, inFiles, isNodeOrder, type NotedOrder, withName } from '../core/noted-order.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { NodeSpec } from '../core/spec.ts';
import { standingOrder } from '../core/standing-order.ts';
import { LIFTS, latestOrders, tellUnkept, undoes } from '../core/unkept.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { FoundOrder } from '../engine/keep-orders.ts';
import type { Journal } from '../store/open-journal.ts';
import type { OrderReserve } from '../store/order-reserve.ts';

/** Under the lowest numbers that they can get in the journal of this run. Absent: the reserve has no room for it. */
type Left = NotedOrder & { readonly notedAs?: number };

export interface LeftOrders {
  /** Of machines that the journal knows by these names, and of the site: ahead of the files, by which some may leave. */
  readonly ahead: readonly Left[];
  /** By the names of the files of this start. */
  readonly behind: readonly Left[];
  /** No file names their machines. */
  readonly waiting: readonly Left[];
  readonly notes: readonly string[];
}

export interface FoundOrders {
  readonly reserve: OrderReserve<NotedOrder['record']>;
  readonly journal: Pick<Journal<unknown>, 'lastSeq'>;
  /** Of those in the reserve, what the journal of the run before lacks. */
  readonly lacked: readonly NotedOrder[];
  /** As that left it. */
  readonly fleet: Fleet;
  readonly nodes: readonly NodeSpec[];
}

/**
 * Orders that the journal of the run before did not take become records of this one, right behind its start: that pauses the
 * waves, and before it the end of a job would have armed the next of its wave. They are noted under their new numbers first:
 * what the journal then has on disk is never taken over a second time.
 */
export async function readLeftOrders(found: FoundOrders): Promise<Result<LeftOrders>> {
  const { reserve, journal, lacked } = found;
  // What is not lacked the journal has: the run before ended before it could strike it out.
  if (lacked.length === 0) {
    if (reserve.found.length > 0) await reserve.keep([]);
    return ok({ ahead: [], behind: [], waiting: [], notes: [] });
  }
  const placed = withoutLifted(lacked.map((one) => ({ was: one, ...placeOf(one, found) })));
  const of = (place: Place) => placed.flatMap((one) => (one.place === place ? [one.order] : []));
  const first = journal.lastSeq() + 2;
  const ahead = of('ahead').map((one, at) => ({ ...one, seq: first + at }));
  const behind = of('behind').map((one, at) => ({ ...one, seq: first + ahead.length + 1 + at }));
  const waiting = of('waiting').map((one) => ({ ...one, seq: IN_NO_JOURNAL }));
  const all = [...waiting, ...ahead, ...behind];
  const noted = await reserve.keep(all);
  if (!noted.ok)
    return fail(
      `${noted.error}. There is no start without the orders of the run before, which lie there: ${tell(placed)}`,
    );
  const known = new Set<NotedOrder>(all.slice(0, noted.value));
  const withNote = (one: NotedOrder): Left => (known.has(one) ? { ...one, notedAs: one.seq } : one);
  return ok({
    ahead: ahead.map(withNote),
    behind: behind.map(withNote),
    waiting: waiting.map(withNote),
    notes: notesOf(placed),
  });
}

type Place = 'ahead' | 'behind' | 'waiting';

interface Placed {
  readonly was: NotedOrder;
  readonly order: NotedOrder;
  readonly place: Place;
}

/** Where its name means the machine that it meant when it was given. */
function placeOf(one: NotedOrder, { fleet, nodes }: FoundOrders): Omit<Placed, 'was'> {
  const { record, machine } = one;
  if (!isNodeOrder(record) || (machine === undefined && nodeOf(fleet, record.node) !== undefined))
    return { order: one, place: 'ahead' };
  const named = inFiles(one, nodes);
  if (named !== undefined) return { order: named, place: 'behind' };
  // Its file is gone. By the name that the journal has for it, it leaves held or protected, and comes back so.
  const isIt = ({ spec }: NodeState): boolean => machine !== undefined && sameMachine(spec, { identity: machine });
  const [known, ...others] = [...valuesOf(fleet.nodes)].filter(isIt);
  if (known !== undefined && others.length === 0) return { order: withName(one, record, known.name), place: 'ahead' };
  // Whom nobody knows has no job, and gets none by its file.
  return { order: one, place: ENDS_JOBS.has(standingOrder(record)?.what) ? 'ahead' : 'waiting' };
}

const ENDS_JOBS: ReadonlySet<string | undefined> = new Set(['cancel', 'refused arming']);

/** What waits forbids, and is not lifted: who comes much later is freed of nothing by what was said here. */
function withoutLifted(placed: readonly Placed[]): readonly Placed[] {
  const orders = placed.map(({ order }) => standingOrder(order.record));
  const isOver = (at: number): boolean => {
    const one = orders[at];
    if (one === undefined || LIFTS[one.what] !== undefined) return true;
    return orders.some((later, n) => n > at && later !== undefined && undoes(later, one));
  };
  return placed.filter(({ place }, at) => place !== 'waiting' || !isOver(at));
}

function notesOf(placed: readonly Placed[]): readonly string[] {
  const taken = tell(placed.filter(({ place }) => place !== 'waiting'));
  const waiting = tell(placed.filter(({ place }) => place === 'waiting'));
  return [
    ...(taken === '' ? [] : [`taken over from the run before, which could not save it in its journal: ${taken}`]),
    ...(waiting === ''
      ? []
      : [
          `NOT taken over from the run before, as no file of the inventory has that name: ${waiting}; kept in orders.reserve, and obeyed as soon as one has it`,
        ]),
  ];
}

function tell(placed: readonly Placed[]): string {
  const orders = placed.flatMap(({ was, order: { record } }) => {
    const order = standingOrder(record);
    const given = standingOrder(was.record)?.of;
    if (order === undefined) return [];
    return [order.of === given ? order : { ...order, of: `${order.of} (given as ${given})` }];
  });
  return tellUnkept(latestOrders(orders), 40);
}

/** In the turn in which the start was told, so that nothing comes between. Returns all of them as this run has them. */
export function takeOverOrders(
  engine: Pick<Engine, 'emit' | 'follow'>,
  journal: Pick<Journal<unknown>, 'lastSeq'>,
  { ahead, behind, waiting }: Omit<LeftOrders, 'notes'>,
  loaded: EventBody,
): readonly FoundOrder[] {
  let seq = 0;
  const unfollow = engine.follow((event) => {
    if (standingOrder(event) !== undefined) seq = journal.lastSeq();
  });
  const give = (one: Left): FoundOrder => {
    const { time: _given, ...body } = one.record;
    engine.emit(body);
    return { ...one, seq };
  };
  const first = ahead.map(give);
  engine.emit(loaded);
  const all = [...waiting, ...first, ...behind.map(give)];
  unfollow();
  return all;
}

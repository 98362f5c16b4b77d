import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { reduce } from '../core/reduce.ts';
import { ok, type Result } from '../core/result.ts';
import { standingOrder } from '../core/standing-order.ts';
import { latestOrders, tellUnkept } from '../core/unkept.ts';
import type { Journal } from '../store/open-journal.ts';
import type { OrderReserve, Reserved } from '../store/order-reserve.ts';

export interface TakenOver {
  readonly fleet: Fleet;
  /** Under their numbers of this run. */
  readonly orders: readonly Reserved<Event>[];
  readonly notes: readonly string[];
}

/**
 * Orders that the journal of the run before did not take become records of this one, behind all that it has. They are
 * noted under their new numbers first: what the journal then has on disk is never taken over a second time.
 */
export async function takeOverOrders(
  reserve: OrderReserve<Event>,
  journal: Journal<Event>,
  before: Fleet,
): Promise<Result<TakenOver>> {
  const left = reserve.found.filter(({ seq }) => seq > journal.found.lastSeq);
  const first = journal.lastSeq() + 1;
  const orders = left.map(({ record }, at) => ({ seq: first + at, record }));
  if (orders.length === 0) {
    // The journal has them: the run before ended before it could strike them out.
    if (reserve.found.length > 0) await reserve.keep([]);
    return ok({ fleet: before, orders: [], notes: [] });
  }
  const noted = await reserve.keep(orders);
  if (!noted.ok) return noted;
  let fleet = before;
  for (const { record } of orders) {
    journal.append(record);
    [fleet] = reduce(fleet, record);
  }
  const told = latestOrders(orders.flatMap(({ record }) => standingOrder(record) ?? []));
  const text = `taken over from the run before, which could not save it in its journal: ${tellUnkept(told, 40)}`;
  return ok({ fleet, orders, notes: [text] });
}

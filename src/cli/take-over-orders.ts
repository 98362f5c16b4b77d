import type { Event } from '../core/event.ts';
import { ok, type Result } from '../core/result.ts';
import { standingOrder } from '../core/standing-order.ts';
import { latestOrders, tellUnkept } from '../core/unkept.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { Journal } from '../store/open-journal.ts';
import type { OrderReserve, Reserved } from '../store/order-reserve.ts';

export interface LeftOrders {
  /** Under the numbers that they get in the journal of this run. */
  readonly orders: readonly Reserved<Event>[];
  readonly notes: readonly string[];
}

/**
 * Orders that the journal of the run before did not take become records of this one, right behind its start: that pauses the
 * waves, and before it the end of a job would have armed the next of its wave. They are noted under their new numbers first:
 * what the journal then has on disk is never taken over a second time.
 */
export async function readLeftOrders(
  reserve: OrderReserve<Event>,
  journal: Pick<Journal<Event>, 'found' | 'lastSeq'>,
): Promise<Result<LeftOrders>> {
  const left = reserve.found.filter(({ seq }) => seq > journal.found.lastSeq);
  const first = journal.lastSeq() + 2;
  const orders = left.map(({ record }, at) => ({ seq: first + at, record }));
  if (orders.length === 0) {
    // The journal has them: the run before ended before it could strike them out.
    if (reserve.found.length > 0) await reserve.keep([]);
    return ok({ orders: [], notes: [] });
  }
  const noted = await reserve.keep(orders);
  if (!noted.ok) return noted;
  const told = latestOrders(orders.flatMap(({ record }) => standingOrder(record) ?? []));
  const text = `taken over from the run before, which could not save it in its journal: ${tellUnkept(told, 40)}`;
  return ok({ orders, notes: [text] });
}

/** In the turn in which the start was told, so that nothing comes between. Returns those that are noted as they stand. */
export function takeOverOrders(
  engine: Pick<Engine, 'emit'>,
  journal: Pick<Journal<Event>, 'lastSeq'>,
  orders: readonly Reserved<Event>[],
): readonly Reserved<Event>[] {
  return orders.filter(({ seq, record }) => {
    const { time: _given, ...body } = record;
    engine.emit(body);
    return journal.lastSeq() === seq;
  });
}

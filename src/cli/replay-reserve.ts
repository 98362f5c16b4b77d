import type { Event } from '../core/event.ts';
import { lackedOrders } from '../core/noted-order.ts';
import { standingOrder } from '../core/standing-order.ts';
import { latestOrders, tellUnkept } from '../core/unkept.ts';
import { readOrderReserve } from '../store/order-reserve.ts';
import { isEvent, type Recorded } from './replay-event.ts';

/** Orders that lie beside a journal. */
export interface NotedBeside {
  readonly orders: readonly Recorded[];
  /** Why they could not be read. */
  readonly problem?: string;
}

/** What the next start takes over, if the journal has not got it by then. */
export async function readReserve(dir: string): Promise<NotedBeside> {
  const read = await readOrderReserve<unknown>(dir);
  if (!read.ok)
    return { orders: [], problem: `orders that may be noted beside the journal are not shown: ${read.error}` };
  return { orders: read.value.flatMap(({ seq, record }) => (isEvent(record) ? [{ seq, event: record }] : [])) };
}

/** What of them is neither in these records nor known up to that number. */
export function besideOf({ orders }: NotedBeside, records: readonly Recorded[], knownSeq: number): readonly Event[] {
  const noted = orders.map(({ seq, event }) => ({ seq, record: event }));
  const lacked = lackedOrders(noted, knownSeq);
  for (const { seq, event } of records) lacked.see(seq, event);
  return lacked.left().map(({ record }) => record);
}

export function tellBeside(orders: readonly Recorded[]): string {
  const told = latestOrders(orders.flatMap(({ event }) => standingOrder(event) ?? []));
  return `noted beside the journal, which did not take them, and known to the next start: ${tellUnkept(told, 40)}`;
}

import type { Event } from '../core/event.ts';
import { standingOrder } from '../core/standing-order.ts';
import { keyOf, latestOrders, type UnkeptOrder } from '../core/unkept.ts';
import type { Engine } from './create-engine.ts';

export interface OrderJournal {
  /** Of what was given to it last. */
  lastSeq(): number;
  durableSeq(): number;
  state(): { readonly kind: string };
  onState(listener: (state: { readonly kind: string }) => void): () => void;
}

/** Which orders would not be known after the program ended now. */
export interface OrderKeeper {
  readonly unkept: () => readonly UnkeptOrder[];
  /** Begins to look and to tell; returns how to stop. What was given until then stays known. */
  readonly follow: () => () => void;
}

interface Given {
  readonly seq: number;
  readonly order: UnkeptOrder;
}

/** Follows what is ordered and what the disk takes, so that screens say what a stop would lose. */
export function keepOrders(engine: Engine, journal: OrderJournal): OrderKeeper {
  let given: Given[] = [];
  let told = '';
  let due: NodeJS.Immediate | undefined;
  const forgetSaved = (): void => {
    const durable = journal.durableSeq();
    if ((given[0]?.seq ?? Number.POSITIVE_INFINITY) <= durable) given = given.filter(({ seq }) => seq > durable);
  };
  const unkept = (): readonly UnkeptOrder[] => {
    forgetSaved();
    return latestOrders(given.map(({ order }) => order));
  };
  const tell = (): void => {
    due = undefined;
    if (engine.fleet().saving.is !== 'failing') return;
    const orders = unkept();
    const now = orders.map(keyOf).join('\n');
    if (now === told) return;
    told = now;
    engine.emit({ type: 'store.ordersUnkept', orders });
  };
  // Of a thousand that are held together one event tells.
  const tellSoon = (): void => {
    due ??= setImmediate(tell);
  };
  const take = (event: Event): void => {
    const order = standingOrder(event);
    if (order === undefined) return;
    forgetSaved();
    given.push({ seq: journal.lastSeq(), order });
    if (journal.state().kind !== 'saving') tellSoon();
  };
  return {
    unkept,
    follow: () => {
      const stops = [
        engine.follow(take),
        journal.onState(({ kind }) => {
          if (kind === 'saving') told = '';
          else if (given.length > 0) tellSoon();
        }),
      ];
      return () => {
        if (due !== undefined) clearImmediate(due);
        for (const stop of stops) stop();
      };
    },
  };
}

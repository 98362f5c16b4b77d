/** An order that stands until it is taken back, as it is told while it would not outlive the program. */
export interface UnkeptOrder {
  readonly what: OrderWord;
  /** The machine or the wave; absent: the site. */
  readonly of?: string;
}

export type OrderWord =
  | 'PANIC'
  | 'end of PANIC'
  | 'discovery off'
  | 'lock closed'
  | 'cancel'
  | 'hold'
  | 'release'
  | 'protect'
  | 'unprotect'
  | 'pause of wave'
  | 'cancel of wave'
  | 'refused arming'
  | 'refused wave';

/** What lifts, and what it lifts. */
export const LIFTS: Readonly<Partial<Record<OrderWord, OrderWord>>> = {
  'end of PANIC': 'PANIC',
  release: 'hold',
  unprotect: 'protect',
};

/** What the same subject was told before is over with these. */
const OPPOSITES: Readonly<Partial<Record<OrderWord, OrderWord>>> = {
  ...LIFTS,
  PANIC: 'end of PANIC',
  hold: 'release',
  protect: 'unprotect',
};

/** The same once more, or what takes it back. */
export function undoes(later: UnkeptOrder, before: UnkeptOrder): boolean {
  if (later.of !== before.of) return false;
  return later.what === before.what || OPPOSITES[later.what] === before.what;
}

export interface GivenOrder extends UnkeptOrder {
  /** It forbids what nothing forbade before it: without it nothing has to be lifted. */
  readonly isNew?: boolean;
}

/**
 * Each once, and of two that undo each other the later one: as the operator has it in mind. What lifts an order that is
 * among them, and was new, is not: whoever does not know that order has nothing to lift.
 */
export function latestOrders(orders: readonly GivenOrder[]): readonly UnkeptOrder[] {
  const latest = new Map<string, GivenOrder>();
  for (const order of orders) {
    const opposite = OPPOSITES[order.what];
    const undone = opposite === undefined ? undefined : keyOf({ ...order, what: opposite });
    const before = latest.get(undone ?? '');
    const same = latest.get(keyOf(order));
    latest.delete(undone ?? '');
    latest.delete(keyOf(order));
    const lifts = LIFTS[order.what] !== undefined;
    if (lifts && before?.isNew === true) continue;
    // Forbidden again, what only an order among these had lifted.
    const isNew = before === undefined && (same ?? order).isNew === true;
    latest.set(keyOf(order), { ...order, isNew });
  }
  return [...latest.values()].map(({ isNew: _isNew, ...order }) => order);
}

export const keyOf = ({ what, of }: UnkeptOrder): string => `${what} ${of ?? ''}`;

/** `PANIC; cancel n02, n05; hold n01`, at most so many names of each. */
export function tellUnkept(orders: readonly UnkeptOrder[], mostNames = 2_000): string {
  const byWord = new Map<OrderWord, string[]>();
  for (const { what, of } of orders) {
    const names = byWord.get(what) ?? [];
    if (of !== undefined) names.push(of);
    byWord.set(what, names);
  }
  return [...byWord]
    .map(([what, names]) => (names.length === 0 ? what : `${what} ${list(names, mostNames)}`))
    .join('; ');
}

function list(names: readonly string[], most: number): string {
  const left = names.length - most;
  return left > 0 ? `${names.slice(0, most).join(', ')} and ${left} more` : names.join(', ');
}

/** One sentence, and the same words wherever there is room for them. */
export const unkeptText = (orders: readonly UnkeptOrder[], mostNames?: number): string =>
  `NOT SAVED, lost if the engine ends now: ${tellUnkept(orders, mostNames)}`;

/** A fleet, as far as it matters here. */
interface Saved {
  readonly saving: { readonly is: string; readonly unkept?: readonly UnkeptOrder[] };
}

export const unkeptIn = ({ saving }: Saved): readonly UnkeptOrder[] => saving.unkept ?? [];

/** Of the site without a name. */
export const isUnkept = (fleet: Saved, what: OrderWord, of?: string): boolean =>
  unkeptIn(fleet).some((one) => one.what === what && one.of === of);

/** Orders to this machine: `hold, protect`. */
export function unkeptOf(fleet: Saved, node: string): string | undefined {
  const words = unkeptIn(fleet).flatMap(({ what, of }) => (of === node && !what.endsWith('wave') ? [what] : []));
  return words.length === 0 ? undefined : words.join(', ');
}

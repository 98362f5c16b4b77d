import { keyOf, LIFTS, type UnkeptOrder } from './unkept.ts';

/**
 * Which of these may be noted without all that happened between them. What forbids, always. What lifts that again only
 * behind what it lifts: alone it might free a machine of something that was found out meanwhile and is not noted.
 */
export function keepable<T>(given: readonly T[], orderOf: (one: T) => UnkeptOrder): readonly T[] {
  const forbidden = new Set<string>();
  return given.filter((one) => {
    const order = orderOf(one);
    const lifts = LIFTS[order.what];
    if (lifts !== undefined) return forbidden.has(keyOf({ ...order, what: lifts }));
    forbidden.add(keyOf(order));
    return true;
  });
}

import { keyOf, LIFTS, type UnkeptOrder } from '../core/unkept.ts';

interface Ranked {
  readonly order: UnkeptOrder;
  /** Its machine had a job, or a place in a wave. */
  readonly ofArmed: boolean;
}

/** A thousand of them fill the notes. What lifts stays behind what it lifts. */
export function mostUrgentFirst<T extends Ranked>(orders: readonly T[]): readonly T[] {
  const ranks = new Map<string, number>();
  const subjectOf = ({ order }: Ranked): string => keyOf({ ...order, what: LIFTS[order.what] ?? order.what });
  for (const one of orders) {
    const subject = subjectOf(one);
    ranks.set(subject, Math.min(ranks.get(subject) ?? Number.POSITIVE_INFINITY, rankOf(one)));
  }
  const ranked = orders.map((one) => ({ one, rank: ranks.get(subjectOf(one)) ?? 0 }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ one }) => one);
}

/**
 * What forbids everything, then what ends jobs, then what else concerns armed machines: without these the next start arms
 * whom a person disarmed. A refusal means its own job alone, whenever it is told.
 */
function rankOf({ order, ofArmed }: Ranked): number {
  switch (order.what) {
    case 'cancel':
      return 1;
    case 'hold':
    case 'release':
    case 'protect':
    case 'unprotect':
      return ofArmed ? 2 : 3;
    case 'refused arming':
    case 'refused wave':
      return 4;
    default:
      return 0;
  }
}

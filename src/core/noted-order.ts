import type { Event, EventBody } from './event.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { sameMachine } from './identity.ts';
import type { IdentitySpec, NodeSpec } from './spec.ts';
import { standingOrder } from './standing-order.ts';
import { undoes } from './unkept.ts';

/** An order that is noted beside the journal, which has not got it. */
export interface NotedOrder {
  /** Its number there, if it gets there: whatever says the same or takes it back has this number or a higher one. */
  readonly seq: number;
  readonly record: Event;
  /** Whom its name means, where that may be in no inventory that the journal has. */
  readonly machine?: IdentitySpec;
}

/** Above all numbers of a journal: of what waits for a machine that no file names. */
export const IN_NO_JOURNAL = Number.MAX_SAFE_INTEGER;

export interface LackedOrders {
  /** Each record of the journal, in order, with the fleet after it: nobody is held whom it does not know. */
  readonly see: (seq: number, record: EventBody, fleet?: Fleet) => void;
  /** Those that nothing of it says or takes back. */
  readonly left: () => readonly NotedOrder[];
}

/**
 * Which of these a journal lacks. A number that it has passed is no proof: each start that fails leaves a record of its own
 * there. `knownSeq`: what the state before those records knows, as a snapshot is saved only by who has taken them over.
 */
export function lackedOrders(noted: readonly NotedOrder[], knownSeq: number): LackedOrders {
  let left = noted.filter(({ seq }) => seq > knownSeq);
  const isSaidBy = (seq: number, later: EventBody, one: NotedOrder): boolean => {
    const [order, before] = [standingOrder(later), standingOrder(one.record)];
    return seq >= one.seq && order !== undefined && before !== undefined && undoes(order, before);
  };
  return {
    see: (seq, record, fleet) => {
      if (left.length === 0 || standingOrder(record) === undefined) return;
      if (fleet !== undefined && isNodeOrder(record) && nodeOf(fleet, record.node) === undefined) return;
      left = left.filter((one) => !isSaidBy(seq, record, one));
    },
    left: () => left,
  };
}

type NodeOrder = Extract<
  Event,
  {
    readonly type:
      | 'operator.cancelled'
      | 'operator.held'
      | 'operator.released'
      | 'operator.protected'
      | 'operator.unprotected'
      | 'job.refused';
  }
>;

export function isNodeOrder(record: EventBody): record is NodeOrder {
  return 'node' in record && standingOrder(record) !== undefined;
}

/** As these files name its machine, whose file may have another name since, or have exchanged its name with another one. */
export function inFiles(one: NotedOrder, nodes: readonly NodeSpec[]): NotedOrder | undefined {
  const { record, machine } = one;
  if (!isNodeOrder(record)) return one;
  const named = nodes.find(({ name }) => name === record.node);
  if (machine === undefined) return named === undefined ? undefined : one;
  if (named !== undefined && sameMachine(named, { identity: machine })) return one;
  const [renamed, ...others] = nodes.filter((spec) => sameMachine(spec, { identity: machine }));
  if (renamed !== undefined && others.length === 0) return withName(one, record, renamed.name);
  return named === undefined ? undefined : one;
}

export const withName = (one: NotedOrder, record: NodeOrder, node: string): NotedOrder => ({
  ...one,
  record: { ...record, node },
});

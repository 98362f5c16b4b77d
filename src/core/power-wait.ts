import type { EventOf } from './event.ts';
import { newest } from './newest.ts';
import type { NodeState, PowerWait } from './node.ts';

/** Whoever hammers at a key learns of the last ones. */
const WAITS_KEPT = 8;

/** An operator ordered it: from now on it is told, though nothing was sent to the BMC yet. */
export function powerOrdered(node: NodeState, event: EventOf<'operator.poweredBy'>): NodeState {
  const { action, by, time, order } = event;
  const wait: PowerWait = { action, by: by.user, at: time, ...(order === undefined ? {} : { order }) };
  return { ...node, powerWaits: newest(node.powerWaits ?? [], wait, WAITS_KEPT) };
}

/** The one of them that is next to be sent. */
export const powerWaiting = ({ powerWaits }: NodeState): PowerWait | undefined =>
  powerWaits?.find(({ sentAt }) => sentAt === undefined);

/** Orders to one BMC wait for each other: what was sent before it is over. */
export function powerSent(node: NodeState, { job, time }: EventOf<'bmc.powerAsked'>): NodeState {
  const sent = job === undefined ? powerWaiting(node) : undefined;
  if (sent === undefined) return node;
  return withWaits(
    node,
    (node.powerWaits ?? [])
      .filter((one) => one.sentAt === undefined)
      .map((one) => (one === sent ? { ...one, sentAt: time } : one)),
  );
}

/** Where a power order fails that was not sent, or was. What else is asked of a BMC fails in steps of its own. */
const STEPS: ReadonlySet<string> = new Set(['open', 'power', 'driver']);

type End = EventOf<'bmc.resetDone' | 'bmc.powerFound' | 'bmc.failed'>;

/** The end of one is that of those before it too: they were given to the BMC in this order. */
export function powerEnded(node: NodeState, event: End): NodeState {
  const { powerWaits = [] } = node;
  if (powerWaits.length === 0 || event.job !== undefined) return node;
  if (event.type === 'bmc.failed' && event.order === undefined && !STEPS.has(event.step)) return node;
  // Whoever only looks fails to open it too, and says so without an order.
  const isIts = event.order === undefined && !(event.type === 'bmc.failed' && event.step === 'open');
  const ended = powerWaits.findIndex(({ order }) => isIts || order === event.order);
  return ended < 0 ? node : withWaits(node, powerWaits.slice(ended + 1));
}

/** What waited ended with the program: nobody gives it to the BMC any more. */
export const powerForgotten = (node: NodeState): NodeState =>
  node.powerWaits === undefined ? node : withWaits(node, []);

function withWaits({ powerWaits: _before, ...rest }: NodeState, waits: readonly PowerWait[]): NodeState {
  return waits.length === 0 ? rest : { ...rest, powerWaits: waits };
}

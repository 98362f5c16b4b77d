import type { PowerAction } from './bmc.ts';
import type { EventOf } from './event.ts';
import type { NodeState } from './node.ts';
import { powerSent, powerWaiting } from './power-wait.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from './time.ts';

/** A BMC may say that a reset is done, and do it a moment later. */
const CUT_WITHIN_MS = 5 * SECOND_MS;
/** No order is patient with a BMC for longer. */
const UNDER_WAY_MS = 15 * MINUTE_MS;
/** As long as a driver looks at a BMC and then waits for it to do what it took; nobody is there to hear of it. */
const LOST_MS = 2 * MINUTE_MS;

/** To switch on what is off cuts nothing, and what was under way before has come to its end. */
export function powerAsked(before: NodeState, event: EventOf<'bmc.powerAsked'>): NodeState {
  const { action, time: at, spares, job } = event;
  const by = job === undefined ? powerWaiting(before)?.by : undefined;
  const node = powerSent(before, event);
  if (action === 'on') return powerRefused(node);
  const powerOrder: NodeState['powerOrder'] = {
    askedAt: at,
    action,
    ...(by === undefined ? {} : { by }),
    ...(job === undefined ? {} : { job }),
    ...(spares === undefined ? {} : { spares }),
  };
  return { ...cutByOrder(node, at, spares), powerOrder };
}

/** A BMC that has switched on what was off has come to the end of what it took before, and of what was lost. */
export function powerDone(node: NodeState, action: PowerAction, askedAt: TimeMs, at: TimeMs): NodeState {
  const spares = node.powerOrder?.spares;
  const sparing = spares === undefined ? {} : { spares };
  if (action !== 'on') return { ...cutByOrder(node, at, spares), powerOrder: { askedAt, ...sparing, doneAt: at } };
  return node.powerOrder?.doneAt === undefined ? withoutOrder(node) : node;
}

/** That this boot ends says nothing against its machine. */
function cutByOrder(node: NodeState, at: TimeMs, spares: true | undefined): NodeState {
  const spared = spares === undefined ? {} : { spared: spares };
  return node.attempt === undefined ? node : { ...node, attempt: { ...node.attempt, orderedAt: at, ...spared } };
}

/** A boot that begins meanwhile waits for its script, and may be cut before it has it. */
export const sparesBoot = (node: NodeState, at: TimeMs): boolean =>
  node.powerOrder?.spares === true && node.powerOrder.doneAt === undefined && cutReason(node, at) !== undefined;

/** It was refused or broken off. One that was carried out before that still cuts, and one that was lost may. */
export const powerRefused = (node: NodeState): NodeState => (isUnderWay(node) ? withoutOrder(node) : node);

/** Nothing was sent: the power was as it was to be, and what boots goes on. */
export function powerUnsent(node: NodeState): NodeState {
  if (!isUnderWay(node) || node.attempt === undefined) return powerRefused(node);
  const { orderedAt: _unsent, spared: _counts, ...attempt } = node.attempt;
  return powerRefused({ ...node, attempt });
}

/** Nobody heard what became of it: the BMC fell silent, or the program ended or let go of it. It may be carried out yet. */
export function powerLost(node: NodeState, at: TimeMs, lostWhy: string): NodeState {
  const { powerOrder } = node;
  if (powerOrder === undefined || !isUnderWay(node)) return node;
  return { ...node, powerOrder: { ...powerOrder, lostAt: at, lostWhy } };
}

const isUnderWay = ({ powerOrder }: NodeState): boolean =>
  powerOrder !== undefined && powerOrder.doneAt === undefined && powerOrder.lostAt === undefined;

/** A script went out: nothing is to be feared of it any more. A line that is told twice says nothing of that. */
export const powerAnswered = (node: NodeState, at: TimeMs): NodeState =>
  cutReason(node, at) === undefined ? withoutOrder(node) : node;

function withoutOrder(node: NodeState): NodeState {
  if (node.powerOrder === undefined) return node;
  const { powerOrder: _over, ...rest } = node;
  return rest;
}

/** Until then the BMC may carry out an order that it did not answer; after that whatever boots goes on. */
export function heldUntil({ askedAt, lostAt }: NonNullable<NodeState['powerOrder']>): TimeMs {
  return lostAt === undefined ? askedAt + UNDER_WAY_MS : Math.max(askedAt + LOST_MS, lostAt + CUT_WITHIN_MS);
}

/**
 * A script that went out to a boot which our own power order then cuts is lost: the wipe in it goes out once, and the
 * next boot would halt on the disk that nobody wiped. Firmware that asks after the reset is in the boot after it; after
 * an order that was lost it may as well be in the boot before.
 */
export function cutReason({ attempt, powerOrder }: NodeState, at: TimeMs): string | undefined {
  if (powerOrder === undefined) return undefined;
  const { doneAt, lostAt } = powerOrder;
  if (doneAt === undefined) {
    if (at >= heldUntil(powerOrder)) return undefined;
    return lostAt === undefined
      ? 'its power is being switched: this boot is about to end'
      : 'nobody knows whether its power is yet to be switched: this boot may be about to end';
  }
  const isNew = attempt?.way.some((step) => step.phase === 'firmware' && step.at > doneAt) === true;
  return isNew || at - doneAt >= CUT_WITHIN_MS
    ? undefined
    : 'its power was switched just now: this may be the boot before';
}

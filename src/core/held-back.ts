import { type Fleet, putNode } from './fleet.ts';
import { failing } from './lifecycle/move.ts';
import { place } from './lifecycle/override-ignored.ts';
import type { NodeState } from './node.ts';
import { valuesOf } from './shard-map.ts';
import type { TimeMs } from './time.ts';

/**
 * What PANIC kept from a machine is not given to it by the end of PANIC: by then nobody may look at it any more. It says
 * so, and waits for a retry.
 */
export const isHeldBack = ({ job, health }: NodeState): boolean =>
  job !== undefined && health.is === 'stalled' && health.code === 'HELD_BACK';

/** Whom a release of PANIC would leave waiting for a retry. */
export const waitsForRetry = (fleet: Fleet): readonly NodeState[] =>
  [...valuesOf(fleet.nodes)].filter((node) => isHeldBack(node) || isTurnedAway(fleet, node));

/** PANIC ends. Whom it sent to its disk may stand in its firmware for good: no limit ends that wait. */
export function tellTurnedAway(fleet: Fleet, at: TimeMs): Fleet {
  const detail = 'it asked for its network boot while the panic key was pressed, and was sent to its disk';
  return [...valuesOf(fleet.nodes)]
    .filter((node) => isTurnedAway(fleet, node))
    .reduce((told, node) => putNode(told, failing(node, 'stalled', 'HELD_BACK', detail, at)), fleet);
}

function isTurnedAway({ switches: { panic } }: Fleet, { job, phase, health }: NodeState): boolean {
  if (panic === undefined || phase.since < panic.since || health.is !== 'ok') return false;
  if (job === undefined || job.spentAt !== undefined || job.suspended !== undefined) return false;
  return isSentAway({ phase });
}

/** By its script, by no loader, or by an offer that never comes. */
function isSentAway({ phase }: Pick<NodeState, 'phase'>): boolean {
  if (phase.is === 'script') return phase.answer === 'local';
  if (phase.is === 'ipxe' && (phase.address !== undefined || phase.bootstrap === true)) return false;
  if (phase.is !== 'firmware' && phase.is !== 'ipxe') return false;
  return phase.offered === undefined && phase.lacks === undefined;
}

/**
 * What kept it from its job is over. Nothing is powered by that alone: a person has to begin its boot anew. One that is on
 * its way to its script gets what it is for.
 */
export function askedToBoot(node: NodeState): NodeState {
  return isSentAway(node) ? withBootAsk(node) : node;
}

/** Released by a person: nothing was sent to its BMC while its job was suspended or PANIC was on. */
export function afterRelease(node: NodeState, wasHeld: boolean): NodeState {
  return wasHeld || node.phase.is === 'down' ? withBootAsk(node) : askedToBoot(node);
}

function withBootAsk(node: NodeState): NodeState {
  const { job, spec } = node;
  if (job === undefined || job.spentAt !== undefined) return node;
  return { ...node, ask: spec.bmc === undefined ? bootByHand(node) : retryAsk(node) };
}

function retryAsk(node: NodeState): string {
  const retry = `\`crashcart retry ${node.name}\``;
  if (isSentAway(node)) return `it was sent to its disk meanwhile: ${retry} orders its network boot again`;
  if (node.phase.is === 'down') return `its job waits for a network boot: ${retry} orders it`;
  return `its boot order was held back meanwhile: ${retry} gives it again`;
}

export const bootByHand = (node: NodeState): string => `power-cycle ${place(node)} now, F12 for network`;

import { type Fleet, putNode } from './fleet.ts';
import { failing } from './lifecycle/move.ts';
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
  if (phase.is === 'script') return phase.answer === 'local';
  return phase.is === 'firmware' && phase.offered === undefined && phase.lacks === undefined;
}

import { wipesNow } from '../attempt.ts';
import type { NodeState } from '../node.ts';
import type { TimeMs } from '../time.ts';
import { withJob } from './move.ts';
import { NETWORK_BOOT } from './override-ignored.ts';

/**
 * A BMC that is slow or has much to do gets the order for the boot that installs when this boot has begun already: the
 * firmware took the order, and what reads back is "none". That is no refusal, and to power such a machine off would cut
 * its installation off. Undefined: this failure is of another order, or nothing of that boot was seen.
 */
export function orderWasTaken(node: NodeState): NodeState | undefined {
  const { job, phase, health } = node;
  // An order that is given again says so in the health, and closes the attempt or powers off: its failure counts.
  if (job?.secondOverrideAt === undefined || job.override !== 'asked') return undefined;
  if (health.is !== 'ok' && health.is !== 'late') return undefined;
  if (bootedSince(node, job.secondOverrideAt)) return withJob(node, { override: 'cleared' });
  // Not yet: it wipes, or is in POST, perhaps untold. Taken or dropped, that shows when it asks or stays silent after its
  // reset; then its BMC is read once more.
  const resets = wipesNow(node) || (phase.is === 'rebooting' && phase.after === 'wipe');
  return resets ? withJob(node, { override: 'set' }) : undefined;
}

function bootedSince({ attempt, job }: NodeState, orderedAt: TimeMs): boolean {
  if (attempt === undefined || attempt.openedAt < orderedAt || attempt.number === job?.wipeAttempt) return false;
  return attempt.way.some(({ phase }) => NETWORK_BOOT.has(phase));
}

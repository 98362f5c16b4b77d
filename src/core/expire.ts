import { spentUnseen } from './attempt.ts';
import { withHealth } from './health.ts';
import { endJob, type JobEnd } from './job-end.ts';
import type { NodeState } from './node.ts';
import { endsAt } from './past-expiry.ts';
import { expiredText } from './silence.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** So long a foreign installer may take; then its job ends without anybody knowing how it went. */
const FOREIGN_MS = 60 * MINUTE_MS;

/** A rescue of another system fetches what it still needs within this of its last request; then its job has done its work. */
const RESCUE_QUIET_MS = 5 * MINUTE_MS;

/** Talos says when it is up (`settleJob`); of another system nothing is heard but that it asks for an address. */
function rescueDoneAt({ job, attempt }: NodeState): TimeMs | undefined {
  const isUp = job?.kind === 'rescue' && attempt?.answered === 'rescue' && attempt.cameUp;
  return isUp && job.plan.version === undefined ? attempt.lastActivityAt + RESCUE_QUIET_MS : undefined;
}

/** When its job ends by itself, whatever its boot does. */
export function expiryAt(node: NodeState): TimeMs | undefined {
  const job = node.job;
  if (job?.plan.foreign === true && job.spentAt !== undefined) return job.spentAt + FOREIGN_MS;
  // An install that has begun is not broken off by its expiry.
  if (job === undefined || job.spentAt !== undefined) return undefined;
  const until = endsAt(node, job);
  return Math.min(until, rescueDoneAt(node) ?? until);
}

/**
 * What has begun by all signs is not broken off; a rescue that came up has done what it was for. `unknown`: why nobody knows
 * whether its time is over.
 */
export function expire(node: NodeState, at: TimeMs, unknown?: string): JobEnd {
  if (node.job?.plan.foreign === true && node.job.spentAt !== undefined) return unheardOf(node, at);
  const begun = spentUnseen(node.job, node.attempt, at);
  if (begun !== undefined) return { node: { ...node, job: begun }, effects: [] };
  if (node.job?.kind === 'rescue' && node.attempt?.answered === 'rescue' && node.attempt.cameUp)
    return endJob(node, 'done', at);
  const ended = endJob(node, 'expired', at, 'JOB_EXPIRED');
  const detail = expiredText(node, at, unknown);
  const failed = withHealth(ended.node, { is: 'failed', code: 'JOB_EXPIRED', since: at, detail });
  return { node: failed, effects: ended.effects };
}

/** To call it done would be a guess, to call it failed another one. */
function unheardOf(node: NodeState, at: TimeMs): JobEnd {
  const ended = endJob(node, 'expired', at, 'NOT_SEEN_AGAIN');
  const detail = `handed over ${Math.round(FOREIGN_MS / MINUTE_MS)} minutes ago and not seen to boot its disk; look at the machine`;
  return {
    node: withHealth(ended.node, { is: 'late', code: 'NOT_SEEN_AGAIN', since: at, detail }),
    effects: ended.effects,
  };
}

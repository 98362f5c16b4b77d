import type { Effect } from './effect.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { WRITES_DISK } from './job.ts';
import type { NodeState } from './node.ts';
import { endsAt } from './past-expiry.ts';
import { isProtected } from './protection.ts';
import { fail, ok, type Result } from './result.ts';
import type { TimeMs } from './time.ts';

/**
 * A machine whose boot could fetch no configuration (a UKI takes no arguments) gets it by its API when it stands in
 * maintenance mode: that of its job, once in each attempt. A complete one starts the install at once.
 */
export interface ApplyToAttempt {
  readonly node: string;
  readonly job: string;
  readonly attempt: number;
  readonly configHash: string;
}

type Ordered = { readonly node: NodeState; readonly effects: readonly Effect[] };

export function orderConfig(node: NodeState, address: string, at: TimeMs): Ordered {
  const { job, attempt } = node;
  const configHash = job?.plan.configHash;
  const own = job !== undefined && attempt !== undefined && attempt.job === job.id && configHash !== undefined;
  if (!own || problemOf(node, at) !== undefined || attempt.configAskedAt !== undefined) return { node, effects: [] };
  return {
    node: { ...node, attempt: { ...attempt, configAskedAt: at } },
    effects: [{ type: 'talos.apply', node: node.name, address, configHash, job: job.id, attempt: attempt.number }],
  };
}

/** Asked again just before it is sent: the machine was looked at in between, and an operator may have acted. */
export function mayApply(fleet: Fleet, wish: ApplyToAttempt, at: TimeMs): Result<NodeState> {
  const node = nodeOf(fleet, wish.node);
  if (node?.job?.id !== wish.job) return fail(`${wish.node} is not armed for it any more`);
  if (node.attempt?.number !== wish.attempt) return fail(`${wish.node} has booted again since`);
  if (node.job.plan.configHash !== wish.configHash) return fail('another configuration was confirmed');
  if (fleet.switches.panic !== undefined) return fail('the panic key is pressed');
  const problem = problemOf(node, at);
  return problem === undefined ? ok(node) : fail(problem);
}

function problemOf(node: NodeState, at: TimeMs): string | undefined {
  const { job, attempt, health, intent } = node;
  if (job === undefined || job.plan.uki !== true || !WRITES_DISK[job.kind])
    return 'its job takes no configuration by the API';
  if (!job.stored) return 'its arming is not stored on disk yet';
  if (job.spentAt !== undefined || job.suspended !== undefined || endsAt(node, job) <= at)
    return 'its job is spent, suspended or expired';
  if (attempt?.configServedAt !== undefined) return 'this boot has its configuration already';
  if (intent.is === 'hold' || health.is === 'conflict') return `${node.name} is held`;
  return isProtected(node) && !job.underGlass ? `${node.name} is protected` : undefined;
}

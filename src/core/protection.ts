import { withDoubtTold } from './disk-doubt.ts';
import type { Effect } from './effect.ts';
import type { EventOf } from './event.ts';
import { WRITES_DISK } from './job.ts';
import { endJob } from './job-end.ts';
import type { NodeState } from './node.ts';
import type { NodeSpec } from './spec.ts';

/** By its file or by an operator: nothing that writes its disks is armed or served, except through broken glass. */
export const isProtected = (node: NodeState): boolean => node.spec.protected || node.guard !== undefined;

/** Who or what protects it, in words. */
export function protectionOf({ spec, guard }: NodeState): string | undefined {
  if (guard !== undefined) return `protected by ${guard.by}${guard.why === undefined ? '' : `: ${guard.why}`}`;
  return spec.protected ? `protected in the inventory (${spec.file})` : undefined;
}

/** A job that may still write. One that is writing by now is not broken off: half a system helps nobody. */
export const endsByProtection = ({ job }: NodeState): boolean =>
  job !== undefined && WRITES_DISK[job.kind] && job.spentAt === undefined;

/** Broken glass opened what was closed by then: what its file closes since stays closed. */
export function withoutGlass(node: NodeState, was: NodeSpec): NodeState {
  const { job, spec } = node;
  if (job === undefined || !job.underGlass || was.protected || !spec.protected) return node;
  return { ...node, job: { ...job, underGlass: false } };
}

export function protect(
  node: NodeState,
  { time, by, why, doubt, endsAll }: EventOf<'operator.protected'>,
): readonly [NodeState, readonly Effect[]] {
  const guarded: NodeState = { ...node, guard: { since: time, by: by.user, ...(why === undefined ? {} : { why }) } };
  if (!endsByProtection(guarded) || (node.job?.underGlass === true && endsAll !== true)) return [guarded, []];
  const ended = endJob(guarded, 'cancelled', time);
  return [withDoubtTold(node, ended.node, doubt), ended.effects];
}

export function unprotect(node: NodeState): NodeState {
  const { guard: _lifted, ...rest } = node;
  return rest;
}

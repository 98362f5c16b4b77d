import type { Fleet } from './fleet.ts';
import { whyInVain } from './forbidden.ts';
import type { NodeState } from './node.ts';
import { fail, ok, type Result } from './result.ts';

/**
 * What is asked for by an operator. Older versions took it of a job that is not on disk too, and of one that is given nothing
 * more; their journals replay so.
 */
export function mayAskRetry(fleet: Fleet, node: NodeState): Result<void> {
  const inVain = whyInVain(node);
  if (inVain !== undefined)
    return fail(`a retry would only cut off what runs on ${node.name}, and end at its disk: ${inVain}`);
  if (node.job?.stored !== false) return mayRetry(fleet, node);
  return fail(
    `the arming of ${node.name} is not on disk yet: its boot order goes out by itself when it is, and nothing before`,
  );
}

/** May the boot of its job be ordered again, now? The engine asks before it accepts, and `reduce` asks again. */
export function mayRetry(fleet: Fleet, { name, job, health }: NodeState): Result<void> {
  if (job === undefined) return fail(`${name} has nothing to retry`);
  if (job.spentAt !== undefined) {
    const is = job.plan.foreign === true ? 'may be written' : 'is being written';
    return fail(`the disk of ${name} ${is}: it is not disturbed`);
  }
  if (job.letsEnd === true && job.expiresAt <= fleet.at)
    return fail(
      `the job of ${name} has expired: only the boot that has its script is let through; cancel it and arm it again, or wait for the end of that boot`,
    );
  if (health.is === 'conflict') return fail(`${name} is in conflict: ${health.detail}`);
  if (fleet.switches.panic !== undefined)
    return fail('the panic key is pressed, so a retry would send nothing: release it first');
  return ok(undefined);
}

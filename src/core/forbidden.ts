import { diskDoubtText, doubtOf, givenText } from './disk-doubt.ts';
import type { Fleet } from './fleet.ts';
import { toldDifference } from './health.ts';
import { WRITES_DISK } from './job.ts';
import { overwritingReason, refusalByPlan } from './next-script.ts';
import type { NodeState } from './node.ts';
import { valuesOf } from './shard-map.ts';

/**
 * Nothing more goes out to a machine whose job stands: by PANIC, by its file, as it may be another one, or as its plan is.
 * What it had by then goes on by itself, as it does where the job is ended.
 */
export function forbiddenText({ switches }: Pick<Fleet, 'switches'>, node: NodeState): string | undefined {
  const { job, health } = node;
  if (job === undefined) return undefined;
  // One that is writing by now is not broken off by the others.
  const isForbidden =
    switches.panic !== undefined ||
    (job.spentAt === undefined &&
      (health.is === 'conflict' || toldDifference(node) !== undefined || refusalByPlan(node, job) !== undefined));
  return isForbidden ? givenText(node) : undefined;
}

/** Its next network boot would end at its disk: whatever is ordered for its job would cut off what runs there, for nothing. */
export function whyInVain(node: NodeState): string | undefined {
  const { job } = node;
  if (job === undefined || job.spentAt !== undefined) return undefined;
  const refused = WRITES_DISK[job.kind] ? refusalByPlan(node, job)?.[1] : overwritingReason(job);
  return refused ?? toldDifference(node);
}

/** What a job that is over, or is given nothing more, may do to its disk. */
export const diskText = (fleet: Pick<Fleet, 'switches'>, node: NodeState): string | undefined =>
  diskDoubtText(node) ?? forbiddenText(fleet, node);

/** Whom PANIC does not stop any more; those first of whom that is sure. */
export function beyondPanic(fleet: Fleet): readonly NodeState[] {
  const all = [...valuesOf(fleet.nodes)].filter((node) => node.job !== undefined && givenText(node) !== undefined);
  const isPartly = (node: NodeState): boolean => doubtOf(node)?.partly === true;
  return [...all.filter((node) => !isPartly(node)), ...all.filter(isPartly)];
}

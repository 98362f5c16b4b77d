import type { Effect } from './effect.ts';
import type { NodeState } from './node.ts';

/** A boot override for every boot, which crashcart never sets: what it does, and what to do about it. */
export function leftoverText({ seen }: NodeState): string | undefined {
  if (seen.bmc?.leftover !== undefined)
    return `its boot override was left at ${seen.bmc.leftover}: it boots that every time. ${CLEAR_IT}`;
  return seen.replacedOverride === undefined
    ? undefined
    : `a job replaced the boot override ${seen.replacedOverride} that somebody had left, and leaves none behind: set it again in the BMC if it is wanted`;
}

export const CLEAR_IT =
  'Clear it in the BMC if nobody needs it; a job sets its own in its place, and leaves none behind';

/** Nothing of it stands there any more. */
export function withoutLeftover(seen: NodeState['seen']): NodeState['seen'] {
  if (seen.bmc?.leftover === undefined) return seen;
  const { leftover: _gone, ...bmc } = seen.bmc;
  return { ...seen, bmc };
}

/** The job ended, and its BMC has not read back yet that nothing is left of it: ordered again whenever it answers. */
export function takeBack({ name, job, seen, spec }: NodeState): readonly Effect[] {
  if (job !== undefined || seen.bmcLeft === undefined || spec.bmc === undefined) return [];
  return [{ type: 'bmc.clearOverride', node: name, job: seen.bmcLeft.job, media: seen.bmcLeft.media }];
}

/** What stands on its BMC of a job that is over, until the BMC reads back that it is gone. */
export function leftText({ job, seen }: NodeState): string | undefined {
  if (job !== undefined || seen.bmcLeft === undefined) return undefined;
  const { override, media } = seen.bmcLeft;
  const what = [...(override ? ['its one-shot boot override'] : []), ...(media ? ['its medium'] : [])].join(' and ');
  return `${what} of the job that ended may still be set on its BMC: taken back as soon as that answers`;
}

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

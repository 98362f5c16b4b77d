import type { NodeState } from '../../core/node.ts';
import { type Medians, medianOf } from './median-boot.ts';
import { lookOf } from './node-look.ts';

/** Time until the last of these nodes is up, from the medians of its model and image; undefined when nobody can know. */
export function etaMs(medians: Medians, nodes: readonly NodeState[], nowMs: number): number | undefined {
  let longest: number | undefined;
  for (const node of nodes) {
    if (node.job === undefined || node.attempt === undefined || !isMoving(node)) continue;
    const median = medianOf(medians, node);
    if (median !== undefined) longest = Math.max(longest ?? 0, median.ms - (nowMs - node.attempt.openedAt));
  }
  return longest === undefined ? undefined : Math.max(0, longest);
}

/** Something goes on there by itself; what waits for a person has no time left. */
export const isMoving = (node: NodeState): boolean => ['install', 'boot', 'armed'].includes(lookOf(node).group);

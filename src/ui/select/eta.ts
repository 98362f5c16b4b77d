import type { NodeState } from '../../core/node.ts';
import { lookOf } from './node-look.ts';
import { medianBootMs } from './timeline.ts';

/** Time until the last of these nodes is up, from the medians of its model and image; undefined when nobody can know. */
export function etaMs(all: readonly NodeState[], nodes: readonly NodeState[], nowMs: number): number | undefined {
  const active = nodes.filter((node) => node.job !== undefined && node.attempt !== undefined && isMoving(node));
  if (active.length === 0) return undefined;
  const medians = new Map<string, number | undefined>();
  let longest: number | undefined;
  for (const node of active) {
    const key = `${node.seen.product ?? node.spec.profile} ${node.job?.plan.version ?? ''}`;
    if (!medians.has(key)) medians.set(key, medianBootMs(all, node)?.ms);
    const median = medians.get(key);
    if (median === undefined || node.attempt === undefined) continue;
    longest = Math.max(longest ?? 0, median - (nowMs - node.attempt.openedAt));
  }
  return longest === undefined ? undefined : Math.max(0, longest);
}

const isMoving = (node: NodeState): boolean => ['install', 'boot', 'armed'].includes(lookOf(node).group);

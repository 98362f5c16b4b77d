import { isOverdue } from './deadline.ts';
import type { EventOf } from './event.ts';
import type { Fleet } from './fleet.ts';
import type { NodeState } from './node.ts';
import { shardMapOf, valuesOf } from './shard-map.ts';

/** What hung when this host fell asleep may have gone on meanwhile, and nobody heard it. */
export function clockSlept(fleet: Fleet, { time }: EventOf<'clock.slept'>): Fleet {
  const nodes = shardMapOf(
    [...valuesOf(fleet.nodes)].map((node): readonly [string, NodeState] => [
      node.name,
      isOverdue(node, time) ? { ...node, lostSightAt: time } : node,
    ]),
  );
  return { ...fleet, nodes, awakeAt: time };
}

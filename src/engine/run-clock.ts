import { dueAt } from '../core/deadline.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { eachChange, emptyShardMap, type ShardMap } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import type { Engine } from './create-engine.ts';

/** Once a second: is anything due? Only then time becomes an event, so that an idle rack writes nothing. */
export function runClock(engine: Engine, everyMs = 1000): () => void {
  const isDue = createDueWatch();
  const timer = setInterval(() => {
    if (isDue(engine.fleet(), engine.now())) engine.emit({ type: 'clock.ticked' });
  }, everyMs);
  return () => clearInterval(timer);
}

/**
 * When each machine is due is known from the last time that it was asked; only those that changed since are looked at.
 * Looking at ten thousand each second was 10 ms and more in which no DHCP packet was answered.
 */
export function createDueWatch(): (fleet: Fleet, at: TimeMs) => boolean {
  const dues = new Map<string, TimeMs>();
  let known: ShardMap<NodeState> = emptyShardMap();
  const look = (name: string, _was: NodeState | undefined, node: NodeState): void => {
    const due = dueAt(node);
    if (due === undefined) dues.delete(name);
    else dues.set(name, due);
  };
  return (fleet, at) => {
    eachChange(known, fleet.nodes, look);
    known = fleet.nodes;
    const { glass, discoveryUntil } = fleet.switches;
    if (glass !== undefined && glass.until <= at) return true;
    if (discoveryUntil !== undefined && discoveryUntil <= at) return true;
    for (const [name, due] of dues) {
      if (due > at) continue;
      if (nodeOf(fleet, name) !== undefined) return true;
      // It left the inventory.
      dues.delete(name);
    }
    return false;
  };
}

import { dueAt } from '../core/deadline.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { eachChange, emptyShardMap, type ShardMap } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import type { Engine } from './create-engine.ts';
import { createWaveWatch } from './due-waves.ts';

/** More than any work of ours takes at a time. */
const STOPPED_MS = 5_000;

/**
 * Once a second: is anything due? Only then time becomes an event, so that an idle rack writes nothing. Who comes that late
 * was stopped (Ctrl-Z, a host without memory): what asked meanwhile is not read yet, and nothing is due for that.
 */
export function runClock(
  engine: Pick<Engine, 'fleet' | 'now' | 'emit'>,
  everyMs = 1000,
  runningMs = () => performance.now(),
): () => void {
  const isDue = createDueWatch();
  let lookedMs = runningMs();
  const timer = setInterval(() => {
    const lateMs = runningMs() - lookedMs - everyMs;
    lookedMs += lateMs + everyMs;
    if (lateMs >= STOPPED_MS) engine.emit({ type: 'clock.slept', forMs: Math.round(lateMs), stopped: true });
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
  const isWaveDue = createWaveWatch();
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
    if (isWaveDue(fleet, at)) return true;
    for (const [name, due] of dues) {
      if (due > at) continue;
      if (nodeOf(fleet, name) !== undefined) return true;
      // It left the inventory.
      dues.delete(name);
    }
    return false;
  };
}

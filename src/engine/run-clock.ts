import { dueAt } from '../core/deadline.ts';
import type { Fleet } from '../core/fleet.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import type { Engine } from './create-engine.ts';

/** Once a second: is anything due? Only then time becomes an event, so that an idle rack writes nothing. */
export function runClock(engine: Engine, everyMs = 1000): () => void {
  const timer = setInterval(() => {
    if (isDue(engine.fleet(), engine.now())) engine.emit({ type: 'clock.ticked' });
  }, everyMs);
  return () => clearInterval(timer);
}

export function isDue(fleet: Fleet, at: TimeMs): boolean {
  const { glass, discoveryUntil } = fleet.switches;
  if (glass !== undefined && glass.until <= at) return true;
  if (discoveryUntil !== undefined && discoveryUntil <= at) return true;
  for (const node of valuesOf(fleet.nodes)) {
    const due = dueAt(node);
    if (due !== undefined && due <= at) return true;
  }
  return false;
}

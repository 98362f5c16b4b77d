import type { Effect } from './effect.ts';
import { type Event, isEvidence } from './event.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import type { Reduced } from './reduced.ts';
import { valuesOf } from './shard-map.ts';
import { failureOf, nextOfWave, settleWave } from './wave.ts';

/** Most events are evidence that moves a phase; waves look only at what could end a job or free a machine for one. */
export function concernsWaves(before: Fleet, after: Fleet, event: Event): boolean {
  if (Object.keys(after.waves).length === 0 || QUIET_SITE.has(event.type)) return false;
  // A tick that changed no machine can still make room: glass, a pause of the store.
  if (event.type === 'clock.ticked') return before.nodes !== after.nodes || waitsForTime(after);
  if (!isEvidence(event)) return true;
  const was = nodeOf(before, event.node);
  const is = nodeOf(after, event.node);
  return (
    was?.job?.id !== is?.job?.id ||
    (is?.health !== was?.health && is !== undefined && failureOf(is.health) !== undefined)
  );
}

function waitsForTime(fleet: Fleet): boolean {
  return Object.values(fleet.waves).some(
    (wave) => wave.state === 'running' && wave.started.length < wave.entries.length,
  );
}

const QUIET_SITE: ReadonlySet<Event['type']> = new Set([
  'lease.granted',
  'lease.ended',
  'stranger.seen',
  'stranger.halted',
  'rival.heard',
  'reports.unassigned',
  'service.changed',
  'session.opened',
  'session.closed',
  'clock.stepped',
  'clock.slept',
]);
/**
 * Starting the program pauses waves, and reading the inventory arms nothing by itself: a wave that has room by it goes on
 * with the next tick.
 */
const NEVER_ARMS: ReadonlySet<Event['type']> = new Set(['engine.started', 'inventory.loaded']);

/** Time passes for all machines and changes few: a wave of thousands looks at those alone. */
function concernedBy(before: Fleet, after: Fleet, event: Event): ReadonlySet<string> | undefined {
  if (isEvidence(event)) return new Set([event.node]);
  if (event.type !== 'clock.ticked') return undefined;
  const changed = new Set<string>();
  if (before.nodes === after.nodes) return changed;
  for (const node of valuesOf(after.nodes)) if (nodeOf(before, node.name) !== node) changed.add(node.name);
  return changed;
}

/** What happened to a job may end or start others of its wave. The machines that come next are armed by name. */
export function advanceWaves(
  before: Fleet,
  fleet: Fleet,
  event: Event,
  effects: readonly Effect[],
  /** How the state takes the arming of whoever comes next. */
  arm: (fleet: Fleet, armed: Event) => Reduced,
): Reduced {
  let next = fleet;
  const only = concernedBy(before, fleet, event);
  const all = [...effects];
  for (const wave of Object.values(fleet.waves)) {
    const settled = settleWave(next, wave, event.time, only);
    if (settled !== wave) next = { ...next, waves: { ...next.waves, [wave.id]: settled } };
    if (NEVER_ARMS.has(event.type)) continue;
    for (const armed of nextOfWave(next, settled, event.time)) {
      const [started, more] = arm(next, armed);
      next = started;
      all.push(...more);
    }
  }
  return [next, all];
}

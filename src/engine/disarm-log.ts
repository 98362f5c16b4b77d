import { disarmedText, identityChange } from '../core/disarmed.ts';
import type { Event } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { LogSink } from '../core/ports.ts';
import { valuesOf } from '../core/shard-map.ts';

/** Whoever edits the inventory takes jobs with it: each is told in the log of its machine, and in that of the service. */
export function createDisarmLog(fleet: Fleet, write: LogSink): (event: Event, fleet: Fleet) => void {
  let before = fleet;
  return (event, now) => {
    const then = before;
    before = now;
    if (event.type !== 'inventory.loaded') return;
    const warn = (node: string, text: string) => write({ at: event.time, node, source: 'engine', level: 'warn', text });
    for (const { name, job, spec } of valuesOf(then.nodes)) {
      if (job === undefined) continue;
      const node = nodeOf(now, name);
      if (node?.job !== undefined) continue;
      const left = `inventory: it is not in it any more: its ${job.kind} job (armed by ${job.armedBy.user}) is ended; it is a stranger now`;
      warn(name, node === undefined ? left : identityChange(spec.identity, node.spec.identity, job.kind));
    }
    for (const node of valuesOf(now.nodes)) {
      const text = nodeOf(then, node.name) === undefined ? disarmedText(node) : undefined;
      if (text !== undefined) warn(node.name, `inventory: it is in it again, and not armed: ${text}`);
    }
  };
}

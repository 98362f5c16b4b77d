import { disarmedText, identityChange } from '../core/disarmed.ts';
import type { Event } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { holdOf, holdText } from '../core/hold.ts';
import { movedLine } from '../core/left-inventory.ts';
import { mayBeLines } from '../core/may-be-it.ts';
import type { NodeState } from '../core/node.ts';
import type { LogSink } from '../core/ports.ts';
import { protectionOf } from '../core/protection.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import { placeEndedText, placesEndedBetween } from '../core/wave-places.ts';

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
      warn(name, node === undefined ? left : identityChange(spec, node.spec, `${job.kind} job`));
    }
    for (const { node: name, wave } of placesEndedBetween(then, now)) {
      const what = `place in wave ${wave.id} (${wave.kind}, by ${wave.by.user})`;
      const was = nodeOf(then, name);
      const node = nodeOf(now, name);
      const left = `inventory: it is not in it any more: its ${what} is ended`;
      warn(name, was && node ? placeEndedText(was.spec, node.spec, what) : left);
    }
    for (const node of valuesOf(now.nodes)) {
      const moved = event.follows === true ? tellMoved(node, nodeOf(then, node.name), event.time) : undefined;
      if (moved !== undefined) warn(node.name, moved);
      for (const line of mayBeLines(node, event.time)) warn(node.name, line);
      const text = nodeOf(then, node.name) === undefined ? disarmedText(node) : undefined;
      if (text !== undefined) warn(node.name, `inventory: it is in it again, and not armed: ${text}`);
    }
  };
}

/** What an operator said of a machine goes with it to its new name: whoever looks for it under the old one is told where it is. */
function tellMoved(node: NodeState, before: NodeState | undefined, at: TimeMs): string | undefined {
  const line = movedLine(node, at);
  if (line === undefined) return undefined;
  const standing = standingOf(node);
  if (standing !== '') return `${line}: it is ${standing}`;
  const was = before === undefined ? '' : standingOf(before);
  return was === '' ? undefined : `${line}: it is neither held nor protected; the machine that had this name is ${was}`;
}

function standingOf(node: NodeState): string {
  const hold = holdOf(node);
  const all = [
    hold === undefined ? undefined : holdText(hold),
    node.guard === undefined ? undefined : protectionOf(node),
  ];
  return all.filter((text) => text !== undefined).join('; ');
}

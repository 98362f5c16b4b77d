import { disarmedText } from '../../core/disarmed.ts';
import { type Fleet, nodeOf } from '../../core/fleet.ts';
import { valuesOf } from '../../core/shard-map.ts';

interface Disarmed {
  readonly node: string;
  readonly text: string;
}

/** Whoever has just saved a file need not know that it took a job with it. */
export function disarmNews(before: Fleet, fleet: Fleet): string | undefined {
  if (!isReadAgain(before, fleet)) return undefined;
  const edited: Disarmed[] = [];
  for (const { name, job, endedJobs } of valuesOf(before.nodes)) {
    const node = nodeOf(fleet, name);
    const text = node === undefined ? undefined : disarmedText(node);
    const isNews = job !== undefined || node?.endedJobs.at(-1)?.id !== endedJobs.at(-1)?.id;
    if (text !== undefined && isNews) edited.push({ node: name, text });
  }
  const [first, ...more] = [...edited, ...leftAndBack(before, fleet)];
  if (first === undefined) return undefined;
  return `${first.node}: ${first.text}${more.length === 0 ? '' : ` (and ${more.length} more like it)`}`;
}

/** Machines that are in no file any more, and had a job; and those that lost one by that, and are in a file again. */
export function leftAndBack(before: Fleet, fleet: Fleet): readonly Disarmed[] {
  if (!isReadAgain(before, fleet)) return [];
  const told: Disarmed[] = [];
  for (const { name, job } of valuesOf(before.nodes))
    if (job !== undefined && nodeOf(fleet, name) === undefined)
      told.push({ node: name, text: `it left the inventory, and its ${job.kind} job with it` });
  for (const node of valuesOf(fleet.nodes)) {
    const text = nodeOf(before, node.name) === undefined ? disarmedText(node) : undefined;
    if (text !== undefined) told.push({ node: node.name, text: `it is in the inventory again: ${text}` });
  }
  return told;
}

const isReadAgain = (before: Fleet, { inventory }: Fleet): boolean =>
  before.inventory !== inventory && before.inventory.loadedAt !== inventory.loadedAt;

import { disarmedText } from '../../core/disarmed.ts';
import { type Fleet, nodeOf } from '../../core/fleet.ts';
import { valuesOf } from '../../core/shard-map.ts';

/** Whoever has just saved a file need not know that it took a job with it. */
export function disarmNews(before: Fleet, fleet: Fleet): string | undefined {
  if (before.inventory === fleet.inventory || before.inventory.loadedAt === fleet.inventory.loadedAt) return undefined;
  const told: string[] = [];
  for (const { name, job } of valuesOf(before.nodes)) {
    if (job === undefined) continue;
    const node = nodeOf(fleet, name);
    const text = node === undefined ? `it left the inventory, and its ${job.kind} job with it` : disarmedText(node);
    if (text !== undefined) told.push(`${name}: ${text}`);
  }
  for (const node of valuesOf(fleet.nodes)) {
    const text = nodeOf(before, node.name) === undefined ? disarmedText(node) : undefined;
    if (text !== undefined) told.push(`${node.name}: it is in the inventory again: ${text}`);
  }
  const [first, ...more] = told;
  return first === undefined || more.length === 0 ? first : `${first} (and ${more.length} more like it)`;
}

import { createHash } from 'node:crypto';
import type { Inventory } from '../core/spec.ts';

/** Yields between machines: of 10,000 in one go it held the thread that answers DHCP for a tenth of a second. */
export function* hashInventory({ site, profiles, nodes }: Inventory): Generator<void, string> {
  const hash = createHash('sha256').update(JSON.stringify({ site, profiles }));
  for (const node of nodes) {
    hash.update(JSON.stringify(node));
    yield;
  }
  return hash.digest('hex').slice(0, 16);
}

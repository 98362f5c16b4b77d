import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { EventBody } from '../core/event.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Inventory, Problem } from '../core/spec.ts';
import { createParseCache, loadInventory } from '../inventory/load-inventory.ts';

/** The last good inventory. A broken tree is told and changes nothing; a reload never arms anything. */
export interface InventoryKeeper {
  readonly folder: string;
  readonly current: () => Inventory;
  readonly problems: () => readonly Problem[];
  readonly reload: () => Promise<readonly EventBody[]>;
}

export async function openInventory(
  path: string,
): Promise<Result<InventoryKeeper, { readonly message: string; readonly problems: readonly Problem[] }>> {
  const folder = resolve(path);
  const cache = createParseCache();
  const first = await loadInventory(folder, { cache });
  if (first.inventory === undefined)
    return fail({ message: `the inventory in ${path} has errors`, problems: first.problems });
  let current = first.inventory;
  let problems = first.problems;
  return ok({
    folder,
    current: () => current,
    problems: () => problems,
    reload: async () => {
      const loaded = await loadInventory(folder, { cache });
      problems = loaded.problems;
      if (loaded.inventory === undefined) return [{ type: 'inventory.rejected', problems: loaded.problems }];
      current = loaded.inventory;
      return [inventoryLoaded(current, loaded.problems)];
    },
  });
}

export function inventoryLoaded(inventory: Inventory, warnings: readonly Problem[]): EventBody {
  const hash = createHash('sha256').update(JSON.stringify(inventory)).digest('hex').slice(0, 16);
  return { type: 'inventory.loaded', nodes: inventory.nodes, site: inventory.site.site, hash, warnings };
}

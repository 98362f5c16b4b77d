import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EventBody } from '../core/event.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Inventory, Problem } from '../core/spec.ts';
import { createParseCache, loadInventory } from '../inventory/load-inventory.ts';
import { type InventoryWatch, watchInventory } from '../inventory/watch-inventory.ts';

/** The last good inventory. A broken tree is told and changes nothing; a reload never arms anything. */
export interface InventoryKeeper {
  readonly folder: string;
  readonly current: () => Inventory;
  readonly warnings: readonly Problem[];
  /** Follows the files from now on; each change comes as an event. */
  readonly watch: (emit: (event: EventBody) => void, changed: () => void) => InventoryWatch;
}

export interface BrokenInventory {
  readonly message: string;
  readonly problems: readonly Problem[];
}

export async function openInventory(path: string): Promise<Result<InventoryKeeper, BrokenInventory>> {
  const folder = resolve(path);
  if (!existsSync(folder))
    return fail({ message: `there is no inventory folder ${path}: name one with --inventory`, problems: [] });
  const cache = createParseCache();
  const first = await loadInventory(folder, { cache });
  if (first.inventory === undefined)
    return fail({ message: `the inventory in ${path} has errors`, problems: first.problems });
  let current = first.inventory;
  let hash = hashOf(current);
  return ok({
    folder,
    current: () => current,
    warnings: first.problems,
    watch: (emit, changed) =>
      watchInventory(
        folder,
        (change) => {
          if (change.inventory === undefined) return emit({ type: 'inventory.rejected', problems: change.problems });
          // With 10,000 machines a hash holds the loop for a tenth of a second: only where something was read anew.
          if (change.inventory === current) return;
          current = change.inventory;
          const next = hashOf(current);
          if (next === hash) return;
          hash = next;
          emit(inventoryLoaded(current, change.problems));
          changed();
        },
        { cache },
      ),
  });
}

const hashOf = (inventory: Inventory): string =>
  createHash('sha256').update(JSON.stringify(inventory)).digest('hex').slice(0, 16);

export function inventoryLoaded(inventory: Inventory, warnings: readonly Problem[]): EventBody {
  return {
    type: 'inventory.loaded',
    nodes: inventory.nodes,
    site: inventory.site.site,
    ...(inventory.site.uplink === undefined ? {} : { uplink: inventory.site.uplink }),
    hash: hashOf(inventory),
    warnings,
  };
}

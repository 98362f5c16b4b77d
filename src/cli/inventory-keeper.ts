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
  /** Of the current one: what says the same has the same. */
  readonly hash: () => string;
  readonly warnings: readonly Problem[];
  /** Follows the files from now on; each change comes as an event. */
  readonly watch: (emit: (event: EventBody) => void, changed: () => void) => InventoryWatch;
}

export interface BrokenInventory {
  readonly message: string;
  readonly problems: readonly Problem[];
}

/** `told`: of a copy that a rehearsal plays the warnings are those of the operator's own files, in which they stand. */
export async function openInventory(
  path: string,
  told?: readonly Problem[],
): Promise<Result<InventoryKeeper, BrokenInventory>> {
  const folder = resolve(path);
  if (!existsSync(folder))
    return fail({ message: `there is no inventory folder ${path}: name one with --inventory`, problems: [] });
  const cache = createParseCache();
  const first = await loadInventory(folder, { cache });
  if (first.inventory === undefined)
    return fail({ message: `the inventory in ${path} has errors`, problems: first.problems });
  let current = first.inventory;
  let { hash } = first;
  let rejected = false;
  return ok({
    folder,
    current: () => current,
    hash: () => hash,
    warnings: told ?? first.problems,
    watch: (emit, changed) =>
      watchInventory(
        folder,
        (change) => {
          const wasRejected = rejected;
          rejected = change.inventory === undefined;
          if (change.inventory === undefined) return emit({ type: 'inventory.rejected', problems: change.problems });
          if (change.inventory === current && !wasRejected) return;
          current = change.inventory;
          // What was broken and is again as it was: its errors stand no more.
          if (change.hash === hash && !wasRejected) return;
          hash = change.hash;
          emit(inventoryLoaded(current, hash, told ?? change.problems));
          changed();
        },
        { cache },
      ),
  });
}

export function inventoryLoaded(inventory: Inventory, hash: string, warnings: readonly Problem[]): EventBody {
  return {
    type: 'inventory.loaded',
    nodes: inventory.nodes,
    site: inventory.site.site,
    ...(inventory.site.uplink === undefined ? {} : { uplink: inventory.site.uplink }),
    hash,
    warnings,
    remembers: true,
  };
}

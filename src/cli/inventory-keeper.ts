import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EventBody } from '../core/event.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { SITE_FILE } from '../core/site-file.ts';
import type { Inventory, Problem, SiteSpec } from '../core/spec.ts';
import { createParseCache, loadInventory } from '../inventory/load-inventory.ts';
import { type AtStart, restartFor, siteAsStarted } from '../inventory/site-as-started.ts';
import { type InventoryWatch, watchInventory } from '../inventory/watch-inventory.ts';

/**
 * The last good inventory, with the ports and folders of the start: others wait for a restart, which is told. A broken tree
 * is told and changes nothing; a reload never arms anything.
 */
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

/**
 * `told`: of a copy that a rehearsal plays the warnings are those of the operator's own files, in which they stand. `fixed`:
 * what is given elsewhere, so that an edit of it changes nothing, after a restart neither.
 */
export async function openInventory(
  path: string,
  told?: readonly Problem[],
  fixed: ReadonlySet<AtStart> = new Set(),
): Promise<Result<InventoryKeeper, BrokenInventory>> {
  const folder = resolve(path);
  if (!existsSync(folder))
    return fail({ message: `there is no inventory folder ${path}: name one with --inventory`, problems: [] });
  const cache = createParseCache();
  const first = await loadInventory(folder, { cache });
  if (first.inventory === undefined)
    return fail({ message: `the inventory in ${path} has errors`, problems: first.problems });
  let current = first.inventory;
  let read = first.inventory;
  let { hash } = first;
  let rejected = false;
  const started = first.inventory.site;
  let waits: string | undefined;
  /** Undefined: nothing more is to be said. */
  const restartNews = (now: SiteSpec): EventBody | undefined => {
    const warning = restartFor(started, now, fixed);
    if (warning === waits) return undefined;
    waits = warning;
    const state = { is: 'ok', listens: folder, ...(warning === undefined ? {} : { warning }) } as const;
    return { type: 'service.changed', service: SITE_FILE, state };
  };
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
          if (change.inventory === read && !wasRejected) return;
          read = change.inventory;
          current = { ...read, site: siteAsStarted(started, read.site) };
          const news = restartNews(read.site);
          if (news !== undefined) emit(news);
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
    follows: true,
    guards: true,
    keepsOrders: true,
  };
}

import { fail, ok, type Result } from '../core/result.ts';
import type { Inventory, Problem } from '../core/spec.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import { renderProblems } from '../inventory/render-problems.ts';

export interface Rehearsed {
  readonly inventory: Inventory;
  readonly warnings: readonly Problem[];
}

/** The inventory that is to be rehearsed: without errors, and with at least one machine. */
export async function readRehearsed(folder: string): Promise<Result<Rehearsed>> {
  const { inventory, problems } = await loadInventory(folder);
  if (inventory === undefined)
    return fail(`the inventory in ${folder} has errors\n${renderProblems(problems, folder)}`);
  if (inventory.nodes.length === 0)
    return fail(
      `the inventory in ${folder} has no machines to rehearse: write a file for each, named as its host (an example comes with the program, in its folder inventory), or start \`crashcart demo\` without --inventory for a made-up rack`,
    );
  return ok({ inventory, warnings: problems });
}

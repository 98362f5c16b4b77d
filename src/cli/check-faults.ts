import { ok, type Result } from '../core/result.ts';
import { planSite } from '../sim/rack/plan-site.ts';
import { readRehearsed } from './read-rehearsed.ts';

export interface FaultsAsked {
  readonly faults: string;
  readonly nodes: number;
  readonly seed: number;
  /** The folder of the operator's own machines; absent: made-up ones. */
  readonly inventory?: string;
}

/** Whether these machines can have these faults, before anything starts. The demo itself plans the same once more. */
export async function checkFaults({ faults, nodes, seed, inventory }: FaultsAsked): Promise<Result<void>> {
  const read = inventory === undefined ? undefined : await readRehearsed(inventory);
  // An inventory with errors is told with all of them where it is opened.
  if (read?.ok === false) return ok(undefined);
  const rehearse =
    read === undefined || inventory === undefined
      ? {}
      : { rehearse: { inventory: read.value.inventory, folder: inventory } };
  const plan = planSite({ folder: '', nodes, seed, speed: 1, faults, ...rehearse });
  return plan.ok ? ok(undefined) : plan;
}

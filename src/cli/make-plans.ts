import { existsSync } from 'node:fs';
import { nodeOf } from '../core/fleet.ts';
import type { JobKind } from '../core/job.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { openVault } from '../drivers/vault/open-vault.ts';
import { loadInventory } from '../inventory/load-inventory.ts';
import { renderProblems } from '../inventory/render-problems.ts';
import type { LinkClient } from '../link/connect-link.ts';
import type { NodePreview } from '../link/screen-port.ts';
import { assetsFolder } from './assets-folder.ts';
import { type CommandContext, cannotRun, inventoryFolder, noInventory, usageProblem } from './command.ts';
import { readFleet } from './follow-once.ts';
import { engineFleet, nodeAsKnown } from './known-nodes.ts';
import type { PlanView } from './plan-lines.ts';
import { createSitePlanner } from './site-planner.ts';
import { createVaultView } from './vault-view.ts';

export interface MadePlan {
  readonly name: string;
  readonly made: Result<PlanView>;
}

/** By a running engine: its inventory, its vault, and what it has seen. */
export async function plansByEngine(
  client: LinkClient,
  names: readonly string[],
  kind: JobKind,
  where: string,
): Promise<readonly MadePlan[]> {
  const fleet = await readFleet(client);
  const unknown = names.find((name) => nodeOf(fleet, name) === undefined);
  if (unknown !== undefined)
    throw usageProblem(`there is no machine named ${unknown} in the inventory of the engine (${where})`);
  const asked = (await client.ask({ type: 'preview', nodes: names, kind })) as Result<readonly NodePreview[]>;
  if (!asked.ok) throw cannotRun(asked.error);
  const site = [fleet.site === '' ? undefined : `site ${fleet.site}`, fleet.simulated ? 'SIMULATED' : undefined];
  const source = `the running engine: ${[...site, where].filter((one) => one !== undefined).join(', ')}`;
  return asked.value.map((preview) => {
    const node = nodeOf(fleet, preview.node);
    const { plan, refusals, image = '' } = preview;
    const made: Result<PlanView> =
      plan === undefined || node === undefined
        ? fail(refusals.join('; ') || 'the engine is of another release, and plans for its own screens alone')
        : ok({ node, plan, shown: { ...preview, image }, refusals, source });
    return { name: preview.node, made };
  });
}

/**
 * By the files of a folder; undefined where they hold errors, which are told. Where an engine runs beside it, what that
 * has seen of the machines counts.
 */
export async function plansByFolder(
  context: CommandContext,
  names: readonly string[],
  kind: JobKind,
): Promise<readonly MadePlan[] | undefined> {
  const folder = inventoryFolder(context);
  const { inventory, problems, folders } = await loadInventory(folder);
  if (folders.length === 0 && !existsSync(folder)) throw noInventory(folder);
  if (inventory === undefined) {
    context.err(renderProblems(problems, folder));
    return undefined;
  }
  const vault = await openVault(assetsFolder(context, inventory.site));
  if (!vault.ok) throw cannotRun(vault.error);
  const view = createVaultView(vault.value, () => inventory.site);
  await view.refresh();
  const planner = createSitePlanner({
    current: () => inventory,
    references: { folder, env: context.env },
    vault: view,
    vaultDir: vault.value.directory,
  });
  const fleet = await engineFleet(context, 'plan');
  const source = `the folder ${folder}, ${fleet === undefined ? 'and no engine' : 'and what the running engine has seen'}`;
  const plans: MadePlan[] = [];
  for (const name of names) {
    const spec = inventory.nodes.find((one) => one.name === name);
    if (spec === undefined) throw usageProblem(`there is no machine named ${name} in ${folder}`);
    const node = nodeAsKnown(fleet, spec, Date.now());
    const made = await planner.plan(node, kind);
    plans.push({
      name,
      made: made.ok
        ? ok({ node, plan: made.value.rendered.plan, shown: made.value.shown, refusals: [], source })
        : made,
    });
  }
  return plans;
}

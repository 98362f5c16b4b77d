import { resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import { openVault } from '../drivers/vault/open-vault.ts';
import type { AtStart } from '../inventory/site-as-started.ts';
import { resolveStateDir } from '../store/state-dir.ts';
import { SETTLED_BY_SITE } from './assets-folder.ts';
import { type BrokenInventory, type InventoryKeeper, openInventory } from './inventory-keeper.ts';
import { joinWorld } from './join-world.ts';
import { openState } from './open-state.ts';
import { siteSecret } from './site-secret.ts';
import { createVaultView } from './vault-view.ts';
import type { World, WorldOptions } from './world.ts';

/** Opens what lies on the disk, one thing after the other, and joins it. What is in the way is told, with the way out. */
export async function openWorld(options: WorldOptions): Promise<Result<World, BrokenInventory>> {
  const only = (message: string): Result<never, BrokenInventory> => fail({ message, problems: [] });
  const step = options.onStep ?? (() => undefined);
  step('inventory');
  const inventory = await openInventory(options.inventory, options.warnings, namedElsewhere(options));
  if (!inventory.ok) return inventory;
  const { site, nodes } = inventory.value.current();
  const dir = stateFolder(options, inventory.value);
  if (!dir.ok) return only(dir.error);
  step('journal and snapshot');
  const found = await openState(dir.value, options.simulated ? 'crashcart demo' : 'crashcart', nodes);
  if (!found.ok) return only(found.error);
  const secret = siteSecret(dir.value);
  if (!secret.ok) return only(secret.error);
  const assets =
    options.assetsDir ?? (site.assetsDir === undefined ? 'assets' : resolve(inventory.value.folder, site.assetsDir));
  step('vault of images');
  const opened = await openVault(assets);
  if (!opened.ok) return only(opened.error);
  const vault = createVaultView(opened.value, () => inventory.value.current().site);
  const vaultNotes = await vault.refresh();
  step('boot scripts and configurations');
  const { state, fleet } = found.value;
  const parts = {
    inventory: inventory.value,
    state,
    vault,
    vaultDir: opened.value.directory,
    secret: secret.value,
    vaultNotes,
  };
  return ok(await joinWorld(options, parts, fleet));
}

/** Folders that the command line names stay there, whatever the site's file says. */
function namedElsewhere({ stateDir, assetsDir, env }: WorldOptions): ReadonlySet<AtStart> {
  const bySite = env[SETTLED_BY_SITE]?.split(',') ?? [];
  const named: AtStart[] = [];
  if (stateDir !== undefined && !bySite.includes('state')) named.push('stateDir');
  if (assetsDir !== undefined && !bySite.includes('assets')) named.push('assetsDir');
  return new Set(named);
}

function stateFolder(options: WorldOptions, inventory: InventoryKeeper): Result<string> {
  if (options.stateDir !== undefined) return ok(resolve(options.stateDir));
  const named = inventory.current().site.stateDir;
  if (named !== undefined) return ok(resolve(inventory.folder, named));
  return resolveStateDir(options.env, process.getuid?.() ?? 0);
}

import { existsSync } from 'node:fs';
import type { Inventory, Problem } from '../../core/spec.ts';
import { loadInventory } from '../../inventory/load-inventory.ts';
import { renderProblems } from '../../inventory/render-problems.ts';
import { bareConfigs } from '../../sim/rack/complete-configs.ts';
import { countOf } from '../../ui/select/bring-up-checks.ts';
import { checkProfiles } from '../check-profiles.ts';
import { type Command, EXIT, flag, INVENTORY_OPTION, inventoryFolder, JSON_OPTION, noInventory } from '../command.ts';

/** An example that is kept as it came must not look as if machines could be installed from it. */
const bareOnes = (inventory: Inventory, folder: string): readonly Problem[] =>
  bareConfigs(inventory, folder).map(({ path }) => ({
    file: path,
    line: 1,
    column: 1,
    severity: 'warning',
    message: 'it holds no secrets: real machines are refused until yours stand there; only a rehearsal makes some up',
  }));

export const checkCommand: Command = {
  name: 'check',
  summary: 'all errors of the inventory, each with its file, line and column',
  usage: ['check [DIR | --inventory DIR] [--json]'],
  mostWords: 1,
  options: { ...INVENTORY_OPTION, ...JSON_OPTION },
  examples: ['crashcart check --inventory ./inventory'],
  run: async (context) => {
    const folder = context.words[0] ?? inventoryFolder(context);
    const loaded = await loadInventory(folder);
    if (loaded.folders.length === 0 && !existsSync(folder)) throw noInventory(folder);
    const { inventory } = loaded;
    const problems = [
      ...loaded.problems,
      ...(inventory === undefined ? [] : [...(await checkProfiles(inventory, folder)), ...bareOnes(inventory, folder)]),
    ];
    const errors = problems.filter((problem) => problem.severity === 'error').length;
    if (flag(context, 'json')) {
      context.out(
        `${JSON.stringify({ ok: errors === 0, machines: inventory?.nodes.length ?? 0, problems }, undefined, 2)}\n`,
      );
    } else {
      if (problems.length > 0) context.out(`${renderProblems(problems)}\n`);
      const warnings = problems.length - errors;
      context.out(
        inventory === undefined || errors > 0
          ? `${countOf(errors, 'error')}, ${countOf(warnings, 'warning')}\n`
          : `${countOf(inventory.nodes.length, 'machine')}, ${countOf(inventory.site.networks.length, 'network')}: ok${warnings > 0 ? ` (${countOf(warnings, 'warning')})` : ''}\n`,
      );
    }
    return errors === 0 ? EXIT.done : EXIT.no;
  },
};

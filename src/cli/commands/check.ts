import { existsSync } from 'node:fs';
import { loadInventory } from '../../inventory/load-inventory.ts';
import { renderProblems } from '../../inventory/render-problems.ts';
import { checkProfiles } from '../check-profiles.ts';
import { type Command, EXIT, flag, INVENTORY_OPTION, inventoryFolder, JSON_OPTION, noInventory } from '../command.ts';

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
    const problems = [...loaded.problems, ...(inventory === undefined ? [] : await checkProfiles(inventory, folder))];
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
          ? `${errors} errors, ${warnings} warnings\n`
          : `${inventory.nodes.length} machines, ${inventory.site.networks.length} networks: ok${warnings > 0 ? ` (${warnings} warnings)` : ''}\n`,
      );
    }
    return errors === 0 ? EXIT.done : EXIT.no;
  },
};

import { nodeOf } from '../../core/fleet.ts';
import { endsByProtection, protectionOf } from '../../core/protection.ts';
import { type Command, EXIT, flag, ORDER_OPTIONS, textOption, usageProblem } from '../command.ts';
import { knownNodes, orderAndSay, orderAndSayCleared, takesNames, withEngine } from '../order-command.ts';

export const protectCommand: Command = {
  name: 'protect',
  summary: 'let nothing write the disks of machines, until it is lifted',
  usage: ['protect NODE… [--why TEXT]', 'protect NODE… --release'],
  about:
    'No install, reinstall or wipe is armed or served for them, over restarts as well; inspect and rescue still are, which is the difference to `hold`. A job that may still write ends; one that is writing its disk goes on. What the inventory protects (`protected: true`) is released in its file alone. Only broken glass opens either.',
  options: {
    why: { type: 'string', value: 'TEXT', help: 'shown wherever the machine is refused' },
    release: { type: 'boolean', help: 'lift it again' },
    ...ORDER_OPTIONS,
  },
  completes: 'nodes',
  examples: ['crashcart protect r07-u33 --why "holds the only copy"', 'crashcart protect r07-u33 --release'],
  run: async (context) => {
    takesNames(context.words, 'protect');
    const why = textOption(context, 'why')?.trim() ?? '';
    if (flag(context, 'release') && why !== '') throw usageProblem('--why belongs to protecting, not to --release');
    return withEngine(context, 'protect', async (client, fleet) => {
      const nodes = knownNodes(fleet, context.words, 'protect');
      if (flag(context, 'release')) {
        const code = await orderAndSay(context, client, { type: 'unprotect', nodes });
        const still = nodes.filter((name) => nodeOf(fleet, name)?.spec.protected);
        for (const name of code === EXIT.done ? still : [])
          context.err(`crashcart: ${name} stays protected in the inventory (${nodeOf(fleet, name)?.spec.file})\n`);
        return code;
      }
      const ending = nodes.filter((name) => {
        const node = nodeOf(fleet, name);
        return node !== undefined && endsByProtection(node);
      });
      for (const name of nodes) {
        const node = nodeOf(fleet, name);
        const before = node === undefined ? undefined : protectionOf(node);
        if (before !== undefined) context.err(`crashcart: ${name} was ${before} already\n`);
      }
      const action = { type: 'protect', nodes, ...(why === '' ? {} : { why }) } as const;
      return orderAndSayCleared(context, client, fleet, action, ending);
    });
  },
};

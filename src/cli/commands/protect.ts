import { type Fleet, nodeOf } from '../../core/fleet.ts';
import { endsByProtection, protectionOf } from '../../core/protection.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  ORDER_OPTIONS,
  textOption,
  usageProblem,
} from '../command.ts';
import { knownNodes, orderAndSay, orderAndSayCleared, takesNames, withEngine } from '../order-command.ts';

export const protectCommand: Command = {
  name: 'protect',
  summary: 'let nothing write the disks of machines, until it is lifted',
  usage: ['protect NODE… [--why TEXT]', 'protect NODE… --release'],
  about:
    'No install, reinstall or wipe is armed or served for them, over restarts as well; inspect and rescue still are, which is the difference to `hold`. A job that may still write ends, and so does its place in a wave that writes; a job that is writing its disk goes on. What the inventory protects (`protected: true`) is released in its file alone. Only broken glass opens either, for what is armed after it was broken and after the protection was ordered.',
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
    if (flag(context, 'release'))
      return withEngine(context, 'protect', (client, fleet) => release(context, client, fleet));
    return withEngine(context, 'protect', (client, fleet) => protect(context, client, fleet, why), 'forbids');
  },
};

async function release(context: CommandContext, client: LinkClient, fleet: Fleet): Promise<ExitCode> {
  const nodes = knownNodes(fleet, context.words, 'protect');
  const code = await orderAndSay(context, client, { type: 'unprotect', nodes });
  const still = nodes.filter((name) => nodeOf(fleet, name)?.spec.protected);
  for (const name of code === EXIT.done ? still : [])
    context.err(`crashcart: ${name} stays protected in the inventory (${nodeOf(fleet, name)?.spec.file})\n`);
  return code;
}

async function protect(context: CommandContext, client: LinkClient, fleet: Fleet, why: string): Promise<ExitCode> {
  const nodes = knownNodes(fleet, context.words, 'protect');
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
}

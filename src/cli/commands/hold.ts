import type { Fleet } from '../../core/fleet.ts';
import type { OperatorAction } from '../../core/operator-action.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import { type Command, type ExitCode, ORDER_OPTIONS, textOption, usageProblem } from '../command.ts';
import { knownNodes, orderAndSay, orderAndSayCleared, takesNames, withEngine } from '../order-command.ts';

export const holdCommand: Command = {
  name: 'hold',
  summary: 'quarantine machines: they cannot be armed and are answered `local`',
  usage: ['hold NODE… --why TEXT'],
  about:
    'Ends a job that runs, takes it out of a wave in which it waits, clears its boot override, and stays until `unhold`, over restarts as well.',
  options: { why: { type: 'string', value: 'TEXT', help: 'shown wherever the machine is refused' }, ...ORDER_OPTIONS },
  completes: 'nodes',
  examples: ['crashcart hold r07-u33 --why "DIMM B4 is being replaced"'],
  run: async (context) => {
    const why = textOption(context, 'why')?.trim() ?? '';
    takesNames(context.words, 'hold');
    if (why === '') throw usageProblem('hold takes a reason: --why "DIMM B4 is being replaced"');
    const hold = async (client: LinkClient, fleet: Fleet): Promise<ExitCode> => {
      const nodes = knownNodes(fleet, context.words, 'hold');
      return orderAndSayCleared(context, client, fleet, { type: 'hold', nodes, why }, nodes);
    };
    return withEngine(context, 'hold', hold, 'forbids');
  },
};

/** Orders to machines that need nothing but their names. */
function plainCommand(
  name: string,
  type: Extract<OperatorAction, { readonly nodes: readonly string[] }>['type'] & ('release' | 'retry'),
  help: Pick<Command, 'summary' | 'about'>,
): Command {
  return {
    name,
    ...help,
    usage: [`${name} NODE…`],
    options: ORDER_OPTIONS,
    completes: 'nodes',
    run: async (context) => {
      takesNames(context.words, name);
      return withEngine(context, name, (client, fleet) =>
        orderAndSay(context, client, { type, nodes: knownNodes(fleet, context.words, name) }),
      );
    },
  };
}

export const unholdCommand = plainCommand('unhold', 'release', {
  summary: 'let machines go that are on hold, in conflict or whose job is suspended',
  about:
    'Says that somebody looked. A job that was suspended goes on, and a wave in which the machine waits arms it when its turn comes, which is said; nothing else is armed by it.',
});

export const retryCommand = plainCommand('retry', 'retry', {
  summary: 'start the boot of a running job again, from power-on',
  about:
    'Within the attempts that the job has left. A machine without a job, or whose disk is being written, is left alone.',
});

import { bootstrapNeedsReason, lastBootstrap, REASON_MIN } from '../../core/bootstrap.ts';
import { type Bootstrap, type Fleet, nodeOf } from '../../core/fleet.ts';
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
import { knownNodes, orderAndSay, takesNames, withEngine } from '../order-command.ts';

/** The engine looks at every control plane first, and each may take its time not to answer. */
const WAIT_MS = 150_000;

export const bootstrapCommand: Command = {
  name: 'bootstrap',
  summary: 'begin the etcd of a new cluster on one control-plane node, once per cluster',
  usage: ['bootstrap NODE --confirm NODE [--reason TEXT] [--wait]'],
  about:
    'A second bootstrap would make a second etcd, and the cluster is split: so it is refused where one was done, where a control plane of the cluster is or was ready, or where its API says that etcd runs. After one that failed the same node may be asked again; another one takes --reason. Needs `talosconfig:` in _site.yaml. Exit 1: refused, or it failed (--wait).',
  options: {
    confirm: { type: 'string', value: 'NODE', help: 'the name of the node once more: there is no way back' },
    reason: { type: 'string', value: 'TEXT', help: 'why another node than the one that was asked before' },
    wait: { type: 'boolean', help: 'until etcd has begun, or has not' },
    ...ORDER_OPTIONS,
  },
  completes: 'nodes',
  examples: ['crashcart bootstrap cp-01 --confirm cp-01 --wait'],
  run: async (context) => {
    const confirmed = textOption(context, 'confirm');
    takesNames(context.words, 'bootstrap');
    if (context.words.length > 1) throw usageProblem('bootstrap takes one machine: etcd begins on one node');
    if (confirmed === undefined)
      throw usageProblem('bootstrap begins a new etcd cluster and cannot be taken back: --confirm NODE');
    return withEngine(context, 'bootstrap', async (client, fleet) => {
      const [node = ''] = knownNodes(fleet, context.words, 'bootstrap');
      const reason = textOption(context, 'reason')?.trim() ?? '';
      if (reason.length < REASON_MIN && bootstrapNeedsReason(fleet, node, fleet.at))
        context.err(`crashcart: another node was asked before: --reason TEXT, ${REASON_MIN} characters or more\n`);
      const asked = { type: 'bootstrap', node, confirmed, ...(reason === '' ? {} : { reason }) } as const;
      const code = await orderAndSay(context, client, asked);
      const before = bootstrapOf(fleet, node);
      return code === EXIT.done && flag(context, 'wait') ? awaitEnd(context, client, node, before) : code;
    });
  },
};

/** `before`: an earlier one; what is told of that is no news. */
function awaitEnd(
  context: CommandContext,
  client: LinkClient,
  name: string,
  before: Bootstrap | undefined,
): Promise<ExitCode> {
  return new Promise((resolve) => {
    const end = (code: ExitCode, text: string) => {
      clearTimeout(timer);
      if (flag(context, 'json'))
        context.out(`${JSON.stringify(code === EXIT.done ? { done: text } : { error: text })}\n`);
      else if (code === EXIT.done) context.out(`${text}\n`);
      else context.err(`crashcart: ${text}\n`);
      resolve(code);
    };
    const timer = setTimeout(() => end(EXIT.no, `nothing was heard of the bootstrap of ${name}`), WAIT_MS);
    client.follow((fleet) => {
      if (nodeOf(fleet, name) === undefined)
        return end(EXIT.no, `${name} left the inventory: what became of its bootstrap is not known here`);
      const last = bootstrapOf(fleet, name);
      if (last === undefined || (last.askedAt === before?.askedAt && last.node === before.node)) return;
      if (last.state === 'done') end(EXIT.done, `etcd has begun on ${name}`);
      if (last.state === 'failed') end(EXIT.no, `etcd was not bootstrapped: ${last.problem ?? 'no reason was told'}`);
    }, 200);
  });
}

function bootstrapOf(fleet: Fleet, name: string): Bootstrap | undefined {
  const node = nodeOf(fleet, name);
  return node === undefined ? undefined : lastBootstrap(fleet, node);
}

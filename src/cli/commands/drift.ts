import { driftOn, openDrift } from '../../core/drift.ts';
import { type Fleet, nodeOf, nodesOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import type { OperatorAction } from '../../core/operator-action.ts';
import type { Result } from '../../core/result.ts';
import { applyPhrase } from '../../engine/act-drift.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import type { NodePreview } from '../../link/screen-port.ts';
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
import { driftLines, driftRows } from '../drift-lines.ts';
import { knownNodes, orderAndSay, takesNames, withEngine } from '../order-command.ts';

export const driftCommand: Command = {
  name: 'drift',
  summary: 'where machines differ from the inventory, and what brings them together',
  usage: [
    'drift [NODE…] [--json]',
    'drift NODE… --check',
    'drift NODE… --apply [--confirm TEXT]',
    'drift NODE --adopt FIELD | --ignore FIELD | --unignore FIELD',
  ],
  about:
    '--apply sends the machine configuration to nodes that run, by the Talos API: it writes no disk. Without --confirm it shows what would be sent. --adopt writes what was observed into the inventory. --ignore remembers this difference until one of its two values changes. Exit code 1: there are differences that nobody has ignored.',
  options: {
    check: { type: 'boolean', help: 'ask the Talos API of the nodes now' },
    apply: { type: 'boolean', help: 'apply the machine configuration' },
    confirm: { type: 'string', value: 'TEXT', help: 'the host name; for several nodes APPLY and their number' },
    adopt: { type: 'string', value: 'FIELD', help: 'take the machine as it is into the inventory' },
    ignore: { type: 'string', value: 'FIELD', help: 'let this difference be until it changes' },
    unignore: { type: 'string', value: 'FIELD', help: 'count it again' },
    ...ORDER_OPTIONS,
  },
  completes: 'nodes',
  examples: [
    'crashcart drift',
    'crashcart drift r07-u33 --apply --confirm r07-u33',
    'crashcart drift r07-u33 --adopt serial',
  ],
  run: async (context) => {
    const orders = ['check', 'apply', 'adopt', 'ignore', 'unignore'].filter(
      (one) => context.options[one] !== undefined,
    );
    if (orders.length > 1) throw usageProblem(`--${orders.join(' and --')} exclude each other`);
    if (orders.length > 0) takesNames(context.words, 'drift');
    if (['adopt', 'ignore', 'unignore'].includes(orders[0] ?? '') && new Set(context.words).size > 1)
      throw oneAtATime();
    const writes = orders.length > 0 && !flag(context, 'check');
    return withEngine(
      context,
      'drift',
      (client, fleet) => (orders.length === 0 ? list(context, fleet) : order(context, client, fleet)),
      writes ? 'writes' : 'reads',
    );
  },
};

const oneAtATime = () => usageProblem('this is for one machine at a time');

function list(context: CommandContext, fleet: Fleet): Promise<ExitCode> {
  const named = context.words.length === 0 ? nodesOf(fleet).map((node) => node.name) : context.words;
  const nodes = knownNodes(fleet, named, 'drift').flatMap((name) => nodeOf(fleet, name) ?? []);
  if (flag(context, 'json')) {
    const rows = nodes.map((node) => ({ node: node.name, drift: driftRows(node) }));
    context.out(`${JSON.stringify(rows, undefined, 2)}\n`);
  } else {
    const lines = nodes.flatMap(driftLines);
    context.out(lines.length === 0 ? 'no differences are known\n' : `${lines.join('\n')}\n`);
  }
  return Promise.resolve(nodes.some((node) => openDrift(node).length > 0) ? EXIT.no : EXIT.done);
}

async function order(context: CommandContext, client: LinkClient, fleet: Fleet): Promise<ExitCode> {
  const nodes = knownNodes(fleet, context.words, 'drift');
  if (flag(context, 'check')) return orderAndSay(context, client, { type: 'talosCheck', nodes });
  if (flag(context, 'apply')) return apply(context, client, nodes);
  const [name, ...more] = nodes;
  if (name === undefined || more.length > 0) throw oneAtATime();
  const adopted = textOption(context, 'adopt');
  const ignored = textOption(context, 'ignore');
  const word = adopted ?? ignored ?? textOption(context, 'unignore') ?? '';
  const found = driftOn(nodeOf(fleet, name) ?? {}, word);
  if (found === undefined) throw usageProblem(`${name} has no difference "${word}"${knownFields(nodeOf(fleet, name))}`);
  const { field } = found;
  const action: OperatorAction =
    adopted !== undefined
      ? { type: 'adoptDrift', node: name, field }
      : { type: 'ignoreDrift', node: name, field, ignored: ignored !== undefined };
  return orderAndSay(context, client, action);
}

function knownFields(node: NodeState | undefined): string {
  const fields = (node?.drift ?? []).map((one) => one.field);
  return fields.length === 0 ? '; it has none' : `; there is ${fields.join(', ')}`;
}

async function apply(context: CommandContext, client: LinkClient, nodes: readonly string[]): Promise<ExitCode> {
  const made = (await client.ask({ type: 'preview', nodes, kind: 'apply' })) as Result<readonly NodePreview[]>;
  if (!made.ok) {
    context.err(`crashcart: ${made.error}\n`);
    return EXIT.no;
  }
  const refused = made.value.flatMap((one) => one.refusals.map((why) => `${one.node}: ${why}`));
  if (refused.length > 0) {
    context.err(`${refused.map((one) => `crashcart: ${one}`).join('\n')}\n`);
    return EXIT.no;
  }
  const confirmed = textOption(context, 'confirm');
  if (confirmed === undefined) {
    for (const one of made.value) context.out(`== ${one.node}\n${[...one.now, ...(one.diff ?? [])].join('\n')}\n\n`);
    context.err(`nothing was sent; to apply it: --confirm "${applyPhrase(nodes)}"\n`);
    return EXIT.no;
  }
  const configHashes = Object.fromEntries(made.value.map((one) => [one.node, one.planHash]));
  return orderAndSay(context, client, { type: 'applyConfig', nodes, configHashes, confirmed });
}

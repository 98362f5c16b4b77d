import { randomUUID } from 'node:crypto';
import type { PowerAction } from '../../core/bmc.ts';
import { nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import type { OperatorAction } from '../../core/operator-action.ts';
import { longestOrderMs } from '../../drivers/bmc-timings.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  ORDER_OPTIONS,
  usageProblem,
} from '../command.ts';
import { dialEngine } from '../engine-socket.ts';
import { readFleet } from '../follow-once.ts';
import { toRow } from '../node-rows.ts';
import { knownNodes, orderAndSay, withEngine } from '../order-command.ts';
import { waitForNodes } from '../wait-for-nodes.ts';

const ACTIONS: readonly PowerAction[] = ['on', 'off', 'forceOff', 'cycle', 'reset'];

export const powerCommand: Command = {
  name: 'power',
  summary: 'switch machines by their BMC, without a job',
  usage: ['power NODE… on|off|forceOff|cycle|reset|status [--json]', 'power NODE… reboot'],
  about:
    'Waits until the BMC says that the power changed, and says why when it does not. `reboot` asks Talos itself, with the\ntalosconfig of the site, and needs no BMC.',
  options: {
    ...ORDER_OPTIONS,
  },
  completes: 'nodes',
  run: async (context) => {
    const word = context.words.at(-1) ?? '';
    const nodes = [...new Set(context.words.slice(0, -1))];
    if (nodes.length === 0)
      throw usageProblem('power takes one or more machines and what to do: crashcart power NODE on');
    if (word === 'reboot')
      return withEngine(context, 'power', (engine, fleet) =>
        orderAndSay(context, engine, { type: 'talosReboot', nodes: knownNodes(fleet, nodes, 'power') }),
      );
    if (word !== 'status' && !ACTIONS.some((action) => action === word))
      throw usageProblem(`"${word}" is none of ${ACTIONS.join(', ')}, reboot, status`);
    const client = await dialEngine(context, 'power', word !== 'status');
    if (flag(context, 'take')) await client.ask({ type: 'takeWrite' });
    const action: BmcAction =
      word === 'status' ? { type: 'readBmc', nodes } : { type: 'power', nodes, action: word as PowerAction };
    const code = await orderAndWait(context, client, action, nodes);
    client.close();
    return code;
  },
};

type BmcAction = Extract<OperatorAction, { readonly type: 'power' | 'locate' | 'readBmc' }>;

const whatOf = (action: BmcAction) =>
  action.type === 'power' ? action.action : action.type === 'locate' ? 'locate' : 'identify';

export async function orderAndWait(
  context: CommandContext,
  client: LinkClient,
  action: BmcAction,
  nodes: readonly string[],
): Promise<ExitCode> {
  const { out, err } = context;
  const json = flag(context, 'json');
  const order = randomUUID();
  await readFleet(client);
  const refused = new AbortController();
  const ordered = waitForNodes(client, nodes, order, longestOrderMs(whatOf(action)), refused.signal);
  const said = await client.ask({ type: 'act', action: { ...action, order } });
  if (!said.ok) {
    refused.abort();
    if (json) out(`${JSON.stringify({ error: said.error })}\n`);
    else err(`crashcart: ${said.error}\n`);
    return EXIT.no;
  }
  const { fleet, failures } = await ordered;
  const rows = nodes.map((name) => ({
    name,
    now: stateAfter(action, nodeOf(fleet, name)),
    problem: failures.get(name),
  }));
  if (json)
    out(
      `${JSON.stringify(
        nodes.flatMap((name) => nodeOf(fleet, name) ?? []).map((node) => toRow(node, Date.now())),
        undefined,
        2,
      )}\n`,
    );
  else for (const row of rows) out(`${row.name}: ${row.problem ?? row.now}\n`);
  return failures.size > 0 ? EXIT.no : EXIT.done;
}

/** What was asked about: of a light that was switched nobody wants to hear the power. */
function stateAfter(action: OperatorAction, node: NodeState | undefined): string {
  if (node === undefined) return 'unknown';
  if (action.type !== 'locate') return node.power.is;
  const { locate, health } = node;
  return `${locate ? 'blinking' : 'dark again'}${health.is === 'conflict' ? `, but ${health.detail}` : ''}`;
}

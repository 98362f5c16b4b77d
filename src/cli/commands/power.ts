import { randomUUID } from 'node:crypto';
import type { PowerAction } from '../../core/bmc.ts';
import { bmcDoubt } from '../../core/bmc-conflict.ts';
import { type Fleet, nodeOf } from '../../core/fleet.ts';
import { asEngineTime } from '../../core/host-clock.ts';
import type { NodeState } from '../../core/node.ts';
import type { OperatorAction } from '../../core/operator-action.ts';
import { writingText } from '../../core/writing.ts';
import { longestOrderMs } from '../../drivers/bmc-timings.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  ORDER_OPTIONS,
  usageProblem,
} from '../command.ts';
import { dialTwice } from '../engine-socket.ts';
import { readFleet } from '../follow-once.ts';
import { toRow } from '../node-rows.ts';
import { knownNodes, orderAndSay, withEngine } from '../order-command.ts';
import { type Waited, waitForNodes } from '../wait-for-nodes.ts';

const ACTIONS: readonly PowerAction[] = ['on', 'off', 'forceOff', 'cycle', 'reset'];

export const powerCommand: Command = {
  name: 'power',
  summary: 'switch machines by their BMC, without a job',
  usage: [
    'power NODE… on|off|forceOff|cycle|reset|status [--json]',
    'power NODE… off|forceOff|cycle|reset --confirm NODE      (in the middle of an installation)',
    'power NODE… reboot',
  ],
  about:
    'Waits until the BMC says that the power changed, and says why when it does not. `reboot` asks Talos itself, with the talosconfig of the site, and needs no BMC.',
  options: {
    confirm: {
      type: 'string',
      multiple: true,
      value: 'NODE',
      help: 'for a machine whose disk is being written: its name once more, one for each',
    },
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
    const action: BmcAction =
      word === 'status' ? { type: 'readBmc', nodes } : { type: 'power', nodes, action: word as PowerAction };
    return orderAndWait(context, 'power', action, nodes);
  },
};

type BmcAction = Extract<OperatorAction, { readonly type: 'power' | 'locate' | 'readBmc' }>;

const whatOf = (action: BmcAction) =>
  action.type === 'power' ? action.action : action.type === 'locate' ? 'locate' : 'identify';

/** A BMC may take minutes. */
export async function orderAndWait(
  context: CommandContext,
  name: string,
  action: BmcAction,
  nodes: readonly string[],
): Promise<ExitCode> {
  const { writer, onlooker } = await dialTwice(context, name, action.type !== 'readBmc');
  try {
    const order = randomUUID();
    const fleet = await readFleet(onlooker);
    const cuts = action.type === 'power' && action.action !== 'on' ? cutBy(fleet, nodes) : [];
    const open = cuts.filter(({ name }) => !confirmed(context).includes(name));
    if (open.length > 0) return refuse(context, unconfirmed(open));
    for (const { name, does } of cuts) context.err(`crashcart: ${name} ${does}: this cuts it\n`);
    const refused = new AbortController();
    const ordered = waitForNodes(onlooker, nodes, order, longestOrderMs(whatOf(action)), refused.signal, (line) => {
      if (!flag(context, 'json')) context.err(`${line}\n`);
    });
    const said = await writer.ask({ type: 'act', action: { ...action, order } });
    writer.close();
    if (said.ok) return report(context, action, nodes, await ordered);
    refused.abort();
    return refuse(context, said.error);
  } finally {
    writer.close();
    onlooker.close();
  }
}

function refuse(context: CommandContext, why: string): ExitCode {
  if (flag(context, 'json')) context.out(`${JSON.stringify({ error: why })}\n`);
  else context.err(`crashcart: ${why}\n`);
  return EXIT.no;
}

interface Cut {
  readonly name: string;
  readonly does: string;
}

/** Of these machines those whose disk is being written. */
function cutBy(fleet: Fleet, names: readonly string[]): readonly Cut[] {
  return names.flatMap((name) => {
    const node = nodeOf(fleet, name);
    const does = node === undefined ? undefined : writingText(node);
    return does === undefined ? [] : [{ name, does }];
  });
}

function confirmed(context: CommandContext): readonly string[] {
  const given = context.options.confirm;
  return Array.isArray(given) ? given.map(String) : [];
}

function unconfirmed(open: readonly Cut[]): string {
  const names = open.map(({ name }) => name);
  const told = open.map(({ name, does }) => `${name} ${does}`).join(', ');
  return `${told}: this cuts it, and what is on the disk then is half a system. Nothing was sent; to do it all the same: --confirm ${names.join(' --confirm ')}`;
}

function report(
  context: CommandContext,
  action: BmcAction,
  nodes: readonly string[],
  { fleet, failures, found }: Waited,
): ExitCode {
  if (flag(context, 'json')) {
    const rows = nodes
      .flatMap((name) => nodeOf(fleet, name) ?? [])
      .map((node) => toRow(node, { fleet, nowMs: asEngineTime(Date.now(), fleet) }));
    context.out(`${JSON.stringify(rows, undefined, 2)}\n`);
  } else
    for (const name of nodes)
      context.out(
        `${name}: ${failures.get(name) ?? stateAfter(action, nodeOf(fleet, name))}${found.has(name) ? '; it was so already, nothing was sent' : ''}\n`,
      );
  return failures.size > 0 ? EXIT.no : EXIT.done;
}

/** What was asked about: of a light that was switched nobody wants to hear the power. */
function stateAfter(action: OperatorAction, node: NodeState | undefined): string {
  if (node === undefined) return 'unknown';
  if (action.type !== 'locate') return [node.power.is, bmcDoubt(node)].filter(Boolean).join('; ');
  const { locate, health } = node;
  return `${locate ? 'blinking' : 'dark again'}${health.is === 'conflict' ? `, but ${health.detail}` : ''}`;
}

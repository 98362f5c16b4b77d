import type { Fleet } from '../../core/fleet.ts';
import { nodeOf } from '../../core/fleet.ts';
import type { JobKind } from '../../core/job.ts';
import type { Result } from '../../core/result.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import type { NodePreview } from '../../link/screen-port.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  JSON_OPTION,
  numberOption,
  SOCKET_OPTION,
  textOption,
  usageProblem,
} from '../command.ts';
import { dialEngine } from '../engine-socket.ts';
import { readFleet } from '../follow-once.ts';
import { renderRows, toRow } from '../node-rows.ts';

const KINDS: readonly JobKind[] = ['install', 'reinstall', 'wipe', 'inspect', 'rescue'];

export const provisionCommand: Command = {
  name: 'provision',
  summary: 'arm machines by name and boot them: install, reinstall, wipe, inspect or rescue',
  usage: [
    'provision NODE… [--wait] [--json]',
    'provision NODE… --reinstall --confirm NODE…      (erases; each host name must be repeated)',
    'provision NODE… --kind inspect|rescue|wipe',
  ],
  about:
    'Arms exactly the named machines in the running engine, sets one-shot network boot on their BMCs and power-cycles\nthem. `install` never overwrites an installation: a machine that has one halts and says so.',
  options: {
    kind: { type: 'string', value: 'KIND', help: `${KINDS.join(', ')} (default: install)` },
    reinstall: { type: 'boolean', help: 'the same as --kind reinstall: wipe, then install' },
    confirm: {
      type: 'string',
      multiple: true,
      value: 'HOSTNAME',
      help: 'for what erases: the host name once more, one for each machine',
    },
    wait: { type: 'boolean', short: 'w', help: 'follow the machines until their jobs end; exit 1 if one fails' },
    timeout: { type: 'string', value: 'SECONDS', help: 'with --wait: give up watching after so long (default: 3600)' },
    take: { type: 'boolean', help: 'take over the write side from another operator' },
    ...JSON_OPTION,
    ...SOCKET_OPTION,
  },
  completes: 'nodes',
  examples: ['crashcart provision r07-u33 --wait', 'crashcart provision r07-u33 --reinstall --confirm r07-u33 --wait'],
  run: async (context) => {
    const kind = kindOf(context);
    const nodes = [...new Set(context.words)];
    if (nodes.length === 0) throw usageProblem('provision takes the names of the machines');
    const confirmed = confirmation(context, kind, nodes);
    const client = await dialEngine(context, 'provision', true);
    try {
      if (flag(context, 'take')) await client.ask({ type: 'takeWrite' });
      const before = await readFleet(client);
      const unknown = nodes.find((name) => nodeOf(before, name) === undefined);
      if (unknown !== undefined)
        throw usageProblem(`there is no machine named ${unknown} in the inventory of the engine`);
      const lastJobs = new Map(nodes.map((name) => [name, nodeOf(before, name)?.endedJobs.at(-1)?.id]));
      return await provision(context, client, kind, nodes, confirmed, lastJobs);
    } finally {
      client.close();
    }
  },
};

function kindOf(context: CommandContext): JobKind {
  const text = textOption(context, 'kind') ?? (flag(context, 'reinstall') ? 'reinstall' : 'install');
  const kind = KINDS.find((one) => one === text);
  if (kind === undefined) throw usageProblem(`--kind takes ${KINDS.join(', ')}, not "${text}"`);
  if (flag(context, 'reinstall') && kind !== 'reinstall')
    throw usageProblem('--reinstall and --kind name different jobs');
  return kind;
}

function confirmation(context: CommandContext, kind: JobKind, nodes: readonly string[]): string | undefined {
  if (kind !== 'reinstall' && kind !== 'wipe') return undefined;
  const given = context.options.confirm;
  const names = Array.isArray(given) ? given.map(String) : [];
  const missing = nodes.filter((name) => !names.includes(name));
  if (missing.length > 0)
    throw usageProblem(
      `${kind} ERASES the disks of ${nodes.join(', ')}: repeat each host name, --confirm ${missing.join(' --confirm ')}`,
    );
  return nodes.length === 1 ? nodes[0] : `ERASE ${nodes.length}`;
}

async function provision(
  context: CommandContext,
  client: LinkClient,
  kind: JobKind,
  nodes: readonly string[],
  confirmed: string | undefined,
  lastJobs: LastJobs,
): Promise<ExitCode> {
  const preview = (await client.ask({ type: 'preview', nodes, kind })) as Result<readonly NodePreview[]>;
  if (!preview.ok) return refuse(context, preview.error);
  const refused = preview.value.flatMap((one) =>
    one.refusals.map((why) => (why.startsWith(one.node) ? why : `${one.node}: ${why}`)),
  );
  if (refused.length > 0) return refuse(context, refused.join('\n'));
  const planHashes = Object.fromEntries(preview.value.map((one) => [one.node, one.planHash]));
  const armed = await client.ask({
    type: 'act',
    action: { type: 'arm', kind, nodes, planHashes, ...(confirmed === undefined ? {} : { confirmed }) },
  });
  if (!armed.ok) return refuse(context, armed.error);
  if (!flag(context, 'json')) context.out(`${String(armed.value)}\n`);
  if (!flag(context, 'wait')) {
    if (flag(context, 'json')) context.out(`${JSON.stringify({ armed: nodes, kind })}\n`);
    return EXIT.done;
  }
  return follow(context, client, nodes, lastJobs);
}

function refuse(context: CommandContext, why: string): ExitCode {
  if (flag(context, 'json')) context.out(`${JSON.stringify({ error: why })}\n`);
  else context.err(`crashcart: refused, nothing was armed:\n${why}\n`);
  return EXIT.no;
}

/** Draws one line per change; ends when every job has ended, or when a machine waits for a person for good. */
function follow(
  context: CommandContext,
  client: LinkClient,
  nodes: readonly string[],
  lastJobs: LastJobs,
): Promise<ExitCode> {
  const json = flag(context, 'json');
  const said = new Map<string, string>();
  return new Promise((resolve) => {
    let over = false;
    const finish = (fleet: Fleet, timedOut: boolean) => {
      over = true;
      clearTimeout(timer);
      const rows = nodes.flatMap((name) => nodeOf(fleet, name) ?? []).map((node) => toRow(node, Date.now()));
      context.out(json ? `${JSON.stringify({ timedOut, nodes: rows }, undefined, 2)}\n` : `\n${renderRows(rows)}\n`);
      resolve(!timedOut && nodes.every((name) => isDone(fleet, name, lastJobs.get(name))) ? EXIT.done : EXIT.no);
    };
    let latest: Fleet | undefined;
    const timer = setTimeout(
      () => latest !== undefined && finish(latest, true),
      numberOption(context, 'timeout', 3600, 1) * 1000,
    );
    client.onClose((reason) => {
      if (over) return;
      context.err(`crashcart: the engine is gone (${reason}); the machines go on, attach again to see them\n`);
      resolve(EXIT.no);
    });
    client.follow((fleet) => {
      latest = fleet;
      if (!json) for (const name of nodes) sayChange(context, fleet, name, said);
      if (nodes.every((name) => isOver(fleet, name, lastJobs.get(name)))) finish(fleet, false);
    }, 250);
  });
}

function sayChange(context: CommandContext, fleet: Fleet, name: string, said: Map<string, string>): void {
  const node = nodeOf(fleet, name);
  if (node === undefined) return;
  const row = toRow(node, fleet.at);
  const percent = row.percent === undefined ? '' : ` ${Math.floor(row.percent / 10) * 10}%`;
  const line = `${name}: ${row.phase}${percent}${row.health === 'ok' ? '' : ` ${row.health.toUpperCase()}: ${row.cause ?? ''} ${row.detail ?? ''}`}${row.ask === undefined ? '' : ` >> ${row.ask}`}`;
  if (said.get(name) === line) return;
  said.set(name, line);
  context.out(`${new Date(fleet.at).toISOString().slice(11, 19)} ${line}\n`);
}

/** The job that each machine had ended last before this command: its outcome is not ours. */
type LastJobs = ReadonlyMap<string, string | undefined>;

function isOver(fleet: Fleet, name: string, lastJob: string | undefined): boolean {
  const node = nodeOf(fleet, name);
  if (node === undefined) return true;
  if (node.job === undefined) return node.endedJobs.at(-1)?.id !== lastJob;
  // A failure that no remedy of the program mends: a person has to act, and the script should not wait for that.
  const { health } = node;
  const halted = health.is === 'stalled' && health.code === 'HALTED';
  return health.is === 'failed' || health.is === 'conflict' || node.job.suspended !== undefined || halted;
}

function isDone(fleet: Fleet, name: string, lastJob: string | undefined): boolean {
  const ended = nodeOf(fleet, name)?.endedJobs.at(-1);
  return ended?.outcome === 'done' && ended.id !== lastJob;
}

import { endingDoubt } from '../../core/disk-doubt.ts';
import { type Fleet, isOpenWave, nodeOf, nodesOf, type Wave } from '../../core/fleet.ts';
import type { Result } from '../../core/result.ts';
import { afterWaveJob, viewWave } from '../../core/wave.ts';
import { hasJobOrPlace, wavesAwaiting } from '../../core/wave-places.ts';
import { NONE_PLANNED } from '../../engine/act.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import { UNKNOWN_ORDER } from '../../link/parse-action.ts';
import type { Cleared } from '../await-override-cleared.ts';
import { answered, type Goal, orderAll } from '../cancel-rounds.ts';
import { chooseWave } from '../choose-wave.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  numberOption,
  ORDER_OPTIONS,
  textOption,
  usageProblem,
} from '../command.ts';
import { readFleet } from '../follow-once.ts';
import { knownNodes, withClient } from '../order-command.ts';
import { shareFollow } from '../share-follow.ts';

export const cancelCommand: Command = {
  name: 'cancel',
  summary: 'end the jobs of machines, of a wave or of all, and take the boot override back',
  usage: ['cancel NODE… [--json]', 'cancel --wave WAVE', 'cancel --all'],
  about:
    'From then on the machines are answered `local`; those that wait in a wave are out of it, and an order for them that is still being planned is refused, whole. The one-shot boot override is cleared on each BMC and read back; exit 1 says that one was not. A machine whose disk is already being erased or written goes on by itself: nothing here stops that, it is said, and stays in `status` until a system is seen to run from that disk.',
  options: {
    wave: {
      type: 'string',
      value: 'WAVE',
      help: 'the wave and every machine that is armed by it, failed ones too (`wave list` names waves)',
    },
    all: { type: 'boolean', help: 'every job and every wave' },
    timeout: { type: 'string', value: 'SECONDS', help: 'wait so long for the BMCs to read back (default: 60)' },
    ...ORDER_OPTIONS,
  },
  completes: 'nodes',
  examples: ['crashcart cancel r07-u33', 'crashcart cancel --all'],
  run: async (context) => {
    const ways = [context.words.length > 0, textOption(context, 'wave') !== undefined, flag(context, 'all')];
    if (ways.filter(Boolean).length !== 1)
      throw usageProblem('cancel takes machines, or --wave WAVE, or --all: one of the three');
    const waitMs = numberOption(context, 'timeout', 60, 1, 3600) * 1000;
    const work = async (client: LinkClient): Promise<ExitCode> => {
      // Before the state is read: what is armed by then stands in it, and nothing that was planned comes behind it.
      const withdrawn = await withdrawPlanned(context, client);
      return cancel(context, client, await readFleet(client), waitMs, withdrawn);
    };
    return withClient(context, 'cancel', work, 'forbids');
  },
};

/** What the words mean in any later state too: what a wave armed since is meant as well. */
function goalIn(context: CommandContext, fleet: Fleet): (now: Fleet) => Goal {
  if (flag(context, 'all'))
    return (now) => ({
      waves: openOf(Object.values(now.waves)),
      nodes: nodesOf(now).flatMap(({ name, job }) => (job === undefined ? [] : [name])),
    });
  const named = textOption(context, 'wave');
  if (named !== undefined) {
    const { id } = chooseWave(fleet, named);
    return (now) => {
      const wave = now.waves[id];
      return wave === undefined ? NOTHING : { waves: openOf([wave]), nodes: armedBy(now, wave) };
    };
  }
  const words = knownNodes(fleet, context.words, 'cancel');
  return (now) => ({ waves: [], nodes: words.filter((name) => hasJobOrPlace(now, name)) });
}

const NOTHING: Goal = { waves: [], nodes: [] };

const openOf = (waves: readonly Wave[]): readonly string[] => waves.filter(isOpenWave).map(({ id }) => id);

/** Also whom the wave has given up: it is armed as long as its job stands. */
const armedBy = (fleet: Fleet, { entries }: Wave): readonly string[] =>
  entries.filter(({ node, job }) => nodeOf(fleet, node)?.job?.id === job).map(({ node }) => node);

async function cancel(
  context: CommandContext,
  linked: LinkClient,
  fleet: Fleet,
  waitMs: number,
  withdrawn: Result<readonly string[]>,
): Promise<ExitCode> {
  const rounds = await orderAll(shareFollow(linked), fleet, goalIn(context, fleet), waitMs);
  const asked = (await Promise.all(rounds.map(({ orders }) => Promise.all(orders.map(answered))))).flat();
  const planned = withdrawn.ok ? [] : [withdrawn.error];
  const problems = [...new Set([...planned, ...asked.flatMap(({ problem }) => problem ?? [])])];
  const done: Goal = {
    waves: asked.flatMap((one) => (one.isDone ? one.waves : [])),
    nodes: [...new Set(asked.flatMap((one) => (one.isDone ? one.nodes : [])))],
  };
  const orders = withdrawn.ok ? withdrawn.value : [];
  const isAnyDone = done.waves.length + done.nodes.length + orders.length > 0;
  if (problems.length > 0 && !isAnyDone) return refuse(context, problems.join('\n'));
  const cleared = await Promise.all(done.nodes.length > 0 ? rounds.map((round) => round.cleared) : []);
  const before = new Map(rounds.flatMap(({ fleet: read, goal }) => goal.nodes.map((name) => [name, read] as const)));
  const idle = [...new Set(context.words)].filter((name) => !before.has(name));
  const ended = { ...done, withdrawn: orders, fleet, before, cleared: new Map(cleared.flatMap((one) => [...one])) };
  return say(context, ended, idle, problems);
}

/** Of what is still planned no machine has a job yet, and no state tells of it. */
async function withdrawPlanned(context: CommandContext, client: LinkClient): Promise<Result<readonly string[]>> {
  const isAll = flag(context, 'all');
  if (!isAll && context.words.length === 0) return { ok: true, value: [] };
  const nodes = [...new Set(context.words)];
  const action = { type: 'withdraw', nodes, ...(isAll ? { all: true as const } : {}) } as const;
  const answer = await client.ask({ type: 'act', action });
  if (!answer.ok) return answer.error === UNKNOWN_ORDER ? { ok: true, value: [] } : answer;
  const said = String(answer.value);
  return { ok: true, value: said === NONE_PLANNED ? [] : said.split('\n') };
}

/** Waves that stop by it: a machine of theirs that went first does not come, and the rest is not started. */
function stoppedBy(fleet: Fleet, { waves, nodes }: Goal): readonly Wave[] {
  return Object.values(fleet.waves)
    .filter((wave) => wave.state === 'running' && !waves.includes(wave.id))
    .map((wave) => {
      const own = nodes.filter((name) => {
        const job = nodeOf(fleet, name)?.job?.id;
        return viewWave(wave).active.includes(name) && wave.entries.some((one) => one.node === name && one.job === job);
      });
      return own.reduce((now, name) => afterWaveJob(now, name, { outcome: 'cancelled', at: fleet.at }), wave);
    })
    .filter((wave) => wave.state === 'stopped');
}

function refuse(context: CommandContext, why: string): ExitCode {
  if (flag(context, 'json')) context.out(`${JSON.stringify({ error: why })}\n`);
  else context.err(`crashcart: ${why}\n`);
  return EXIT.no;
}

interface Ended extends Goal {
  /** Orders that were still planned, in words. */
  readonly withdrawn: readonly string[];
  readonly fleet: Fleet;
  /** The state of which each machine was cancelled. */
  readonly before: ReadonlyMap<string, Fleet>;
  readonly cleared: ReadonlyMap<string, Cleared>;
}

function say(context: CommandContext, ended: Ended, idle: readonly string[], problems: readonly string[]): ExitCode {
  const { waves, nodes, withdrawn, fleet, before, cleared } = ended;
  const bad = problems.length > 0 || [...cleared.values()].some((one) => one.is !== 'cleared');
  const stopped = stoppedBy(fleet, ended);
  const rows = nodes.map((name) => rowOf(before.get(name) ?? fleet, name));
  if (flag(context, 'json')) {
    const cancelled = rows.map(({ name, waited, disk }) => ({
      name,
      override: cleared.get(name) ?? { is: 'none' },
      ...(waited.length === 0 ? {} : { waited: waited.map(({ id }) => id) }),
      ...(disk === undefined ? {} : { disk }),
    }));
    const error = problems.length === 0 ? {} : { error: problems.join('\n') };
    const more = withdrawn.length === 0 ? error : { withdrawn, ...error };
    context.out(`${JSON.stringify({ waves, cancelled, idle, stopped: stopped.map(({ id }) => id), ...more })}\n`);
    return bad ? EXIT.no : EXIT.done;
  }
  for (const order of withdrawn) context.out(`${order}\n`);
  for (const wave of waves) context.out(`wave ${wave}: cancelled\n`);
  for (const name of idle) context.out(`${name}: has no job\n`);
  if (waves.length + nodes.length + idle.length + withdrawn.length === 0) context.out('nothing runs\n');
  for (const row of rows) {
    const more = row.disk === undefined ? '' : `; ${row.disk}`;
    context.out(`${row.name}: ${cancelledText(row)}${overrideText(row.name, cleared.get(row.name))}${more}\n`);
  }
  for (const wave of stopped)
    context.out(`wave ${wave.id} stopped: ${wave.why}; crashcart wave resume ${wave.id} starts it\n`);
  for (const problem of problems) context.err(`crashcart: ${problem}\n`);
  return bad ? EXIT.no : EXIT.done;
}

interface Row {
  readonly name: string;
  readonly isArmed: boolean;
  readonly waited: readonly Wave[];
  readonly disk: string | undefined;
}

function rowOf(before: Fleet, name: string): Row {
  const node = nodeOf(before, name);
  const disk = node === undefined ? undefined : endingDoubt(node, before.at);
  return { name, isArmed: node?.job !== undefined, waited: wavesAwaiting(before, name), disk };
}

function cancelledText({ isArmed, waited }: Row): string {
  if (waited.length === 0) return 'cancelled';
  const left = `out of wave ${waited.map(({ id, kind }) => `${id} (${kind})`).join(' and ')}, in which it waited`;
  return isArmed ? `cancelled, and ${left}` : left;
}

function overrideText(name: string, cleared: Cleared | undefined): string {
  switch (cleared?.is) {
    case 'cleared':
      return `, boot override cleared and read back${cleared.off === true ? `; it is off now: crashcart power ${name} on` : ''}`;
    case 'failed':
      return `, but its boot override is NOT cleared: ${cleared.why}`;
    case 'silent':
      return ', but its BMC has not read back yet that the boot override is cleared';
    case undefined:
      return '';
  }
}

import { endingDoubt } from '../../core/disk-doubt.ts';
import { type Fleet, isOpenWave, nodeOf, nodesOf, type Wave } from '../../core/fleet.ts';
import type { OperatorAction } from '../../core/operator-action.ts';
import type { Result } from '../../core/result.ts';
import { afterWaveJob, viewWave } from '../../core/wave.ts';
import { wavesAwaiting } from '../../core/wave-places.ts';
import { isDoneUnsaved } from '../../engine/act.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import { awaitOverrideCleared, type Cleared, overridden } from '../await-override-cleared.ts';
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
import { knownNodes, withEngine } from '../order-command.ts';

export const cancelCommand: Command = {
  name: 'cancel',
  summary: 'end the jobs of machines, of a wave or of all, and take the boot override back',
  usage: ['cancel NODE… [--json]', 'cancel --wave WAVE', 'cancel --all'],
  about:
    'From then on the machines are answered `local`; those that wait in a wave are out of it. The one-shot boot override is cleared on each BMC and read back; exit 1 says that one was not. A machine whose disk is already being erased or written goes on by itself: nothing here stops that, it is said, and stays in `status` until a system is seen to run from that disk.',
  options: {
    wave: {
      type: 'string',
      value: 'WAVE',
      help: 'the wave and every machine of it that still works (`wave list` names them)',
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
    return withEngine(context, 'cancel', (client, fleet) => cancel(context, client, fleet, waitMs), 'forbids');
  },
};

interface Goal {
  readonly waves: readonly string[];
  readonly nodes: readonly string[];
}

function goalOf(context: CommandContext, fleet: Fleet): Goal {
  const working = (names: readonly string[]) => names.filter((name) => nodeOf(fleet, name)?.job !== undefined);
  if (flag(context, 'all')) {
    const waves = Object.values(fleet.waves).filter(isOpenWave);
    return { waves: waves.map((wave) => wave.id), nodes: working(nodesOf(fleet).map((node) => node.name)) };
  }
  const named = textOption(context, 'wave');
  if (named === undefined) {
    const nodes = knownNodes(fleet, context.words, 'cancel');
    return {
      waves: [],
      nodes: nodes.filter((name) => working([name]).length > 0 || wavesAwaiting(fleet, name).length > 0),
    };
  }
  const wave = chooseWave(fleet, named);
  return { waves: isOpenWave(wave) ? [wave.id] : [], nodes: working(viewWave(wave).active) };
}

async function cancel(context: CommandContext, client: LinkClient, fleet: Fleet, waitMs: number): Promise<ExitCode> {
  const { waves, nodes } = goalOf(context, fleet);
  const idle = [...new Set(context.words)].filter((name) => !nodes.includes(name));
  const held = overridden(fleet, nodes);
  const waiting = awaitOverrideCleared(client, held, held.length === 0 ? 0 : waitMs);
  // The wave first: else the place of each machine that is cancelled goes to the next one.
  const asked: Asked[] = [];
  for (const wave of waves)
    asked.push({ waves: [wave], nodes: [], ...(await order(client, { type: 'waveCancel', wave })) });
  if (nodes.length > 0) asked.push({ waves: [], nodes, ...(await order(client, { type: 'cancel', nodes })) });
  const problems = [...new Set(asked.flatMap(({ problem }) => problem ?? []))];
  const done: Goal = {
    waves: asked.flatMap((one) => (one.isDone ? one.waves : [])),
    nodes: asked.flatMap((one) => (one.isDone ? one.nodes : [])),
  };
  if (asked.length > 0 && done.waves.length + done.nodes.length === 0) return refuse(context, problems.join('\n'));
  const cleared = done.nodes.length > 0 ? await waiting : new Map();
  return say(context, fleet, done, idle, cleared, problems);
}

interface Asked extends Goal {
  readonly isDone: boolean;
  readonly problem?: string;
}

/** What could not be saved took effect all the same, and what else is asked for is not less wanted by it. */
async function order(client: LinkClient, action: OperatorAction): Promise<Omit<Asked, keyof Goal>> {
  const answer: Result<unknown> = await client.ask({ type: 'act', action });
  return answer.ok ? { isDone: true } : { isDone: isDoneUnsaved(answer), problem: answer.error };
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

function say(
  context: CommandContext,
  before: Fleet,
  { waves, nodes }: Goal,
  idle: readonly string[],
  cleared: ReadonlyMap<string, Cleared>,
  problems: readonly string[],
): ExitCode {
  const bad = problems.length > 0 || [...cleared.values()].some((one) => one.is !== 'cleared');
  if (flag(context, 'json')) {
    const rows = nodes.map((name) => {
      const node = nodeOf(before, name);
      const disk = node === undefined ? undefined : endingDoubt(node, before.at);
      const left = wavesAwaiting(before, name).map(({ id }) => id);
      const waited = left.length === 0 ? {} : { waited: left };
      return {
        name,
        override: cleared.get(name) ?? { is: 'none' },
        ...waited,
        ...(disk === undefined ? {} : { disk }),
      };
    });
    const stopped = stoppedBy(before, { waves, nodes }).map((wave) => wave.id);
    const error = problems.length === 0 ? {} : { error: problems.join('\n') };
    context.out(`${JSON.stringify({ waves, cancelled: rows, idle, stopped, ...error })}\n`);
    return bad ? EXIT.no : EXIT.done;
  }
  for (const wave of waves) context.out(`wave ${wave}: cancelled\n`);
  for (const name of idle) context.out(`${name}: has no job\n`);
  if (waves.length + nodes.length + idle.length === 0) context.out('nothing runs\n');
  for (const name of nodes) {
    const node = nodeOf(before, name);
    const doubt = node === undefined ? undefined : endingDoubt(node, before.at);
    const more = doubt === undefined ? '' : `; ${doubt}`;
    context.out(`${name}: ${cancelledText(before, name)}${overrideText(name, cleared.get(name))}${more}\n`);
  }
  for (const wave of stoppedBy(before, { waves, nodes }))
    context.out(`wave ${wave.id} stopped: ${wave.why}; crashcart wave resume ${wave.id} starts it\n`);
  for (const problem of problems) context.err(`crashcart: ${problem}\n`);
  return bad ? EXIT.no : EXIT.done;
}

function cancelledText(before: Fleet, name: string): string {
  const waves = wavesAwaiting(before, name).map(({ id, kind }) => `${id} (${kind})`);
  if (waves.length === 0) return 'cancelled';
  const left = `out of wave ${waves.join(' and ')}, in which it waited`;
  return nodeOf(before, name)?.job === undefined ? left : `cancelled, and ${left}`;
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

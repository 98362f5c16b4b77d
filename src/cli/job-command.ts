import { bmcDoubt } from '../core/bmc-conflict.ts';
import { nodeOf } from '../core/fleet.ts';
import type { JobKind } from '../core/job.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { Result } from '../core/result.ts';
import { isUnsaved } from '../core/unsaved.ts';
import { waveWaits } from '../core/wave.ts';
import { isPartlyArmed } from '../engine/refuse-arming.ts';
import { isUnknownEnd, type LinkClient } from '../link/connect-link.ts';
import type { NodePreview } from '../link/screen-port.ts';
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
} from './command.ts';
import { dialTwice } from './engine-socket.ts';
import { followJobs } from './follow-jobs.ts';
import { readFleet } from './follow-once.ts';
import { type Interrupt, takeBackOnInterrupt } from './take-back-on-interrupt.ts';

/** What every command takes that arms machines. */
export const JOB_OPTIONS = {
  confirm: {
    type: 'string',
    multiple: true,
    value: 'HOSTNAME',
    help: 'for what erases: the host name once more, one for each machine',
  },
  canary: {
    type: 'string',
    value: 'N',
    help: 'as a wave: so many go first, the others when these are done (default: 1)',
  },
  width: { type: 'string', value: 'N', help: 'as a wave: so many at a time (default: 8)' },
  'stop-after': {
    type: 'string',
    value: 'N',
    help: 'as a wave: start no more when so many have failed (default: 3); a canary that fails stops it at once',
  },
  together: {
    type: 'boolean',
    help: 'control-plane nodes of one cluster may go at the same time: for a cluster that is not there yet',
  },
  wait: { type: 'boolean', short: 'w', help: 'follow the machines until their jobs end; exit 1 if one fails' },
  timeout: { type: 'string', value: 'SECONDS', help: 'with --wait: give up watching after so long (default: 3600)' },
  ...ORDER_OPTIONS,
} as const satisfies Command['options'];

/** Node fires a timer of more than 24.8 days at once. */
const LONGEST_S = 2_000_000;

interface WaveSize {
  readonly canary: number;
  readonly width: number;
  readonly stopAfterFailures: number;
}

interface Order {
  readonly kind: JobKind;
  readonly nodes: readonly string[];
  readonly confirmed: string | undefined;
  readonly wave: WaveSize | undefined;
  readonly together: boolean;
  readonly timeoutMs: number;
}

/** Preview, then arm exactly what was previewed: the hash of each plan goes with the order. */
export async function runJobCommand(context: CommandContext, name: string, kind: JobKind): Promise<ExitCode> {
  const nodes = [...new Set(context.words)];
  if (nodes.length === 0) throw usageProblem(`${name} takes the names of the machines`);
  const order: Order = {
    kind,
    nodes,
    confirmed: confirmation(context, kind, nodes),
    wave: waveSize(context),
    together: flag(context, 'together'),
    // Read before anything is armed: a number that is none must not be said afterwards.
    timeoutMs: numberOption(context, 'timeout', 3600, 1, LONGEST_S) * 1000,
  };
  const { writer: client, onlooker } = await dialTwice(context, name, true);
  try {
    const before = await readFleet(onlooker);
    const unknown = nodes.find((one) => nodeOf(before, one) === undefined);
    if (unknown !== undefined)
      throw usageProblem(`there is no machine named ${unknown} in the inventory of the engine`);
    const lastJobs = new Map(nodes.map((one) => [one, nodeOf(before, one)?.endedJobs.at(-1)?.id]));
    const interrupt = takeBackOnInterrupt(client, nodes, context.err);
    const armed = await arm(client, order, interrupt).finally(interrupt.off);
    if (!armed.ok) return refuse(context, armed.error);
    if (interrupt.isPressed()) return tooLate(context, armed.value);
    for (const one of nodes) {
      const node = nodeOf(before, one);
      const doubt = node === undefined ? undefined : bmcDoubt(node);
      if (doubt !== undefined) context.err(`crashcart: warning: ${doubt}\n`);
    }
    return await report(context, client, onlooker, order, armed.value, new Set(Object.keys(before.waves)), lastJobs);
  } finally {
    client.close();
    onlooker.close();
  }
}

function waveSize(context: CommandContext): WaveSize | undefined {
  const asked = (['canary', 'width', 'stop-after'] as const).some((name) => textOption(context, name) !== undefined);
  if (!asked) return undefined;
  const whole = (name: string, fallback: number, least: number) => {
    const value = numberOption(context, name, fallback, least, 10_000);
    if (!Number.isInteger(value)) throw usageProblem(`--${name} takes a whole number, not "${value}"`);
    return value;
  };
  return {
    canary: whole('canary', 1, 0),
    width: whole('width', 8, 1),
    stopAfterFailures: whole('stop-after', 3, 1),
  };
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

async function arm(client: LinkClient, order: Order, interrupt: Interrupt): Promise<Result<string>> {
  const { kind, nodes, confirmed, wave } = order;
  const together = order.together ? { together: true as const } : {};
  const preview = (await client.ask({ type: 'preview', nodes, kind })) as Result<readonly NodePreview[]>;
  if (interrupt.isPressed()) return { ok: false, error: 'it was interrupted before it was ordered' };
  if (!preview.ok) return preview;
  const refused = preview.value.flatMap((one) =>
    one.refusals.map((why) => (why.startsWith(one.node) ? why : `${one.node}: ${why}`)),
  );
  if (refused.length > 0) return { ok: false, error: refused.join('\n') };
  const planHashes = Object.fromEntries(preview.value.map((one) => [one.node, one.planHash]));
  const action: OperatorAction =
    wave === undefined
      ? { type: 'arm', kind, nodes, planHashes, ...(confirmed === undefined ? {} : { confirmed }), ...together }
      : { type: 'wave', kind, nodes, planHashes, confirmed: confirmed ?? '', ...wave, ...together };
  const armed = await client.ask({ type: 'act', action });
  return armed.ok ? { ok: true, value: String(armed.value) } : armed;
}

async function report(
  context: CommandContext,
  client: LinkClient,
  onlooker: LinkClient,
  { kind, nodes, wave, timeoutMs }: Order,
  said: string,
  wavesBefore: ReadonlySet<string>,
  lastJobs: ReadonlyMap<string, string | undefined>,
): Promise<ExitCode> {
  const json = flag(context, 'json');
  const begun = wave === undefined ? undefined : await newWave(onlooker, wavesBefore);
  const id = begun?.id;
  if (!json) context.out(`${said}${id === undefined ? '' : ` (wave ${id})`}\n`);
  if (flag(context, 'wait')) {
    // Who only looks on must not keep the write side from whoever has to cancel.
    client.close();
    return followJobs(context, onlooker, { nodes, lastJobs, wave: id, timeoutMs });
  }
  if (json) {
    const ofWave = begun === undefined ? {} : { wave: begun.id, waits: begun.waits };
    context.out(`${JSON.stringify({ armed: nodes, kind, ...ofWave })}\n`);
  } else for (const why of begun?.waits ?? []) context.out(`${why}\n`);
  return EXIT.done;
}

interface NewWave {
  readonly id: string;
  /** Why machines of it wait that could have gone by the width. */
  readonly waits: readonly string[];
}

/** The engine has started it; here it is seen with the next batch of events. */
function newWave(client: LinkClient, before: ReadonlySet<string>): Promise<NewWave | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), 10_000);
    client.follow((fleet) => {
      const wave = Object.values(fleet.waves).find((one) => !before.has(one.id) && !isUnsaved(one));
      if (wave === undefined) return;
      clearTimeout(timer);
      resolve({ id: wave.id, waits: waveWaits(fleet, wave) });
    }, 100);
  });
}

function refuse(context: CommandContext, why: string): ExitCode {
  if (flag(context, 'json')) context.out(`${JSON.stringify({ error: why })}\n`);
  else {
    context.err(`crashcart: ${howRefused({ ok: false, error: why })}:\n${why}\n`);
  }
  return EXIT.no;
}

/** It was armed before it could be taken back. */
function tooLate(context: CommandContext, said: string): ExitCode {
  const why = `interrupted too late: ${said}; \`crashcart cancel\` ends it`;
  if (flag(context, 'json')) context.out(`${JSON.stringify({ error: why })}\n`);
  else context.err(`crashcart: ${why}\n`);
  return EXIT.no;
}

function howRefused(answer: Result<unknown>): string {
  if (isUnknownEnd(answer)) return 'it is not known whether anything was armed: look with `crashcart status`';
  return isPartlyArmed(answer) ? 'NOT all were armed' : 'refused, nothing was armed';
}

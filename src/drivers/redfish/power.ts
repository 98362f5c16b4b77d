import type { BmcProblem, BmcStatus, Power, PowerAction, Switched } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem, maybeDone } from '../bmc-problem.ts';
import { backOffMs, createDeadline, type Deadline, sleep } from '../bmc-wait.ts';
import { answerProblem, refusesAsBusy } from './answer-problem.ts';
import { awaitTask } from './await-task.ts';
import type { BmcContext, JustRead } from './bmc-context.ts';
import { bootProgressOf } from './boot-progress.ts';
import { readHealth } from './health.ts';
import { type Json, textAt } from './json.ts';
import { readResetAction } from './reset-action.ts';

const STATES: Readonly<Record<string, Power>> = {
  on: 'on',
  paused: 'on',
  off: 'off',
  poweringon: 'turningOn',
  poweringoff: 'turningOff',
};

export const powerOf = (json: Json): Power | undefined => STATES[(textAt(json, 'PowerState') ?? '').toLowerCase()];

type PowerResult = Result<Power, BmcProblem>;
type SwitchResult = Result<Switched, BmcProblem>;

/** HPE Gen11 says `Reset`, `Unknown` or nothing for a moment: asked again some times before it is rubbish. */
export async function readStatus(
  context: BmcContext,
  deadline: Deadline,
  justRead?: JustRead,
): Promise<Result<BmcStatus, BmcProblem>> {
  let known = justRead?.get(context.system);
  for (let attempt = 0; ; attempt += 1) {
    const got = known === undefined ? await context.client.get(context.system, deadline) : ok({ json: known });
    known = undefined;
    if (!got.ok) return got;
    const power = powerOf(got.value.json);
    const health = readHealth(got.value.json);
    const progress = bootProgressOf(got.value.json);
    if (power !== undefined)
      return ok({
        power,
        ...(health === undefined ? {} : { health }),
        ...(progress === undefined ? {} : { progress }),
      });
    if (attempt >= 6 || deadline.expired()) {
      const raw = textAt(got.value.json, 'PowerState') ?? 'nothing';
      return fail(bmcProblem('garbage', `${context.client.host} gives "${raw}" as power state.`));
    }
    await sleep(backOffMs(attempt, context.timings.retryFirstMs, context.timings.retryMaxMs), deadline.signal);
  }
}

export async function readPower(context: BmcContext, deadline: Deadline, justRead?: JustRead): Promise<PowerResult> {
  const status = await readStatus(context, deadline, justRead);
  return status.ok ? ok(status.value.power) : status;
}

/** A power change that is waited for: for how long, and whether the machine was given no say in it. */
interface Awaited {
  readonly waitMs: number;
  readonly forced: boolean;
}

/** These pass by themselves. After any other problem the power is not known to be stuck: the problem itself is told. */
const PASSING: ReadonlySet<BmcProblem['code']> = new Set(['unreachable', 'busy', 'timeout', 'garbage']);

/** Polls until the wanted state; the answer to the reset request proves nothing. */
async function waitFor(context: BmcContext, wanted: Power, awaited: Awaited, deadline: Deadline): Promise<PowerResult> {
  let last: Power | undefined;
  for (;;) {
    const state = await readPower(context, deadline);
    if (state.ok) {
      if (state.value === wanted) return state;
      last = state.value;
    } else if (!PASSING.has(state.error.code) || deadline.signal.aborted) return state;
    else if (deadline.expired() && last === undefined) return state;
    if (deadline.expired()) return fail(stuck(context, wanted, last, awaited));
    await sleep(Math.min(context.timings.powerPollMs, deadline.remainingMs()), deadline.signal);
  }
}

function stuck(context: BmcContext, wanted: Power, last: Power | undefined, { waitMs, forced }: Awaited): BmcProblem {
  const force = 'The operating system may hold the shutdown up: use "force off".';
  const look = 'Force off did nothing: look at the machine, its power button and its power supplies.';
  const start = 'Look at the power supplies and the front panel; some machines refuse to start while a part is faulty.';
  return bmcProblem(
    'notTaken',
    `${context.client.host} took the command, but after ${Math.ceil(waitMs / 1_000)} s the machine is still ${last ?? 'in no known state'}, not ${wanted}.`,
    wanted === 'off' ? (forced ? look : `${force} If that does nothing either, look at the machine.`) : start,
  );
}

const TASK_POLLS = 15;

/** Twice is as good as once. A button that is pushed twice, or a second restart, is something else. */
const REPEATABLE: ReadonlySet<string> = new Set(['On', 'ForceOn', 'ForceOff', 'GracefulShutdown']);
const CUT: ReadonlySet<BmcProblem['code']> = new Set(['unreachable', 'timeout']);

function perhapsDone(context: BmcContext, type: string, problem: BmcProblem): BmcProblem {
  return bmcProblem(
    problem.code,
    `${problem.message} Whether "${type}" was carried out is not known: it was not sent again.`,
    `Look whether the machine restarts before you ask ${context.client.host} once more.`,
  );
}

/**
 * One reset request; refused as busy or in conflict it is repeated, for an iDRAC10 refuses `On` for a minute after off.
 * What may have been carried out is repeated only where the power state shows that it was not, and twice does no harm.
 */
async function reset(
  context: BmcContext,
  names: readonly string[],
  goal: Power | undefined,
  deadline: Deadline,
): Promise<Result<'sent' | 'alreadyThere', BmcProblem>> {
  let perhapsSent = false;
  let perhapsTaken = false;
  const failed = (problem: BmcProblem) => fail(perhapsTaken ? maybeDone(problem) : problem);
  for (let attempt = 0; ; attempt += 1) {
    const action = await readResetAction(context, deadline);
    if (!action.ok) return failed(action.error);
    const type =
      names.find((name) => action.value.allowed.includes(name)) ??
      (action.value.allowed.length === 0 ? names[0] : undefined);
    if (type === undefined) {
      const offered = action.value.allowed.join(', ');
      return fail(
        bmcProblem('unsupported', `${context.client.host} offers ${offered}, but not ${names.join(' or ')}.`),
      );
    }
    const call = { method: 'POST', path: action.value.target, body: { ResetType: type } } as const;
    const sent = await context.client.request(call, deadline);
    context.note(`POST ${type}: ${sent.ok ? sent.value.status : sent.error.code}`);
    if (sent.ok && sent.value.status < 300) {
      // That the task failed ends the waiting early; that it is done is for the power state to say.
      const taskMs = Math.min(deadline.remainingMs() / 2, TASK_POLLS * context.timings.powerPollMs);
      const within = createDeadline(taskMs, deadline.signal, context.client.heldMs);
      const stopped = await awaitTask(context, sent.value, `"${type}"`, within);
      return stopped?.code === 'notTaken' ? fail(stopped) : ok('sent');
    }
    const problem = sent.ok ? answerProblem(`"${type}"`, context.client.host, sent.value) : sent.error;
    const doubtful = sent.ok ? sent.value.status >= 500 : CUT.has(problem.code);
    perhapsSent ||= doubtful;
    const refused = sent.ok && refusesAsBusy(sent.value);
    const taken = sent.ok ? doubtful && !refused && problem.code !== 'unsupported' : problem.maybeDone === true;
    perhapsTaken ||= taken;
    // Refused or cut: the state tells whether it is so already, or whether it happened nevertheless.
    const state = await readPower(context, deadline);
    if (state.ok && goal !== undefined && state.value === goal) return ok(perhapsSent ? 'sent' : 'alreadyThere');
    const repeats = goal !== undefined && REPEATABLE.has(type);
    const again = refused || (repeats && (doubtful || problem.code === 'busy'));
    const waitMs = backOffMs(attempt, context.timings.retryFirstMs, context.timings.retryMaxMs);
    if (!again && taken && !repeats) return failed(perhapsDone(context, type, problem));
    if (!again || waitMs >= deadline.remainingMs()) return failed(problem);
    await sleep(waitMs, deadline.signal);
  }
}

async function moveTo(
  context: BmcContext,
  goal: 'on' | 'off',
  names: readonly string[],
  waitMs: number,
  signal: AbortSignal,
): Promise<SwitchResult> {
  const now = await readPower(context, createDeadline(context.timings.readMs, signal, context.client.heldMs));
  if (!now.ok) return now;
  if (now.value === goal) return ok({ power: goal, did: 'nothing' });
  const deadline = createDeadline(waitMs, signal, context.client.heldMs);
  const awaited = { waitMs, forced: names.every((name) => name.startsWith('Force')) };
  const isTurning = now.value === 'turningOn' && goal === 'on';
  const sent = isTurning ? ok('alreadyThere' as const) : await reset(context, names, goal, deadline);
  if (!sent.ok) return goal === 'on' ? fail(cutsNothing(sent.error)) : sent;
  const did = sent.value === 'alreadyThere' ? 'nothing' : goal === 'on' ? 'on' : 'cut';
  return asSwitched(await waitFor(context, goal, awaited, deadline), did);
}

/** Whether it is switched on yet is no matter: whoever boots then boots anew. */
function cutsNothing({ maybeDone: _harmless, ...problem }: BmcProblem): BmcProblem {
  return problem;
}

/** What a BMC took and cannot be asked about may come yet; what it was seen not to do in all that time will not. */
function asSwitched(power: PowerResult, did: Switched['did']): SwitchResult {
  if (power.ok) return ok({ power: power.value, did });
  return did === 'cut' && power.error.code !== 'notTaken' ? fail(maybeDone(power.error)) : power;
}

async function cycle(context: BmcContext, pauseMs: number, signal: AbortSignal): Promise<SwitchResult> {
  const { powerWaitMs } = context.timings;
  const off = await moveTo(context, 'off', ['ForceOff'], powerWaitMs, signal);
  if (!off.ok) return off;
  await sleep(pauseMs, signal);
  const on = await moveTo(context, 'on', ['On', 'ForceOn'], powerWaitMs, signal);
  return on.ok && off.value.did === 'cut' ? ok({ ...on.value, did: 'cut' }) : on;
}

/** PowerState stays On through a restart: the wire, not this, proves that it happened. */
async function restart(context: BmcContext, signal: AbortSignal): Promise<SwitchResult> {
  const { powerWaitMs, readMs, offToOnMs, restartPauseMs } = context.timings;
  const now = await readPower(context, createDeadline(readMs, signal, context.client.heldMs));
  if (!now.ok) return now;
  if (now.value === 'off') return moveTo(context, 'on', ['On', 'ForceOn'], powerWaitMs, signal);
  if (context.traits.resetByCycle) return cycle(context, restartPauseMs, signal);
  const deadline = createDeadline(powerWaitMs, signal, context.client.heldMs);
  const sent = await reset(context, ['ForceRestart', 'PowerCycle'], undefined, deadline);
  if (sent.ok) return asSwitched(await waitFor(context, 'on', { waitMs: powerWaitMs, forced: true }, deadline), 'cut');
  return sent.error.code === 'unsupported' ? cycle(context, offToOnMs, signal) : sent;
}

export function setPower(context: BmcContext, action: PowerAction, signal: AbortSignal): Promise<SwitchResult> {
  const { powerWaitMs, shutdownWaitMs, offToOnMs } = context.timings;
  switch (action) {
    case 'on':
      return moveTo(context, 'on', ['On', 'ForceOn', 'PushPowerButton'], powerWaitMs, signal);
    case 'off':
      return moveTo(context, 'off', ['GracefulShutdown', 'PushPowerButton'], shutdownWaitMs, signal);
    case 'forceOff':
      return moveTo(context, 'off', ['ForceOff'], powerWaitMs, signal);
    case 'cycle':
      return cycle(context, offToOnMs, signal);
    case 'reset':
      return restart(context, signal);
  }
}

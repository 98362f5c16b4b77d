import type { BmcProblem, BootOverride } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { backOffMs, createDeadline, type Deadline, sleep } from '../bmc-wait.ts';
import { answerProblem, isBusyAnswer } from './answer-problem.ts';
import { awaitTask } from './await-task.ts';
import type { BmcContext } from './bmc-context.ts';
import { type BootView, currentOverride, readBootView } from './boot-view.ts';
import type { Resource } from './client.ts';
import { objectAt } from './json.ts';
import { parseMessages } from './messages.ts';
import { patchResource } from './patch-resource.ts';

/** Boot properties by name; written together, or one after the other where a step says so. */
export type BootProperties = Readonly<Record<string, string>>;

/** One way to write them. `spread` puts each property where the settings resource lists it, else on the system. */
export interface BootAttempt {
  readonly steps: readonly BootProperties[];
  readonly where: 'spread' | 'system' | 'settings';
}

interface Write {
  readonly resource: Resource;
  readonly properties: BootProperties;
}

function placeWrites(view: BootView, attempt: BootAttempt): readonly Write[] {
  const { settings, system } = view;
  return attempt.steps.flatMap((step) => {
    if (settings === undefined || attempt.where === 'system') return [{ resource: system, properties: step }];
    if (attempt.where === 'settings') return [{ resource: settings, properties: step }];
    const listed = objectAt(settings.json, 'Boot') ?? {};
    const split = (inSettings: boolean) =>
      Object.fromEntries(Object.entries(step).filter(([name]) => Object.hasOwn(listed, name) === inSettings));
    return [
      { resource: settings, properties: split(true) },
      { resource: system, properties: split(false) },
    ].filter((write) => Object.keys(write.properties).length > 0);
  });
}

/** One PATCH; while the machine is in POST, or a job runs, it is repeated until the deadline. */
async function write(
  context: BmcContext,
  { resource, properties }: Write,
  deadline: Deadline,
): Promise<BmcProblem | undefined> {
  let busy: BmcProblem | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const sent = await patchResource(context.client, resource, { Boot: properties }, deadline);
    const how = `PATCH ${resource.path} ${JSON.stringify(properties)}`;
    context.note(`${how}: ${sent.ok ? sent.value.status : sent.error.code}`);
    // Out of time after it had said that it is busy: that is the reason, not the clock.
    if (!sent.ok) return sent.error.code === 'timeout' ? (busy ?? sent.error) : sent.error;
    if (sent.value.status < 300) return awaitTask(context, sent.value, 'the boot override', deadline);
    const messages = parseMessages(sent.value.body);
    const problem = answerProblem('the boot override', context.client.host, sent.value);
    // A plain 500 is sometimes a BMC that is starting, and sometimes its way of saying no.
    const again = isBusyAnswer(sent.value.status, messages) && (sent.value.status !== 500 || attempt < 3);
    if (problem.code === 'busy') busy = problem;
    const waitMs = backOffMs(attempt, context.timings.retryFirstMs, context.timings.retryMaxMs);
    if (!again || waitMs >= deadline.remainingMs()) return problem;
    await sleep(waitMs, deadline.signal);
  }
}

interface Seen {
  readonly now: BootOverride;
  readonly taken: boolean;
}

const NOTHING_SEEN: Seen = { now: { target: 'none', enabled: 'disabled' }, taken: false };

async function readBack(
  context: BmcContext,
  taken: (now: BootOverride, raw: string | undefined) => boolean,
  signal: AbortSignal,
) {
  const deadline = createDeadline(context.timings.readBackMs, signal, context.client.heldMs);
  let last: Seen | undefined;
  for (;;) {
    // Each look has its own time: waiting for a socket must not count as "not taken".
    const view = await readBootView(context, createDeadline(context.timings.readMs, signal, context.client.heldMs));
    if (view.ok) {
      const { rawTarget, ...now } = currentOverride(view.value);
      last = { now, taken: taken(now, rawTarget) };
      if (last.taken) return ok(last);
    }
    if (deadline.expired()) return last === undefined && !view.ok ? view : ok(last ?? NOTHING_SEEN);
    await sleep(Math.min(context.timings.readBackPollMs, deadline.remainingMs()), signal);
  }
}

const HARD: ReadonlySet<string> = new Set([
  'credentials',
  'passwordChangeRequired',
  'pinChanged',
  'pinMissing',
  'tls',
  'unreachable',
  'timeout',
  'stopped',
  'busy',
  'sessionLimit',
  'tooLarge',
]);

export interface BootGoal {
  readonly attempts: readonly BootAttempt[];
  readonly taken: (now: BootOverride, rawTarget: string | undefined) => boolean;
  /** Go on to the next way where a BMC said yes and did nothing. */
  readonly insist: boolean;
}

/** Tries one way after the other until the override reads back as wanted. */
export async function writeBoot(
  context: BmcContext,
  view: BootView,
  goal: BootGoal,
  signal: AbortSignal,
): Promise<Result<BootOverride, BmcProblem>> {
  const deadline = createDeadline(context.timings.busyMs, signal, context.client.heldMs);
  let last: BmcProblem | undefined;
  // That a BMC said yes and did nothing tells more than what it refused afterwards.
  let ignored: BmcProblem | undefined;
  for (const attempt of goal.attempts) {
    let refused: BmcProblem | undefined;
    for (const one of placeWrites(view, attempt)) {
      refused = await write(context, one, deadline);
      if (refused !== undefined) break;
    }
    if (refused !== undefined) {
      last = refused;
      if (HARD.has(refused.code)) return fail(refused.code === 'timeout' ? (ignored ?? refused) : refused);
      continue;
    }
    const seen = await readBack(context, goal.taken, signal);
    if (!seen.ok) return seen;
    if (seen.value.taken) return ok(seen.value.now);
    const { target, enabled } = seen.value.now;
    ignored = bmcProblem(
      'notTaken',
      `${context.client.host} accepted the boot override, but reads back ${target}, ${enabled}.`,
    );
    if (!goal.insist) return fail(ignored);
  }
  return fail(
    ignored ?? last ?? bmcProblem('unsupported', `${context.client.host} knows no way to set the boot override.`),
  );
}

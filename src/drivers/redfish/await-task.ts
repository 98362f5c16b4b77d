import type { BmcProblem } from '../../core/bmc.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { type Deadline, sleep } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import type { Reply } from './connection.ts';
import { type Json, linkAt, textAt } from './json.ts';
import { parseMessages } from './messages.ts';

/** DSP0266 12: the states in which nothing more comes. TaskStatus says OK beside an Exception (DGX): it counts for nothing. */
const FAILED = new Set(['exception', 'killed', 'cancelled', 'canceled', 'failed', 'completedwitherrors']);
const DONE = new Set(['completed', 'completedok']);
/** Interrupted, suspended and pending wait for something else: for the reset that comes, as a rule. */
const PARKED = new Set(['pending', 'suspended', 'interrupted', 'scheduled']);

/** iDRAC purges tasks after a minute, and says 404 for one that it has only just made. */
const MISSING_ASKS = 3;

function stateOf(json: Json): string {
  const state = textAt(json, 'TaskState') ?? textAt(json, 'JobState') ?? '';
  return state.replace(/\s/g, '').toLowerCase();
}

/**
 * Behind a 202: waits for the end of what was begun, and says why it failed. `undefined` is no proof that it was done:
 * a task that vanished, or is parked until the next reset, is judged by the read-back as every other write.
 */
export async function awaitTask(
  context: BmcContext,
  reply: Reply,
  doing: string,
  deadline: Deadline,
): Promise<BmcProblem | undefined> {
  if (reply.status !== 202) return undefined;
  const body = reply.body.kind === 'json' ? reply.body.json : undefined;
  const monitor = reply.location ?? (linkAt(body, 'TaskMonitor') || linkAt(body, '@odata.id'));
  if (monitor === undefined) return undefined;
  let missing = 0;
  for (;;) {
    const asked = await context.client.request({ method: 'GET', path: monitor }, deadline);
    if (!asked.ok) return asked.error.code === 'stopped' ? asked.error : undefined;
    const { status, body: told } = asked.value;
    if (status === 404) missing += 1;
    if (status === 404 ? missing >= MISSING_ASKS : status >= 400) return undefined;
    const json = told.kind === 'json' ? told.json : undefined;
    const state = json === undefined ? '' : stateOf(json);
    if (FAILED.has(state)) return taskFailed(context, doing, state, asked.value, json);
    // A monitor answers 202 until the end, and then what the request itself would have answered.
    if (DONE.has(state) || PARKED.has(state) || (status < 300 && status !== 202 && state === '')) return undefined;
    const waitMs = Math.max(context.timings.powerPollMs, Math.min(asked.value.retryAfterMs ?? 0, 10_000));
    if (waitMs >= deadline.remainingMs())
      return bmcProblem('busy', `${context.client.host} began ${doing} as a task, which has not ended in time.`);
    await sleep(waitMs, deadline.signal);
  }
}

function taskFailed(
  context: BmcContext,
  doing: string,
  state: string,
  reply: Reply,
  json: Json | undefined,
): BmcProblem {
  const listed = Array.isArray(json?.Messages) ? { error: { '@Message.ExtendedInfo': json.Messages } } : undefined;
  const messages = parseMessages(listed === undefined ? reply.body : { kind: 'json', json: listed, sizeBytes: 0 });
  const words = messages[0]?.text ?? textAt(json, 'Message') ?? 'no reason';
  return bmcProblem('notTaken', `${context.client.host} began ${doing} as a task, which ended as ${state}: ${words}`);
}

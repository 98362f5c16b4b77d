import type { BmcPort, BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import { type Json, linkAt, linkOf, textAt } from './json.ts';
import { listMembers, type Member } from './list-members.ts';
import { createWalk, type Walk } from './walk.ts';

type LogResult = Awaited<ReturnType<BmcPort['readLog']>>;
type LogLine = Extract<LogResult, { ok: true }>['value'][number];

/** Hardware logs by name; the rest are audits, journals and dumps, some with half a million lines. */
const USUAL = ['SEL', 'IML', 'Log1', 'PlatformLog', 'EventLog', 'Event', 'Log'];
const NEVER = /audit|lclog|journal|postcode|dump|maintenance|iel|^sl$|faultlist|hostlogger|bios/i;

/** With the links alone, each line is a request: only the newest are fetched. */
const MAX_SINGLE = 200;

async function findLog(context: BmcContext, walk: Walk): Promise<Json | undefined> {
  const services: Json[] = [];
  for (const path of [context.system, ...context.managers]) {
    services.push(...(await walk.members(linkAt(await walk.get(path), 'LogServices'))));
  }
  const nameOf = (json: Json) => textAt(json, 'Id') ?? (linkOf(json) ?? '').split('/').at(-1) ?? '';
  const order = [...(context.traits.logs ?? []), ...USUAL].map((name) => name.toLowerCase());
  const rank = (json: Json) => {
    const at = order.indexOf(nameOf(json).toLowerCase());
    return at === -1 ? order.length : at;
  };
  return services
    .filter((json) => linkAt(json, 'Entries') !== undefined && !NEVER.test(nameOf(json)))
    .sort((left, right) => rank(left) - rank(right))[0];
}

/** An unset BMC clock writes 1970: no time is better than that one. */
function timeOf(json: Json): string | undefined {
  const text = textAt(json, 'Created') ?? textAt(json, 'EventTimestamp');
  // Dell writes -0600 without the colon.
  const at = Date.parse((text ?? '').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(at) || at < Date.UTC(2001, 0, 1) ? undefined : new Date(at).toISOString();
}

/** AMI puts three bytes of hex where others have words: what kind of sensor it was is then the better half. */
function wordsOf(json: Json): string | undefined {
  const message = textAt(json, 'Message');
  const sensor = textAt(json, 'SensorType');
  if (message !== undefined && /^0x[0-9a-f]+$/i.test(message) && sensor !== undefined) return `${sensor} ${message}`;
  return message ?? textAt(json, 'MessageId') ?? textAt(json, 'Name');
}

function lineOf(json: Json): LogLine | undefined {
  const text = wordsOf(json);
  const at = timeOf(json);
  const severity = textAt(json, 'Severity');
  if (text === undefined) return undefined;
  return { text, ...(at === undefined ? {} : { at }), ...(severity === undefined ? {} : { severity }) };
}

/** Which end is the newest is not said: both ends are fetched where the lines are not in the list itself. */
function pickMembers(members: readonly Member[], newest: number): readonly Member[] {
  if (members.length <= newest * 2 || members.some((member) => member.inline !== undefined)) return members;
  return [...members.slice(0, newest), ...members.slice(-newest)];
}

export async function readLog(
  context: BmcContext,
  newest: number,
  deadline: Deadline,
): Promise<Result<readonly LogLine[], BmcProblem>> {
  const walk = createWalk(context.client, deadline);
  const service = await findLog(context, walk);
  const entries = linkAt(service, 'Entries');
  const early = walk.problem();
  if (early !== undefined) return fail(early);
  // No log is an empty log: an OpenBMC without an event log is no error.
  if (entries === undefined) return ok([]);
  const listed = await listMembers(context.client, entries, deadline);
  if (!listed.ok) return listed;
  const lines: LogLine[] = [];
  for (const member of pickMembers(listed.value, Math.min(newest, MAX_SINGLE))) {
    const json = member.inline ?? (await walk.get(member.path));
    const line = json === undefined ? undefined : lineOf(json);
    if (line !== undefined) lines.push(line);
  }
  const problem = walk.problem();
  if (problem !== undefined) return fail(problem);
  // Newest first is not promised (iLO is oldest first): lines without a time go to the end.
  return ok(lines.sort((left, right) => (right.at ?? '').localeCompare(left.at ?? '')).slice(0, newest));
}

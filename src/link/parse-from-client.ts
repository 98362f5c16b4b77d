import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Ask, FromClient } from './link-protocol.ts';
import { parseAction } from './parse-action.ts';

const NAME_MAX = 120;
const TEXT_MAX = 4_000;
const NAMES_MAX = 100_000;
const KINDS: ReadonlySet<unknown> = new Set(['install', 'reinstall', 'wipe', 'inspect', 'rescue', 'apply']);

type Raw = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= TEXT_MAX;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const asRaw = (value: unknown): Raw | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : undefined;

/** What came in on the control socket: whatever somebody wrote into it. A failure ends the connection. */
export function parseFromClient(value: unknown): Result<FromClient> {
  const raw = asRaw(value);
  switch (raw?.t) {
    case 'hello':
      return parseHello(raw);
    case 'follow':
      return isNumber(raw.everyMs) ? ok({ t: 'follow', everyMs: raw.everyMs }) : fail('follow without a pace');
    case 'took':
      return ok({ t: 'took' });
    case 'ask':
      // What is wrong with a question is its answer.
      return isNumber(raw.id) ? ok({ t: 'ask', id: raw.id, ask: raw.ask as Ask }) : fail('a question without a number');
    default:
      return fail('this is no message of the link');
  }
}

/** Who it is stands in the audit and on everybody's screen. */
function parseHello({ version, user, from, screen, write, brief, patient }: Raw): Result<FromClient> {
  if (!isNumber(version)) return fail('a greeting without a version');
  const named = [user, from, screen].map((one) => (isText(one) ? cleanText(one, NAME_MAX) : ''));
  const [who = '', where = '', what = ''] = named.map((one) => (one === '' ? 'unknown' : one));
  return ok({
    t: 'hello',
    version,
    user: who,
    from: where,
    screen: what,
    write: write === true,
    brief: brief === true,
    patient: patient === true,
  });
}

export function parseAsk(value: unknown): Result<Ask> {
  const raw = asRaw(value);
  switch (raw?.type) {
    case 'takeWrite':
    case 'ping':
    case 'services':
      return ok({ type: raw.type });
    case 'nodeFile':
    case 'console':
    case 'pcapng':
      return isText(raw.node) ? ok({ type: raw.type, node: raw.node }) : fail('a question about no machine');
    case 'log':
      return isText(raw.source) && isNumber(raw.fromLine)
        ? ok({ type: 'log', source: raw.source, fromLine: raw.fromLine })
        : fail('a question for lines of no log');
    case 'audit':
      return isNumber(raw.newest) ? ok({ type: 'audit', newest: raw.newest }) : fail('a question without a number');
    case 'preview':
      return parsePreview(raw);
    case 'act': {
      const action = parseAction(raw.action);
      return action.ok ? ok({ type: 'act', action: action.value }) : action;
    }
    default:
      return fail('this engine knows no such question');
  }
}

function parsePreview({ nodes, kind }: Raw): Result<Ask> {
  if (!Array.isArray(nodes) || nodes.length > NAMES_MAX || !nodes.every(isText))
    return fail('a preview of no machines');
  if (!KINDS.has(kind)) return fail('a preview of no known kind');
  return ok({ type: 'preview', nodes, kind: kind as Extract<Ask, { readonly type: 'preview' }>['kind'] });
}

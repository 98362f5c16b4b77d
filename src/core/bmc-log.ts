import type { BmcLogLine } from './bmc.ts';
import type { CauseCode } from './cause.ts';
import type { Effect } from './effect.ts';
import type { Health, NodeState } from './node.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from './time.ts';

/** Lines of the BMC's own log that are kept for one machine. */
export const BMC_LOG_KEPT = 8;

/** The BMC cannot be asked, or the cause is known and is no fault of the hardware. */
const TELLS_NOTHING: ReadonlySet<CauseCode> = new Set([
  'BMC_UNREACHABLE',
  'BMC_CREDENTIALS',
  'BMC_PIN',
  'BMC_TLS',
  'BMC_SESSIONS',
  'NO_MEDIUM',
  'HELD_BACK',
  'IDENTITY_CONFLICT',
  'IDENTITY_UNSURE',
  'SENT_TO_DISK',
  'NOT_NOTED',
  'NOT_ASKED_AGAIN',
  'UNSERVED_NETWORK',
  'RIVAL_PXE',
  'RIVAL_DHCP',
  'RIVAL_NAK',
  'OWN_ADDRESS',
  'NO_ADDRESS',
  'POOL_EMPTY',
  'SECOND_SERVER',
  'FIRST_SERVER',
  'LOADER_MISSING',
  'HALTED',
  'ALREADY_INSTALLED',
  'CONFIG_BAD',
  'PLAN_CHANGED',
  'LOST_SIGHT',
  'ASK_PERSON',
]);

const codeOf = (health: Health): CauseCode | undefined => ('code' in health ? health.code : undefined);

/** A job that hangs or fails: a dead power supply or memory module stands in the BMC's log, and nowhere else. */
export function askBmcLog(before: NodeState, node: NodeState): Effect | undefined {
  const code = codeOf(node.health);
  if (node.health === before.health || code === undefined || code === codeOf(before.health)) return undefined;
  const job = node.job ?? before.job;
  if (job === undefined || node.spec.bmc === undefined || TELLS_NOTHING.has(code)) return undefined;
  return { type: 'bmc.readLog', node: node.name };
}

/** `3 min ago`; a BMC whose clock was never set has no age that means anything. */
export function ageText(at: TimeMs | undefined, now: TimeMs): string {
  if (at === undefined) return 'at an unknown time';
  const ms = now - at;
  if (ms < -5 * MINUTE_MS) return `${new Date(at).toISOString().slice(0, 16)}Z by its clock, which is ahead of ours`;
  if (ms < 2 * MINUTE_MS) return `${Math.max(0, Math.round(ms / SECOND_MS))} s ago`;
  if (ms < 120 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min ago`;
  const hours = ms / (60 * MINUTE_MS);
  return hours < 48 ? `${Math.round(hours)} h ago` : `${Math.floor(hours / 24)} days ago`;
}

const RANK: readonly string[] = ['critical', 'warning'];
const rankOf = ({ severity }: BmcLogLine): number => {
  const at = RANK.indexOf(severity?.toLowerCase() ?? '');
  return at === -1 ? RANK.length : at;
};

/** The worst one: of equal ones the newest, which comes first. */
export const worstOf = (lines: readonly BmcLogLine[]): BmcLogLine | undefined =>
  [...lines].sort((a, b) => rankOf(a) - rankOf(b))[0];

export function bmcLineText(line: BmcLogLine, now: TimeMs): string {
  const severity = line.severity === undefined || line.severity === 'OK' ? '' : `${line.severity}: `;
  return `${ageText(line.at, now)}: ${severity}${line.text}`;
}

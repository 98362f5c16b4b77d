import { NEW_BOOT_AFTER_MS } from './attempt.ts';
import type { Fleet } from './fleet.ts';
import { listensSince } from './host-clock.ts';
import type { Job } from './job.ts';
import type { NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import type { TimeMs } from './time.ts';

/**
 * A profile's own script that writes disks. What it does is unknown, and nothing of it need come back here: its job is
 * spent when it goes out. Only where that very answer may have been lost does it go out again.
 */
export const isOwnScript = ({ plan }: Pick<Job, 'plan'>): boolean =>
  plan.foreign === true && plan.templateHash !== undefined;

export function ownScriptWentOut(node: NodeState, address: string, at: TimeMs): NodeState {
  const { job } = node;
  if (job === undefined || !isOwnScript(job)) return node;
  const before = job.scriptOut;
  const scriptOut = before === undefined ? { at, lastAt: at, address } : { ...before, lastAt: at };
  return { ...node, job: { ...job, scriptOut } };
}

/** Nothing came of it but that it asked for this script, perhaps again. */
const nothingSince = ({ job, phase, seen }: NodeState): boolean =>
  job?.scriptOut !== undefined && phase.is === 'script' && seen.lastAt === job.scriptOut.lastAt;

/** Where one of these was heard before the script, that of another boot would be heard too. */
const BEFORE_SCRIPT: ReadonlySet<PhaseName> = new Set(['firmware', 'requesting', 'loader', 'ipxe']);

/**
 * iPXE tries again within seconds where our answer did not reach it. To give the script to any other boot would be to
 * install twice, so all must speak for this one: the attempt, the address, the time from when it went out first, and that
 * nothing was heard of the machine since, neither on the wire nor of its power.
 */
export function mayGoOutAgain(fleet: Fleet, node: NodeState, address: string, at: TimeMs): boolean {
  const { job, attempt, phase } = node;
  const out = job?.scriptOut;
  if (job === undefined || out === undefined || attempt === undefined || !isOwnScript(job)) return false;
  if (job.suspended !== undefined || job.handedOver !== attempt.number || out.address !== address) return false;
  if (at < out.lastAt || at - out.at > NEW_BOOT_AFTER_MS || listensSince(fleet) > out.at) return false;
  if (phase.is !== 'script' || phase.answer !== 'install' || !nothingSince(node)) return false;
  return !powerMoved(node, out.at) && attempt.way.some((step) => BEFORE_SCRIPT.has(step.phase));
}

function powerMoved({ power, powerOrder, powerWaits = [], seen }: NodeState, since: TimeMs): boolean {
  if (power.since >= since || powerWaits.length > 0 || (seen.bootProgress?.at ?? 0) >= since) return true;
  return Math.max(powerOrder?.askedAt ?? 0, powerOrder?.doneAt ?? 0, powerOrder?.lostAt ?? 0) >= since;
}

/** It was noted, and leaves when our disk has that; nothing of its kind had left before. */
export const notLeftYet = ({ leavingAt, leftUnsure, scriptOut, wipeSentAt }: Job): boolean =>
  leavingAt !== undefined && leftUnsure === undefined && leavingAt === (scriptOut?.at ?? wipeSentAt);

/** Noted at `at`: what was so until now is told by what comes next. */
export function noted(node: NodeState, at: TimeMs): NodeState {
  const { job } = node;
  if (job === undefined || (job.scriptOut === undefined && job.wipeSentAt === undefined)) return node;
  return { ...node, job: { ...job, leavingAt: at } };
}

export function left(node: NodeState, id: string): NodeState {
  if (node.job?.id !== id) return node;
  const { leavingAt: _left, leftUnsure: _sure, ...job } = node.job;
  return { ...node, job };
}

export function notLeft(node: NodeState, id: string): NodeState {
  if (node.job?.id !== id || node.job.leavingAt === undefined) return node;
  const { leavingAt: _stays, ...job } = node.job;
  return { ...node, job };
}

/** The program ended in between: whether it left nobody can tell any more. */
export function unsureWhetherLeft(node: NodeState): NodeState {
  const { job } = node;
  if (job?.leavingAt === undefined) return node;
  const known = notLeft(node, job.id);
  return notLeftYet(job) && known.job !== undefined ? { ...known, job: { ...known.job, leftUnsure: true } } : known;
}

/** What is fetched with its token has been named to it by its script. */
const NAMED_BY_IT: ReadonlySet<PhaseName> = new Set(['kernel', 'initrd', 'handoff', 'config']);

export function arrived(node: NodeState, phase: PhaseName): NodeState {
  const { job } = node;
  return job?.leftUnsure === true && job.scriptOut !== undefined && NAMED_BY_IT.has(phase) ? left(node, job.id) : node;
}

/** When the wipe was noted that nobody saw begin, and that may never have left. */
export const unsureWipeAt = ({ leftUnsure, scriptOut, wipedAt, wipeFetchedAt, wipeSentAt }: Job): TimeMs | undefined =>
  leftUnsure === true && scriptOut === undefined && wipedAt === undefined && wipeFetchedAt === undefined
    ? wipeSentAt
    : undefined;

export const NEVER_LEFT = 'was noted just before this program ended, and may never have left';

/** When it went out last, where nothing else is known: whether it runs cannot be seen from here. */
export const onlyScriptOutAt = (node: NodeState): TimeMs | undefined =>
  nothingSince(node) ? node.job?.scriptOut?.lastAt : undefined;

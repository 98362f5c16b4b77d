import { NEW_BOOT_AFTER_MS } from './attempt.ts';
import type { Fleet } from './fleet.ts';
import { listensSince } from './host-clock.ts';
import type { Job } from './job.ts';
import type { NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

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

/** When it went out last, where nothing else is known: whether it runs cannot be seen from here. */
export const onlyScriptOutAt = (node: NodeState): TimeMs | undefined =>
  nothingSince(node) ? node.job?.scriptOut?.lastAt : undefined;

/** What becomes of a machine whose job is spent, when that is ended or is to be disturbed. */
export function writingDoubt(node: NodeState, at: TimeMs): string {
  const outAt = onlyScriptOutAt(node);
  if (outAt !== undefined) {
    const seconds = Math.max(0, Math.round((at - outAt) / SECOND_MS));
    return `its own script went out ${seconds} s ago, and nothing was heard of it since: if it took that, its disk may be written, and the machine goes on by itself`;
  }
  const may = node.job?.plan.foreign === true ? 'may be' : 'is already being';
  return `its disk ${may} written, and the machine goes on by itself`;
}

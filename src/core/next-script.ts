import { openAttempt, scriptIsNewBoot } from './attempt.ts';
import type { Fleet } from './fleet.ts';
import { type Job, takesWipe, WRITES_DISK } from './job.ts';
import type { NodeState } from './node.ts';
import { NEVER_LEFT } from './own-script.ts';
import { BEFORE_SCRIPT_PHASES, type PhaseName } from './phase.ts';
import { cutReason } from './power-order.ts';
import { isProtected, protectionOf } from './protection.ts';
import type { TimeMs } from './time.ts';

/**
 * What a machine's own state lets its next script be. The gate asks each of these and adds what only a request and the
 * artefacts can prove; whoever shows what a machine waits for asks all of them, so that the two cannot tell different things.
 */
export type Rule =
  | 'panic'
  | 'explicit'
  | 'unspent'
  | 'identity'
  | 'fresh'
  | 'disk'
  | 'artefacts'
  | 'wipeOnce'
  | 'token'
  | 'stranger'
  | 'afterwards';

export type Refusal = readonly [rule: Rule, reason: string];

const BEGUN = 'the installation of this job has begun';
const OUT_ONCE = 'its own script went out, and does so once';
const UNSURE = `its own script ${NEVER_LEFT}, and goes out once: see on its console whether it runs; where it does not, cancel its job and arm it again`;

/** Whatever its job is, or that it has none. */
export function refusalByState(
  { switches }: Pick<Fleet, 'switches'>,
  node: NodeState,
  at: TimeMs,
  /** Of what was decided before its job expired. */
  until = node.job?.expiresAt ?? at,
): Refusal | undefined {
  const { health, intent, job, seen } = node;
  if (switches.panic !== undefined) return ['panic', `the panic key was pressed by ${switches.panic.by.user}`];
  if (health.is === 'conflict') return ['identity', `held: ${health.detail}`];
  if (intent.is === 'hold') return ['explicit', `on hold: ${intent.why}`];
  if (job === undefined) return ['explicit', seen.installedAt === undefined ? 'not armed' : 'installed; not armed'];
  if (!job.stored) return ['explicit', 'its arming is not stored on disk yet'];
  if (until <= at && job.spentAt === undefined) return ['explicit', 'its job has expired'];
  return undefined;
}

export function refusalByBoots(job: Job): Refusal | undefined {
  if (job.suspended !== undefined) return ['afterwards', `its job is suspended (${job.suspended.code})`];
  if (job.spentAt !== undefined)
    return ['unspent', job.scriptOut === undefined ? BEGUN : job.leftUnsure === true ? UNSURE : OUT_ONCE];
  if (job.attempts > job.maxAttempts) return ['unspent', `all ${job.maxAttempts} attempts are used`];
  return undefined;
}

/** Who asks for a script in a new boot ends the one before. What that means is reduced later, and must count for the answer. */
export const inItsBoot = (node: NodeState, at: TimeMs): NodeState =>
  scriptIsNewBoot(node, at) ? openAttempt(node, at, 'rebooted') : node;

/** Of a job that writes: what was confirmed for this machine may not, or not any more. */
export function refusalByPlan(node: NodeState, job: Job): Refusal | undefined {
  if (isProtected(node) && !job.underGlass) return ['fresh', `the node is ${protectionOf(node)}`];
  const overwrites = overwritingReason(job);
  if (overwrites !== undefined) return ['fresh', overwrites];
  return job.kind !== 'wipe' && !job.plan.disk.sure ? ['disk', job.plan.disk.why] : undefined;
}

/** What would be served now. */
export interface Proof {
  readonly planHash: string;
  readonly configHash: string | undefined;
  readonly artefactsProven: boolean;
}

/** Only what was confirmed goes out; undefined where it is the same. */
export function unprovenReason(now: Proof | undefined, { plan }: Job): string | undefined {
  if (now === undefined) return 'what was confirmed cannot be made again';
  if (now.planHash !== plan.hash) return 'the plan is no longer the one that was confirmed; cancel it and arm it again';
  if (!now.artefactsProven) return 'kernel, initramfs or loader do not match their SHA-256';
  if (now.configHash !== plan.configHash)
    return 'the machine configuration changed after it was confirmed; cancel its job and arm it again';
  return undefined;
}

/** Rule 4 in the arguments themselves: the wipe is added by the stage and never confirmed as part of a plan. */
export function overwritingReason({ kind, plan }: Job): string | undefined {
  if (plan.uki === true && takesWipe({ kind, plan })) return 'a signed UKI takes no argument, so it cannot wipe';
  if (plan.foreign === true && kind !== 'reinstall') return `the plan of this ${kind} would write disks in use`;
  if (plan.kernelArgs.some((arg) => arg.startsWith('talos.experimental.wipe')) && !takesWipe({ kind, plan }))
    return `the plan of this ${kind} would wipe`;
  const boots = plan.kernelArgs.some((arg) => arg.startsWith('talos.'));
  if (kind === 'install' && boots && !plan.kernelArgs.includes('talos.halt_if_installed=1'))
    return 'the plan of this install does not halt on an installed disk';
  return undefined;
}

export const uncheckedReason = ({ kind, plan }: Job): string | undefined =>
  kind !== 'wipe' && (plan.configHash === undefined || !plan.configChecked)
    ? 'there is no checked machine configuration'
    : undefined;

/** What must be noted before it goes out, and cannot be. */
export function refusalBySaving({ saving }: Pick<Fleet, 'saving'>, job: Job): Refusal | undefined {
  if (saving.is !== 'failing') return undefined;
  if (job.plan.foreign === true)
    return ['unspent', `not saving (${saving.reason}): a system whose hand-off is not noted is not booted`];
  // A crash would forget that it went out, and the next start would send it again.
  return takesWipe(job) && job.wipeSentAt === undefined
    ? ['wipeOnce', `not saving (${saving.reason}): a wipe that is not noted is not sent`]
    : undefined;
}

export const wipedOnce = ({ kind, wipeSentAt }: Job): Refusal | undefined =>
  kind === 'wipe' && wipeSentAt !== undefined
    ? ['wipeOnce', 'the wipe went out once; it does not go out again']
    : undefined;

type Site = Pick<Fleet, 'switches'>;

const BEFORE_SCRIPT: ReadonlySet<PhaseName> = new Set(BEFORE_SCRIPT_PHASES);

/**
 * Why the boot that has no script yet is put off when it asks for it. Undefined where nothing is held: it would be told to
 * boot what its job is for, or its disk.
 */
export function heldScript(site: Site, node: NodeState, at: TimeMs): string | undefined {
  const { job, phase, powerOrder } = node;
  // One that asked and was put off waits in whatever phase it was seen.
  if (job === undefined || !(BEFORE_SCRIPT.has(phase.is) || powerOrder?.putOffAt !== undefined)) return undefined;
  const cut = cutReason(node, at);
  if (cut === undefined) return undefined;
  const refused = refusalByState(site, node, at) ?? refusalByBoots(inItsBoot(node, at).job ?? job);
  return refused === undefined && mayBoot(node, job) ? cut : undefined;
}

function mayBoot(node: NodeState, job: Job): boolean {
  if (!WRITES_DISK[job.kind]) return overwritingReason(job) === undefined;
  if (refusalByPlan(node, job) !== undefined) return false;
  return job.plan.foreign === true || (uncheckedReason(job) ?? wipedOnce(job)) === undefined;
}

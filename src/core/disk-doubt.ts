import { type DiskDoubt, type Job, takesWipe, WRITES_DISK } from './job.ts';
import type { Attempt, NodeState } from './node.ts';
import { isOwnScript, NEVER_LEFT, notLeftYet, onlyScriptOutAt } from './own-script.ts';
import type { PhaseName } from './phase.ts';
import { withErased } from './quorum.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

/**
 * What writes a disk goes on by itself when its job is ended. What had gone out by then is told to whoever ends it, and
 * stays on the machine until a system is seen to run from that disk.
 */

/** What this job has set going; undefined where nothing of it can have reached the disk, or can any more. */
export function doubtOf(node: NodeState): DiskDoubt | undefined {
  const { job, attempt } = node;
  if (job === undefined || !WRITES_DISK[job.kind]) return undefined;
  if (isOwnScript(job) && notLeftYet(job)) return undefined;
  const { kind } = job;
  const boot = attempt === undefined ? {} : { attempt: attempt.number };
  if (job.spentAt !== undefined) {
    const seen = { kind, since: job.spentAt, ...boot };
    if (kind === 'wipe') return wipeDoubt(node, job) ?? { by: 'wipe', ...seen };
    if (job.plan.foreign !== true) return { by: 'install', ...seen };
    return { by: onlyScriptOutAt(node) === undefined ? 'system' : 'script', ...seen };
  }
  if (job.plan.foreign === true) return foreignDoubt(node, job);
  const configured = configuredAt(node, job);
  if (configured !== undefined) return { by: 'config', kind, since: configured, ...boot };
  return wipeDoubt(node, job) ?? resetDoubt(job);
}

/** What was known when its job was ended, where the events that tell of it did not outlive that. */
export const withDoubtTold = (before: NodeState, ended: NodeState, told: DiskDoubt | undefined): NodeState =>
  told === undefined || before.job === undefined || ended.job !== undefined || ended.diskDoubt !== undefined
    ? ended
    : withErased({ ...ended, diskDoubt: told }, told);

/** Its last image was asked for, and nobody has seen yet that it went out whole. */
function foreignDoubt({ attempt }: NodeState, { kind, plan }: Job): DiskDoubt | undefined {
  if (attempt?.fetchedAt === undefined) return undefined;
  const asked = askedAt(attempt, plan.initrd === undefined ? 'kernel' : 'initrd');
  if (asked === undefined) return undefined;
  return { by: 'system', kind, since: asked, attempt: attempt.number, partly: true };
}

/** Talos installs by what it is given; one that halted, or refused it, does not. */
function configuredAt({ attempt, health, phase }: NodeState, { id }: Job): TimeMs | undefined {
  const refused = health.is === 'failed' && health.code === 'CONFIG_BAD';
  if (attempt?.job !== id || refused || phase.is === 'halted') return undefined;
  return attempt.configServedAt ?? attempt.configAskedAt;
}

/** Its kernel and its initramfs: without the second the first does not start. */
function wipeDoubt(node: NodeState, job: Job): DiskDoubt | undefined {
  const { kind, wipedAt, wipeSentAt } = job;
  if (!takesWipe(job) || wipeSentAt === undefined) return undefined;
  const boot = wipeBoot(node, job);
  const number = boot === undefined ? {} : { attempt: boot.number };
  if (wipedAt !== undefined) return { by: 'wiped', kind, since: wipedAt, ...number };
  if (boot?.initrdSentAt !== undefined) return { by: 'wipe', kind, since: boot.initrdSentAt, ...number };
  const asked = boot === undefined ? undefined : askedAt(boot, 'initrd');
  // A boot that ended has nothing on its way any more.
  if (asked === undefined || boot?.closedAt !== undefined) return undefined;
  return { by: 'wipe', kind, since: asked, ...number, partly: true };
}

const wipeBoot = ({ attempt, pastAttempts }: NodeState, { wipeAttempt }: Job): Attempt | undefined =>
  attempt?.number === wipeAttempt ? attempt : pastAttempts.findLast(({ number }) => number === wipeAttempt);

const askedAt = ({ way }: Attempt, image: PhaseName): TimeMs | undefined =>
  way.findLast(({ phase }) => phase === image)?.at;

function resetDoubt({ armedAt, kind, resetAt, resetFirst, stored }: Job): DiskDoubt | undefined {
  if (resetAt !== undefined) return { by: 'reset', kind, since: resetAt };
  return resetFirst === true && stored ? { by: 'reset', kind, since: armedAt, partly: true } : undefined;
}

const UNTIL_SEEN = 'its disk is to be taken as erased until a system is seen to run from it';
const STOP = `power it off now to stop that; ${UNTIL_SEEN}`;

/** What becomes of a machine whose job is being ended; undefined where nothing of it had gone out. */
export function endingDoubt(node: NodeState, at: TimeMs): string | undefined {
  const doubt = doubtOf(node);
  if (doubt === undefined) return refusedText(node);
  return doubt.partly === true ? partlyText(doubt) : goesOnText(node, doubt, at);
}

/** The script alone erases nothing, nor does the kernel without its initramfs. */
function refusedText({ attempt, job }: NodeState): string | undefined {
  if (job !== undefined && notLeftYet(job))
    return 'its script had not left yet, and does not any more: nothing is written';
  const isInIt = job?.wipeAttempt !== undefined && job.wipeAttempt === attempt?.number;
  if (job?.wipeSentAt === undefined || !isInIt) return undefined;
  const what = job.wipeFetchedAt === undefined ? 'none of its images' : 'no more of its images than the kernel';
  return `its wipe script went out, and ${what}: nothing is erased, and they are refused from now on`;
}

function partlyText({ by }: DiskDoubt): string {
  switch (by) {
    case 'reset':
      return `Talos on it may have been told already to reset itself, which erases its disk; ${UNTIL_SEEN}`;
    case 'wipe':
      return 'the images of its wipe are cut off on their way: if they had reached it whole, it erases its disk; `status` says so when that is seen, and to power it off stops it';
    default:
      return `what it boots is cut off on its way: if that had reached it whole, its disk may be written; ${STOP}`;
  }
}

function goesOnText(node: NodeState, doubt: DiskDoubt, at: TimeMs): string {
  const { by, since } = doubt;
  const ago = `${Math.max(0, Math.round((at - since) / SECOND_MS))} s ago`;
  const onItsOwn = 'and the machine goes on by itself';
  switch (by) {
    case 'script':
      if (node.job?.leftUnsure === true)
        return `its own script ${NEVER_LEFT}: if it did, its disk may be written, ${onItsOwn}: ${STOP}`;
      return `its own script went out ${ago}, and nothing was heard of it since: if it took that, its disk may be written, ${onItsOwn}: ${STOP}`;
    case 'system':
      return `its disk may be written, ${onItsOwn}: ${STOP}`;
    case 'install':
      return `its disk is already being written, ${onItsOwn}: ${STOP}`;
    case 'config':
      return `it took its configuration ${ago}: its disk may be written, ${onItsOwn}: ${STOP}`;
    case 'reset':
      return `Talos on it was told ${ago} to reset itself, which erases its disk: ${UNTIL_SEEN}`;
    case 'wiped':
      return isOver(node, doubt)
        ? `this job had its disk wiped before: ${UNTIL_SEEN}`
        : `its disk is being wiped, ${onItsOwn}: ${STOP}`;
    case 'wipe':
      return isOver(node, doubt)
        ? `its wipe went out whole ${ago}, and it began another boot since: ${UNTIL_SEEN}`
        : `its wipe went out whole ${ago}: it erases its disk, or has erased it, ${onItsOwn}: ${STOP}`;
  }
}

/** What was set going belongs to a boot that ended. */
const isOver = ({ attempt, phase }: NodeState, { attempt: number }: DiskDoubt): boolean =>
  phase.is === 'down' || number === undefined || attempt?.number !== number;

/** Of a machine that is given nothing more, and whose job stands: what it has all the same. */
export function givenText(node: NodeState): string | undefined {
  const doubt = doubtOf(node);
  if (doubt === undefined) return undefined;
  if (doubt.partly === true) return doubt.by !== 'wipe' || FETCHES.has(node.phase.is) ? partlyText(doubt) : undefined;
  return `${wentOut(doubt)}: ${UNTIL_SEEN}${stopText(node, doubt)}`;
}

/** Whoever is seen in another phase did not start what was cut off. */
const FETCHES: ReadonlySet<PhaseName> = new Set(['kernel', 'initrd', 'handoff']);

const stopText = (node: NodeState, doubt: DiskDoubt): string =>
  isOver(node, doubt) ? '' : '; to power it off stops what it still does';

const WENT_OUT: { readonly [B in DiskDoubt['by']]: string } = {
  script: 'its own script had gone out',
  system: 'it had been given a system that writes its disk',
  install: 'its disk had begun to be written',
  config: 'it had its configuration',
  wipe: 'its wipe had gone out whole',
  wiped: 'its disk had been wiped, or was being wiped',
  reset: 'its Talos had been told to reset itself',
};

const UNSURE: { readonly [B in DiskDoubt['by']]?: string } = {
  system: 'a system that writes its disk was on its way to it',
  reset: 'its Talos may have been told to reset itself',
};

const wentOut = ({ by, partly }: DiskDoubt): string => (partly === true ? UNSURE[by] : undefined) ?? WENT_OUT[by];

/** Of a machine whose job is over, until it is armed again or runs from its disk. */
export function diskDoubtText(node: NodeState): string | undefined {
  const { diskDoubt: doubt, health, job } = node;
  if (doubt === undefined || job !== undefined) return undefined;
  // What ended its job tells it already.
  if (health.is === 'failed' && (health.code === 'JOB_EXPIRED' || health.code === 'ATTEMPTS_SPENT')) return undefined;
  if (doubt.partly === true && doubt.by === 'wipe' && !reachedIt(node, doubt)) return undefined;
  return `its ${doubt.kind} job was ended when ${wentOut(doubt)}: ${UNTIL_SEEN}${stopText(node, doubt)}`;
}

/** It was cut off, and came to its end all the same. */
const reachedIt = ({ attempt, pastAttempts }: NodeState, { attempt: number }: DiskDoubt): boolean =>
  [...pastAttempts, attempt].some((boot) => boot?.number === number && boot?.initrdSentAt !== undefined);

/** For the end of a job by itself: what it leaves behind, where that is not all that there is to say. */
export function erasedBefore(node: NodeState): string {
  const doubt = doubtOf(node);
  if (doubt === undefined || (doubt.partly === true && doubt.by === 'wipe')) return '';
  return `; ${wentOut(doubt)} before: ${UNTIL_SEEN}`;
}

const FROM_DISK: ReadonlySet<PhaseName> = new Set(['diskBoot', 'running', 'ready']);

/** A system runs from its disk: what was doubted is answered. */
export function withoutDoubt(node: NodeState, phase: PhaseName): NodeState {
  if ((node.diskDoubt === undefined && node.erased === undefined) || !FROM_DISK.has(phase)) return node;
  const { diskDoubt: _answered, erased: _since, ...rest } = node;
  return rest;
}

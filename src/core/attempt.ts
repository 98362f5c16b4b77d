import { noLongerKept, withHealth } from './health.ts';
import { type Job, takesWipe, WRITES_DISK } from './job.ts';
import { newest } from './newest.ts';
import { ATTEMPTS_KEPT, type Attempt, type Health, type NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import { sparesBoot } from './power-order.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from './time.ts';

/** Three boots that ended before the system came up, within this window, are a loop. */
const LOOP_BOOTS = 3;
const LOOP_WINDOW_MS = 30 * MINUTE_MS;
/** A machine that takes the configuration so often in one boot says by that alone that it refuses it, and gets no more. */
export const CONFIG_SERVES_MAX = 3;
/** A second NIC of the same boot, or a retry of the script, asks within seconds; a new boot does not. */
export const NEW_BOOT_AFTER_MS = 20 * SECOND_MS;
/** After the script’s last fetch iPXE is gone; only a request on its way may still arrive. */
const BEACON_GRACE_MS = 1_000;

/** An attempt is one firmware boot. The old one ends with the phase that it had reached as its cause. */
export function openAttempt(node: NodeState, at: TimeMs, why: string): NodeState {
  const closed = closeAttempt(node, at, why);
  const job = closed.job?.suspended === undefined ? closed.job : undefined;
  const attempt: Attempt = {
    number: (closed.attempt ?? closed.pastAttempts.at(-1) ?? { number: 0 }).number + 1,
    openedAt: at,
    way: [],
    cameUp: false,
    lastActivityAt: at,
    ...(job === undefined ? {} : { job: job.id }),
    ...(sparesBoot(node, at) ? { spared: true } : {}),
  };
  // Boots after the install began are not tries any more.
  const counted = job === undefined || job.spentAt !== undefined ? {} : { job: { ...job, attempts: job.attempts + 1 } };
  return { ...closed, attempt, health: freshHealth(closed.health), ...counted };
}

function freshHealth(health: Health): Health {
  if (health.is === 'late' || health.is === 'stalled') return { is: 'ok' };
  const ofTheOldBoot = health.is === 'failed' && (health.code === 'KERNEL_PANIC' || health.code === 'CONFIG_BAD');
  return ofTheOldBoot ? { is: 'ok' } : health;
}

export function closeAttempt(node: NodeState, at: TimeMs, why: string): NodeState {
  if (node.attempt === undefined) return node;
  const { attempt, ...rest } = node;
  const ended: Attempt = { ...attempt, closedAt: at, end: `${why} in ${node.phase.is}` };
  const past = newest(node.pastAttempts, ended, ATTEMPTS_KEPT);
  const job = spentUnseen(node.job, attempt, at) ?? uncounted(node.job, attempt);
  const kept: NodeState = { ...rest, pastAttempts: past, ...(job === undefined ? {} : { job }) };
  // That a boot came to nothing which our own power order cut says nothing of its machine.
  const isCut = attempt.orderedAt !== undefined || attempt.spared === true;
  return attempt.cameUp || isCut ? kept : afterFailedBoot(kept, attempt, at);
}

/** What our own power order cut was no try of its job, unless it had begun what the job is for. */
function uncounted(job: Job | undefined, attempt: Attempt): Job | undefined {
  if (attempt.spared !== true || job === undefined || job.id !== attempt.job || job.spentAt !== undefined) return job;
  return mayHaveWritten(attempt) ? job : { ...job, attempts: job.attempts - 1 };
}

/** Where a crash lost the line of its script, a boot that went on past it had one. */
function mayHaveWritten({ answered, way }: Attempt): boolean {
  if (answered !== undefined) return answered === 'wipe' || answered === 'install';
  return way.some(({ phase }) => !FIRMWARE_PHASES.has(phase) && phase !== 'script');
}

/**
 * Where Talos reports nothing, a configuration that was fetched and a complete initramfs are the only sign that the
 * install started; of a wipe, its complete images are. Judged when the attempt ends or the job would expire: then no
 * report can come any more.
 */
export function spentUnseen(job: Job | undefined, attempt: Attempt | undefined, at: TimeMs): Job | undefined {
  // A rescue or an inspection takes its configuration too, and writes nothing that could have begun.
  if (job === undefined || job.spentAt !== undefined || !WRITES_DISK[job.kind]) return undefined;
  // Of a system that reports nothing, any sign of its boot has to be enough: the next one would erase once more.
  if (job.plan.foreign === true)
    return attempt?.fetchedAt === undefined ? undefined : { ...job, spentAt: at, handedOver: attempt.number };
  if (attempt === undefined || attempt.talosSpokeAt !== undefined || attempt.initrdSentAt === undefined)
    return undefined;
  if (job.kind === 'wipe' && attempt.answered === 'wipe') return { ...job, spentAt: at };
  return attempt.configServedAt === undefined ? undefined : { ...job, spentAt: at };
}

function afterFailedBoot(node: NodeState, attempt: Attempt, at: TimeMs): NodeState {
  const recent = [...node.failedBoots.filter((time) => at - time < LOOP_WINDOW_MS), at];
  const missed = attempt.answered === 'local' || isLeftAlone(node) ? node.localMissed + 1 : node.localMissed;
  const counted: NodeState = { ...node, failedBoots: recent, localMissed: missed };
  if (recent.length >= LOOP_BOOTS) {
    const job = counted.job === undefined ? {} : { job: { ...counted.job, suspended: { at, code: 'LOOP' as const } } };
    // Every answer was `local` already: what does not come up is its own disk, and that is another trouble.
    if (missed >= recent.length) {
      const sent = `sent to its disk in ${missed} boots in a row, and no system came up from there${cutInstall(node)}`;
      return withHealth({ ...counted, ...job }, { is: 'failed', code: 'DISK_BOOT_MISSED', since: at, detail: sent });
    }
    const detail = `${recent.length} boots ended before the system came up; the last in ${node.phase.is}`;
    return withHealth({ ...counted, ...job }, { is: 'failed', code: 'LOOP', since: at, detail });
  }
  return counted;
}

/** Why there may be nothing to boot: what came up last was cut by a power order of ours while it installed. */
export function cutInstall({ pastAttempts }: NodeState): string {
  const last = pastAttempts.findLast(({ cameUp }) => cameUp);
  const isCut = last?.orderedAt !== undefined && last.way.at(-1)?.phase === 'installing';
  return isCut ? '; a power order had cut its installation' : '';
}

/** Nothing is offered to a machine that missed its disk: silence is the last way to send it there. */
export function isLeftAlone({ phase, localMissed }: NodeState): boolean {
  const asks = phase.is === 'firmware' || (phase.is === 'ipxe' && phase.address === undefined);
  const isFree = asks && phase.offered === undefined && phase.lacks === undefined && phase.first === undefined;
  return isFree && localMissed > 0;
}

const FIRMWARE_PHASES: ReadonlySet<PhaseName> = new Set(['powering', 'firmware', 'requesting', 'loader', 'ipxe']);
const SCRIPT_PHASES: ReadonlySet<PhaseName> = new Set(['script', 'kernel', 'initrd', 'handoff']);

/**
 * Is a machine that asks for its boot script now in a new boot? The gate asks before it answers, the table when it
 * notes the answer; both must see the same.
 */
export function scriptIsNewBoot(node: NodeState, at: TimeMs): boolean {
  const { attempt, phase } = node;
  if (attempt === undefined) return true;
  if (FIRMWARE_PHASES.has(phase.is)) return false;
  if (!SCRIPT_PHASES.has(phase.is)) return true;
  if (phase.is === 'handoff' && phase.beacon && at - phase.since > BEACON_GRACE_MS) return true;
  return at - attempt.lastActivityAt > NEW_BOOT_AFTER_MS;
}

/** The same for a firmware request; within the firmware's own phases only its transaction id could tell. */
export function firmwareIsNewBoot(node: NodeState): boolean {
  return node.attempt === undefined || !(FIRMWARE_PHASES.has(node.phase.is) || node.phase.is === 'script');
}

/** The wipe argument went out in this boot, and goes out in no other. */
export function wipeWentOut(node: NodeState, at: TimeMs): NodeState {
  const { job, attempt } = node;
  if (job === undefined || job.wipeSentAt !== undefined) return node;
  const inAttempt = attempt === undefined ? {} : { wipeAttempt: attempt.number };
  return { ...node, job: { ...job, wipeSentAt: at, ...inAttempt } };
}

/** An install script went out, or one of its images, where a crash lost the line of the script. */
export function installWentOut(node: NodeState, at: TimeMs): NodeState {
  const { job } = node;
  if (job === undefined || !WRITES_DISK[job.kind] || job.installOfferedAt !== undefined) return node;
  return { ...node, job: { ...job, installOfferedAt: at } };
}

/** Whoever fetches an image of a foreign system is about to run it, whether or not the end of the transfer is seen. */
export function foreignFetched(node: NodeState, at: TimeMs): NodeState {
  const { job, attempt } = node;
  if (job?.plan.foreign !== true || attempt === undefined || attempt.fetchedAt !== undefined) return node;
  return { ...node, attempt: { ...attempt, fetchedAt: at } };
}

/** Firmware that loads a UKI by itself asked for no script: what it got is known by its job. */
export function ukiFetched(node: NodeState): NodeState {
  const { job, attempt } = node;
  if (job?.plan.uki !== true || attempt === undefined || attempt.answered !== undefined) return node;
  const answered = WRITES_DISK[job.kind] ? 'install' : job.kind === 'inspect' ? 'inspect' : 'rescue';
  return noLongerKept({ ...node, attempt: { ...attempt, answered } });
}

/** Nothing that comes after it is reported: this is the last moment at which a foreign system's job can be spent. */
export function handedOver(node: NodeState, at: TimeMs): NodeState {
  const { job, attempt } = node;
  if (job?.plan.foreign !== true || !WRITES_DISK[job.kind] || job.spentAt !== undefined || attempt === undefined)
    return node;
  return { ...node, job: { ...job, spentAt: at, handedOver: attempt.number } };
}

/** Whoever fetches an image of a wiping job has its wipe script, even if a crash lost the line that said so. */
export function wipeFetched(node: NodeState, at: TimeMs): NodeState {
  if (node.job === undefined || !takesWipe(node.job) || node.job.wipeFetchedAt !== undefined) return node;
  const known = node.job.wipeSentAt === undefined ? answeredWipe(wipeWentOut(node, at)) : node;
  return known.job === undefined ? known : { ...known, job: { ...known.job, wipeFetchedAt: at } };
}

function answeredWipe(node: NodeState): NodeState {
  return node.attempt === undefined ? node : { ...node, attempt: { ...node.attempt, answered: 'wipe' } };
}

/** Is this boot the one that wipes? */
export function wipesNow({ job, attempt }: NodeState): boolean {
  return attempt?.answered === 'wipe' && job?.wipeAttempt === attempt.number;
}

/** Phases that only a running kernel reaches. */
const UP_PHASES: ReadonlySet<PhaseName> = new Set([
  'up',
  'config',
  'maintenance',
  'halted',
  'wiping',
  'installing',
  'installed',
  'diskBoot',
  'running',
  'ready',
]);

/** Writes the step into the attempt's timeline; opens an attempt where evidence comes without one. */
export function trackPhase(node: NodeState, phase: PhaseName, at: TimeMs): NodeState {
  if (phase === 'idle' || phase === 'armed' || phase === 'down') return node;
  const opened = node.attempt === undefined ? openAttempt(node, at, 'replaced') : node;
  const attempt = opened.attempt;
  if (attempt === undefined) return opened;
  const cameUp = attempt.cameUp || UP_PHASES.has(phase);
  const way = newest(attempt.way, { phase, at }, 32);
  const begun = attempt.answered === 'install' || attempt.fetchedAt !== undefined;
  const given = begun && (phase === 'handoff' || UP_PHASES.has(phase)) ? handedOver(opened, at) : opened;
  return {
    ...given,
    attempt: { ...attempt, way, cameUp, lastActivityAt: Math.max(attempt.lastActivityAt, at) },
    ...(cameUp && !attempt.cameUp ? { failedBoots: [], localMissed: 0 } : {}),
  };
}

import { erasedBefore } from './disk-doubt.ts';
import { isInstallFailure, withHealth } from './health.ts';
import { WRITES_DISK } from './job.ts';
import { endJob, type JobEnd } from './job-end.ts';
import type { NodeState } from './node.ts';
import { NEVER_LEFT } from './own-script.ts';
import type { TimeMs } from './time.ts';

/** Ends a job that the last event left without a way on. What began well ends where the good end is seen. */
export function settleJob(node: NodeState, at: TimeMs): JobEnd {
  const { job, phase, health } = node;
  if (job === undefined) return { node, effects: [] };
  if (isRescued(node)) return endJob(node, 'done', at);
  // It has a system of its own, which its next boot is for: asked again, the same script would halt it again.
  if (phase.is === 'halted' && !WRITES_DISK[job.kind]) return endJob(node, 'failed', at, 'HALTED');
  if (job.spentAt === undefined)
    return job.attempts > job.maxAttempts ? outOfAttempts(node, at) : { node, effects: [] };
  // It was handed over and came back for its disk: more than that nobody can know of a foreign system.
  if (job.plan.foreign === true && phase.is === 'diskBoot')
    return job.leftUnsure === true ? mayHaveMissedIt(node, at) : endJob(node, 'done', at);
  if (job.kind === 'wipe' && phase.is !== 'wiping') return afterWipe(node, at);
  // The installer of Talos 1.14 tries again in the same boot; one that ended its boot has failed.
  if (isInstallFailure(health) && phase.is !== 'installing') return endJob(node, 'failed', at, health.code);
  return { node, effects: [] };
}

/**
 * Talos without a configuration waits in memory for whoever asks its API: that is all that the rescue was armed for. Were
 * its job left open until it expires, a restart of the machine would boot the rescue again in place of its disk.
 */
const isRescued = ({ job, phase, attempt }: NodeState): boolean =>
  job?.kind === 'rescue' &&
  job.plan.configHash === undefined &&
  phase.is === 'maintenance' &&
  attempt?.answered === 'rescue';

/** It runs from its disk, as it would if it had never been given its script. */
function mayHaveMissedIt(node: NodeState, at: TimeMs): JobEnd {
  const ended = endJob(node, 'failed', at, 'SENT_TO_DISK');
  const detail = `its own script ${NEVER_LEFT}, and it booted its disk: see what runs there, and arm it again where that is the system of before`;
  return { ...ended, node: withHealth(ended.node, { is: 'failed', code: 'SENT_TO_DISK', since: at, detail }) };
}

function outOfAttempts(node: NodeState, at: TimeMs): JobEnd {
  const attempts = node.job?.maxAttempts ?? 0;
  const ended = endJob(node, 'failed', at, 'ATTEMPTS_SPENT');
  const loop = ended.node.health.is === 'failed' && ended.node.health.code === 'LOOP';
  if (loop) return ended;
  const before = erasedBefore(node);
  const end = before === '' ? 'the disk was written' : `a system was installed${before}`;
  const detail = `all ${attempts} boots of this job ended before ${end}`;
  const failed = withHealth(ended.node, { is: 'failed', code: 'ATTEMPTS_SPENT', since: at, detail });
  return { node: failed, effects: ended.effects };
}

/** Nobody saw it wipe: the disk may be as it was, and to call that done would be a lie about somebody's data. */
function afterWipe(node: NodeState, at: TimeMs): JobEnd {
  if (node.job?.wipedAt !== undefined) {
    const ended = endJob(node, 'done', at);
    return { node: { ...ended.node, seen: { ...ended.node.seen, disks: [] } }, effects: ended.effects };
  }
  const ended = endJob(node, 'failed', at, 'KERNEL_SILENT');
  const detail = 'the wipe was booted and never reported; look whether the disk is empty';
  const failed = withHealth(ended.node, { is: 'failed', code: 'KERNEL_SILENT', since: at, detail });
  return { node: failed, effects: ended.effects };
}

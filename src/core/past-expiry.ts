import { JOB_EXPIRY_MS, type Job } from './job.ts';
import type { NodeState } from './node.ts';
import { type PhaseName, REPORT_PHASES, type ScriptAnswer } from './phase.ts';
import { LIMITS } from './phase-limits.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

/** In a boot that goes well nothing takes longer to be heard of than its kernel. */
const QUIET_MS = LIMITS.handoff?.afterMs ?? 180 * SECOND_MS;

const GIVEN: ReadonlySet<ScriptAnswer> = new Set(['install', 'wipe', 'inspect', 'rescue']);

/** From its script to what that boots. What restarts, or runs from a disk, has this boot behind it. */
const UNDER_WAY: ReadonlySet<PhaseName> = new Set(['script', 'kernel', 'initrd', ...REPORT_PHASES]);

/**
 * When a job ends that did not begin to write. No script goes out after it expired; but one that went out before was decided
 * then, and what it names is no new decision: to refuse its initramfs or its configuration would only break that boot. It is
 * let through while it moves, and never for longer than the job was armed.
 */
export function endsAt({ attempt, phase }: NodeState, job: Job): TimeMs {
  const { expiresAt } = job;
  const isGiven = attempt?.answered !== undefined && GIVEN.has(attempt.answered) && attempt.job === job.id;
  if (job.letsEnd !== true || !isGiven || !UNDER_WAY.has(phase.is)) return expiresAt;
  return Math.max(expiresAt, Math.min(attempt.lastActivityAt + QUIET_MS, expiresAt + JOB_EXPIRY_MS));
}

import type { Job } from './job.ts';
import { ATTEMPTS_KEPT, type Attempt, type NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** Three boots that ended before the system came up, within this window, are a loop. */
const LOOP_BOOTS = 3;
const LOOP_WINDOW_MS = 30 * MINUTE_MS;

/** An attempt is one firmware boot. The old one ends with the phase that it had reached as its cause. */
export function openAttempt(node: NodeState, at: TimeMs, why: string): NodeState {
  const closed = closeAttempt(node, at, why);
  const job = closed.job;
  const counts = job !== undefined && job.suspended === undefined;
  const attempt: Attempt = {
    number: (closed.attempt ?? closed.pastAttempts.at(-1) ?? { number: 0 }).number + 1,
    openedAt: at,
    way: [],
    cameUp: false,
    lastActivityAt: at,
    ...(counts ? { job: job.id } : {}),
  };
  const health =
    closed.health.is === 'late' || closed.health.is === 'stalled' ? ({ is: 'ok' } as const) : closed.health;
  return { ...closed, attempt, health, ...(counts ? { job: { ...job, attempts: job.attempts + 1 } } : {}) };
}

export function closeAttempt(node: NodeState, at: TimeMs, why: string): NodeState {
  const { attempt, ...rest } = node;
  if (attempt === undefined) return node;
  const ended: Attempt = { ...attempt, closedAt: at, end: `${why} in ${node.phase.is}` };
  const past = [...node.pastAttempts, ended].slice(-ATTEMPTS_KEPT);
  const spent = spentUnseen(node.job, attempt, at);
  const kept: NodeState = { ...rest, pastAttempts: past, ...(spent === undefined ? {} : { job: spent }) };
  return attempt.cameUp ? kept : afterFailedBoot(kept, attempt, at);
}

/**
 * Where Talos reports nothing, a configuration that was fetched after a complete initramfs is the only sign that the
 * install started. Judged at the end of the attempt: then no report can come any more.
 */
function spentUnseen(job: Job | undefined, attempt: Attempt, at: TimeMs): Job | undefined {
  if (job === undefined || job.spentAt !== undefined || attempt.talosSpokeAt !== undefined) return undefined;
  if (attempt.configServedAt === undefined || attempt.initrdSentAt === undefined) return undefined;
  return { ...job, spentAt: at };
}

function afterFailedBoot(node: NodeState, attempt: Attempt, at: TimeMs): NodeState {
  const recent = [...node.failedBoots.filter((time) => at - time < LOOP_WINDOW_MS), at];
  const missed = attempt.answered === 'local' ? node.localMissed + 1 : node.localMissed;
  const counted: NodeState = { ...node, failedBoots: recent, localMissed: missed };
  if (recent.length >= LOOP_BOOTS) {
    const job = counted.job === undefined ? {} : { job: { ...counted.job, suspended: { at, code: 'LOOP' as const } } };
    const detail = `${recent.length} boots ended before the system came up; the last in ${node.phase.is}`;
    return { ...counted, ...job, health: { is: 'failed', code: 'LOOP', since: at, detail } };
  }
  if (missed > 1) {
    const detail = `sent to its disk ${missed} times, and asked for the network again`;
    return { ...counted, health: { is: 'stalled', code: 'DISK_BOOT_MISSED', since: at, detail } };
  }
  return counted;
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
  const way = [...attempt.way, { phase, at }].slice(-32);
  return {
    ...opened,
    attempt: { ...attempt, way, cameUp, lastActivityAt: at },
    ...(cameUp && !attempt.cameUp ? { failedBoots: [], localMissed: 0 } : {}),
  };
}

import type { BootTarget } from '../bmc.ts';
import type { Effect } from '../effect.ts';
import type { Job } from '../job.ts';
import type { NodeState } from '../node.ts';
import { EARLY_PHASES, IMAGE_PHASES, type PhaseName } from '../phase.ts';
import type { TimeMs } from '../time.ts';
import { unansweredNow, unansweredSince } from '../unanswered.ts';
import { failing, type Step, step, withJob } from './move.ts';

/**
 * The BMC took the one-shot override, it was read back, and then the old system spoke: it booted its disk. The wire is
 * the authority. Tried once more with every property written and off-then-on; then a person is asked.
 */
export function overrideIgnored(node: NodeState, at: TimeMs): Step {
  const job = node.job;
  if (job === undefined) return step(node);
  const asked = unansweredNow(node)?.why;
  if (asked !== undefined)
    return step(failing(node, 'stalled', 'UNSERVED_NETWORK', `${asked}; the system on its disk runs now`, at));
  const detail = 'the system on its disk answered after the reset, and no network boot was seen';
  if (job.overrideRetried || node.spec.bmc === undefined) {
    const failed = failing(node, 'failed', 'BMC_OVERRIDE_IGNORED', detail, at);
    return step({ ...failed, ask: `power-cycle ${place(node)} now and choose network boot (F12)` });
  }
  return tryOnceMore(node, job, failing(node, 'stalled', 'BMC_OVERRIDE_IGNORED', `${detail}; trying once more`, at));
}

/** The whole order once more, with every property written, off and then on. */
function tryOnceMore(node: NodeState, job: Job, told: NodeState): Step {
  const retried = withJob(told, { overrideRetried: true, override: 'asked' });
  return step(untilPowered(retried), networkAgain(node, { ...job, overrideRetried: true }, 'offThenOn'));
}

/**
 * Some BMCs take an override only while the machine is off, and drop it without a word while it is on. Of the order that
 * a job begins with alone: one that is given for a later boot finds the machine at work, which is not cut off.
 */
export function overrideDropped(node: NodeState, seen: string, at: TimeMs): Step | undefined {
  const { job, phase, power } = node;
  if (job === undefined || job.overrideRetried || job.suspended !== undefined) return undefined;
  if (phase.is !== 'armed' || power.is === 'off') return undefined;
  const detail = `${seen} Trying once more with the machine off.`;
  return tryOnceMore(node, job, failing(node, 'stalled', 'BMC_REFUSED', detail, at));
}

/**
 * The system on the disk runs, and nothing of the job's boot went through: the firmware gave up on the way (a server too
 * busy, a lost loader), or it never tried. Tried once more like an override that was ignored; a machine that we ourselves
 * sent to its disk would be sent there again. `away`: nobody listened meanwhile, so it may be on its way, and is not cut off.
 */
export function bootedDisk(node: NodeState, at: TimeMs, away: string): Step {
  const { attempt, job } = node;
  if (job === undefined) return step(node);
  const last = attempt?.way.findLast(({ phase }) => NETWORK_BOOT.has(phase))?.phase;
  const isSent = attempt?.answered === 'local';
  const way = isSent
    ? 'it was sent to its disk, and why stands in its evidence'
    : last === undefined
      ? (unansweredSince(node, job.armedAt)?.why ?? 'no network boot was seen')
      : `its network boot ended in ${last}`;
  const detail = `${way}; the system on its disk runs, and the ${job.kind} has not begun${away}`;
  if (isSent || away !== '' || job.overrideRetried || node.spec.bmc === undefined) {
    const failed = failing(node, 'failed', 'BOOTED_DISK', detail, at);
    return step(isSent ? failed : { ...failed, ask: `power-cycle ${place(node)} now and choose network boot (F12)` });
  }
  return tryOnceMore(node, job, failing(node, 'stalled', 'BOOTED_DISK', `${detail}; trying once more`, at));
}

export const NETWORK_BOOT: ReadonlySet<PhaseName> = new Set<PhaseName>([...EARLY_PHASES, 'script', ...IMAGE_PHASES]);

/** Its power is about to go off and on again: what the old system still says is no answer to the second order. */
function untilPowered(node: NodeState): NodeState {
  if (node.phase.is !== 'powering') return node;
  const { poweredAt: _before, ...phase } = node.phase;
  return { ...node, phase };
}

/** `none` sets the override only: the machine reboots by itself. */
export function networkAgain(
  node: NodeState,
  job: Pick<Job, 'id' | 'overrideRetried'>,
  power: 'cycle' | 'offThenOn' | 'none',
): Extract<Effect, { readonly type: 'bmc.bootFromNetwork' }> {
  const { firmware } = node.spec;
  const signed = node.spec.boot === 'secureBoot';
  return {
    type: 'bmc.bootFromNetwork',
    node: node.name,
    job: job.id,
    target: networkTarget(node),
    ...(firmware === undefined && !signed ? {} : { mode: firmware === 'bios' ? 'legacy' : 'uefi' }),
    fullPayload: job.overrideRetried,
    power,
  };
}

/** HTTP boot as the inventory wants it, unless its BMC has said that it knows PXE only: the same firmware has both. */
function networkTarget(node: NodeState): BootTarget {
  if (node.spec.boot === 'virtualMedia') return 'cd';
  // A PXE boot would load iPXE, which no firmware with Secure Boot runs.
  if (node.spec.boot === 'secureBoot') return 'uefiHttp';
  const offered = node.seen.bmc?.bootTargets;
  const http =
    node.spec.firmware === 'http' &&
    (offered === undefined || offered.includes('uefiHttp') || !offered.includes('pxe'));
  return http ? 'uefiHttp' : 'pxe';
}

export function place(node: NodeState): string {
  const { rack, unit } = node.spec.place;
  if (unit === undefined) return node.name;
  return rack === undefined ? `U${unit} (${node.name})` : `${rack} U${unit} (${node.name})`;
}

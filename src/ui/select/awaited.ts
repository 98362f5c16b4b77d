import type { NodeState } from '../../core/node.ts';
import { cutReason } from '../../core/power-order.ts';
import type { TimeMs } from '../../core/time.ts';
import { renderSpan } from '../format/duration.ts';

/** What a machine waits for that no packet tells of: mostly its BMC, which may take minutes. */
export interface Awaited {
  /** For twelve columns. */
  readonly brief: string;
  readonly text: string;
  readonly since: TimeMs;
}

export function awaitedOf(node: NodeState, nowMs: TimeMs): Awaited | undefined {
  const { powerOrder, phase, job } = node;
  if (powerOrder !== undefined && powerOrder.doneAt === undefined && cutReason(node, nowMs) !== undefined)
    return { brief: 'BMC power', text: 'waits for its BMC to switch its power', since: powerOrder.askedAt };
  // What went wrong, or was lost with the program, is waited for no more.
  if (phase.is !== 'armed' || job === undefined || node.health.is !== 'ok' || node.ask !== undefined) return undefined;
  if (!job.stored) return { brief: 'being saved', text: 'waits until its arming is on disk', since: phase.since };
  if (job.resetFirst === true)
    return { brief: 'Talos reset', text: 'waits for Talos to reset itself', since: phase.since };
  const step = bmcStep(node);
  if (step === undefined) return undefined;
  return { brief: `BMC ${step.brief}`, text: `waits for its BMC: ${step.text}`, since: answeredAt(node) };
}

/** `waits for its BMC: boot override, 22 s`, or nothing. */
export function awaitedText(node: NodeState, nowMs: TimeMs): string {
  const awaited = awaitedOf(node, nowMs);
  return awaited === undefined ? '' : `${awaited.text}, ${renderSpan(nowMs - awaited.since)}`;
}

/** The first of what an order to boot from the network has not brought yet, in the order in which the driver asks for it. */
function bmcStep({ spec, job, seen }: NodeState): Pick<Awaited, 'brief' | 'text'> | undefined {
  if (spec.bmc === undefined) return undefined;
  if (job?.override === 'set') return { brief: 'power', text: 'power' };
  if (job?.override !== 'asked') return undefined;
  if (seen.bmc === undefined) return { brief: 'identity', text: 'whose it is' };
  if (spec.boot === 'virtualMedia' && seen.bmcLeft?.media !== true) return { brief: 'medium', text: 'virtual medium' };
  return { brief: 'override', text: 'boot override' };
}

/** Each step is asked for when the one before it is answered. */
function answeredAt({ phase, evidence }: NodeState): TimeMs {
  return Math.max(phase.since, evidence.findLast(({ from }) => from === 'bmc')?.at ?? 0);
}

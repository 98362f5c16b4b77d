import type { NodeState } from '../../core/node.ts';
import { cutReason, heldUntil } from '../../core/power-order.ts';
import { MINUTE_MS, type TimeMs } from '../../core/time.ts';
import { renderSpan } from '../format/duration.ts';

/** What a machine waits for that no packet tells of: mostly its BMC, which may take minutes. */
export interface Awaited {
  /** For twelve columns. */
  readonly brief: string;
  readonly text: string;
  readonly since: TimeMs;
  /** It goes on by itself then. */
  readonly until?: TimeMs;
  /** What a person at the machine can do meanwhile. */
  readonly orElse?: string;
}

/** Most BMCs take less for all that is asked of them. */
const LONG_MS = MINUTE_MS;
const BY_HAND = 'or power-cycle it and choose network boot (F12)';

export function awaitedOf(node: NodeState, nowMs: TimeMs): Awaited | undefined {
  const { powerOrder, phase, job } = node;
  if (powerOrder !== undefined && powerOrder.doneAt === undefined && cutReason(node, nowMs) !== undefined) {
    const { askedAt: since, lostAt } = powerOrder;
    if (lostAt === undefined) return { brief: 'BMC power', text: 'waits for its BMC to switch its power', since };
    const text = 'waits: its BMC may yet cut this boot';
    return { brief: 'may be cut', text, since, until: heldUntil(powerOrder) };
  }
  // What went wrong, or was lost with the program, is waited for no more.
  if (phase.is !== 'armed' || job === undefined || node.health.is !== 'ok' || node.ask !== undefined) return undefined;
  if (!job.stored) return { brief: 'being saved', text: 'waits until its arming is on disk', since: phase.since };
  if (job.resetFirst === true)
    return { brief: 'Talos reset', text: 'waits for Talos to reset itself', since: phase.since };
  const step = bmcStep(node);
  if (step === undefined) return undefined;
  const text = `waits for its BMC: ${step.text}`;
  return { brief: `BMC ${step.brief}`, text, since: answeredAt(node), orElse: BY_HAND };
}

/** `waits for its BMC: boot override, 22 s`, or nothing; what a person can do about it only where it takes long. */
export function awaitedText(node: NodeState, nowMs: TimeMs): string {
  const awaited = awaitedOf(node, nowMs);
  if (awaited === undefined) return '';
  const { text, since, until, orElse } = awaited;
  if (until !== undefined) return `${text}; goes on in ${renderSpan(until - nowMs)}`;
  const isLong = nowMs - since >= LONG_MS;
  return `${text}, ${renderSpan(nowMs - since)}${isLong && orElse !== undefined ? `; ${orElse}` : ''}`;
}

/** The first of what an order to boot from the network has not brought yet, in the order in which the driver asks for it. */
function bmcStep({ spec, job, seen }: NodeState): Pick<Awaited, 'brief' | 'text'> | undefined {
  if (spec.bmc === undefined) return undefined;
  if (job?.override === 'set') return { brief: 'power', text: 'power state' };
  if (job?.override !== 'asked') return undefined;
  if (seen.bmc === undefined) return { brief: 'identity', text: 'whose it is' };
  if (spec.boot === 'virtualMedia' && seen.bmcLeft?.media !== true) return { brief: 'medium', text: 'virtual medium' };
  return { brief: 'override', text: 'boot override' };
}

/** Each step is asked for when the one before it is answered. */
function answeredAt({ phase, evidence }: NodeState): TimeMs {
  return Math.max(phase.since, evidence.findLast(({ from }) => from === 'bmc')?.at ?? 0);
}

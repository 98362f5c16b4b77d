import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { type OrderFound, orderText } from '../order-found.ts';
import { LIMITS } from '../phase.ts';
import { MINUTE_MS, type TimeMs } from '../time.ts';
import { failing, type Step, step, withJob } from './move.ts';
import { networkAgain, place } from './override-ignored.ts';

/** POST takes up to fifteen minutes; a BMC that tells nothing of it is believed after five more. */
const TRUST_AFTER_MS = 20 * MINUTE_MS;
const LOOK_EVERY_MS = 5 * MINUTE_MS;
const AGAIN_AT_MOST = 2;

/** Nothing of the boot that was ordered has reached the wire. */
export function isSilent({ phase, evidence }: NodeState): boolean {
  return phase.is === 'powering' && !evidence.some((one) => one.from === 'wire' && one.at >= phase.since);
}

/** When its BMC is to be asked next what became of the order; undefined where nothing could follow from that. */
export function looksAt(node: NodeState): TimeMs | undefined {
  const { job, phase, health, spec } = node;
  if (phase.is !== 'powering' || !phase.overrideSet || spec.bmc === undefined) return undefined;
  if (node.lostSightAt !== undefined) return undefined;
  if (job?.override !== 'set' || job.spentAt !== undefined || job.suspended !== undefined) return undefined;
  if (health.is !== 'stalled' || health.code !== 'NO_PXE' || !isSilent(node)) return undefined;
  if ((job.orderedAgain ?? 0) >= AGAIN_AT_MOST) return undefined;
  return phase.lookedAt === undefined ? phase.since + (LIMITS.powering?.afterMs ?? 0) : phase.lookedAt + LOOK_EVERY_MS;
}

/** The driver reads, and gives the order again only where it reads that it was used up. */
export function lookAtOrder(node: NodeState, at: TimeMs): Step {
  const { job, phase } = node;
  const due = looksAt(node);
  if (job === undefined || phase.is !== 'powering' || due === undefined || at < due) return step(node);
  const order = networkAgain(node, { ...job, overrideRetried: true }, 'offThenOn');
  const { since } = phase;
  const onlyIfUsedUp = { since, trustsSilence: at - since >= TRUST_AFTER_MS };
  return step({ ...node, phase: { ...phase, lookedAt: at } }, { ...order, onlyIfUsedUp });
}

export function orderRead(node: NodeState, event: EventOf<'bmc.orderRead'>): NodeState {
  const { job, phase } = node;
  if (job?.id !== event.job || phase.is !== 'powering' || node.health.is !== 'stalled') return node;
  const { found, progress, time } = event;
  const again = (job.orderedAgain ?? 0) + (found === 'usedUp' ? 1 : 0);
  const minutes = Math.round((time - phase.since) / MINUTE_MS);
  const which = found === 'usedUp' ? `; it is given again (${again} of ${AGAIN_AT_MOST})` : '';
  const detail = `silent for ${minutes} min; its BMC says: ${orderText(found, progress)}${which}`;
  const told = asking(failing(node, 'stalled', 'NO_PXE', detail, time), found);
  if (found !== 'usedUp') return told;
  // Its power goes off and on: what is read of it until then is of the boot before.
  const { poweredAt: _before, ...restarted } = phase;
  return { ...withJob(told, { orderedAgain: again, override: 'asked' }), phase: restarted };
}

/** Nobody is sent to the machine to cut off its POST, or to do by hand what is being done. */
function asking({ ask: _before, ...node }: NodeState, found: OrderFound): NodeState {
  if (found === 'inPost' || found === 'usedUp') return node;
  return { ...node, ask: `power-cycle ${place(node)} and choose network boot (F12)` };
}

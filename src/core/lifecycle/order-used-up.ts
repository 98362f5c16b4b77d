import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { type OrderFound, orderText } from '../order-found.ts';
import { LIMITS } from '../phase-limits.ts';
import { MINUTE_MS, type TimeMs } from '../time.ts';
import { failing, type Step, step, withJob } from './move.ts';
import { networkAgain, place } from './override-ignored.ts';

/** POST takes up to fifteen minutes; a BMC that tells nothing of it is believed after five more. */
const TRUST_AFTER_MS = 20 * MINUTE_MS;
const LOOK_EVERY_MS = 5 * MINUTE_MS;
const AGAIN_AT_MOST = 2;

type Waiting = NodeIn<'powering' | 'rebooting'>;

/** Firmware is to boot by an order of ours: after power, or between the wipe and the boot that installs. */
function waitsForBoot(node: NodeState): node is Waiting {
  const { phase } = node;
  return (phase.is === 'powering' && phase.overrideSet) || (phase.is === 'rebooting' && phase.after === 'wipe');
}

/** Nothing of the boot that was ordered has reached the wire. */
export const isSilent = (node: NodeState): node is Waiting =>
  waitsForBoot(node) && !node.evidence.some((one) => one.from === 'wire' && one.at >= node.phase.since);

const isOverdue = ({ health }: NodeState): boolean => health.is === 'stalled' && health.code === 'NO_PXE';

/** When its BMC is to be asked next what became of the order; undefined where nothing could follow from that. */
export function looksAt(node: NodeState): TimeMs | undefined {
  const { job, spec } = node;
  if (spec.bmc === undefined || node.lostSightAt !== undefined) return undefined;
  if (job?.override !== 'set' || job.spentAt !== undefined || job.suspended !== undefined) return undefined;
  if ((job.orderedAgain ?? 0) >= AGAIN_AT_MOST || !isSilent(node) || !isOverdue(node)) return undefined;
  const { since, lookedAt } = node.phase;
  return lookedAt === undefined ? since + (LIMITS.powering?.afterMs ?? 0) : lookedAt + LOOK_EVERY_MS;
}

/** The driver reads, and gives the order again only where it reads that it was used up. */
export function lookAtOrder(node: NodeState, at: TimeMs): Step {
  const { job } = node;
  const due = looksAt(node);
  if (job === undefined || !waitsForBoot(node) || due === undefined || at < due) return step(node);
  const order = networkAgain(node, { ...job, overrideRetried: true }, 'offThenOn');
  const { since } = node.phase;
  const onlyIfUsedUp = { since, trustsSilence: at - since >= TRUST_AFTER_MS };
  return step({ ...node, phase: { ...node.phase, lookedAt: at } }, { ...order, onlyIfUsedUp });
}

export function orderRead(node: NodeState, event: EventOf<'bmc.orderRead'>): NodeState {
  const { job } = node;
  if (job?.id !== event.job || !waitsForBoot(node) || !isOverdue(node)) return node;
  const { found, progress, time } = event;
  const again = (job.orderedAgain ?? 0) + (found === 'usedUp' ? 1 : 0);
  const minutes = Math.round((time - node.phase.since) / MINUTE_MS);
  const which = found === 'usedUp' ? `; it is given again (${again} of ${AGAIN_AT_MOST})` : '';
  const detail = `silent for ${minutes} min; its BMC says: ${orderText(found, progress)}${which}`;
  const told = asking(failing(node, 'stalled', 'NO_PXE', detail, time), found);
  if (found !== 'usedUp') return told;
  return { ...withJob(told, { orderedAgain: again, override: 'asked' }), phase: unpowered(node.phase) };
}

/** Its power goes off and on: what is read of it until then is of the boot before. */
function unpowered(phase: Waiting['phase']): Waiting['phase'] {
  if (phase.is === 'rebooting') return phase;
  const { poweredAt: _before, ...restarted } = phase;
  return restarted;
}

/** Nobody is sent to the machine to cut off its POST, or to do by hand what is being done. */
function asking({ ask: _before, ...node }: NodeState, found: OrderFound): NodeState {
  if (found === 'inPost' || found === 'usedUp') return node;
  return { ...node, ask: `power-cycle ${place(node)} and choose network boot (F12)` };
}

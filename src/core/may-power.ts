import type { BmcProblem } from './bmc.ts';
import { bmcConflict, bmcContradiction } from './bmc-conflict.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { whyInVain } from './forbidden.ts';
import { isSilent } from './lifecycle/order-used-up.ts';
import type { NodeState } from './node.ts';
import { fail, ok, type Result } from './result.ts';
import type { BmcSpec } from './spec.ts';
import type { TimeMs } from './time.ts';

/** One write that is about to go to a BMC. */
export interface BmcOrder {
  /** `set`: override or medium. `takeBack`: what a job left there. */
  readonly wants: 'set' | 'power' | 'takeBack';
  /** Absent: an operator's own. */
  readonly job?: string;
  /** Which BMC it goes to: the inventory may name another one by now. */
  readonly bmc: BmcSpec;
  /** It would cut off whatever boots by now: refused once the wire told of that, or the power came anew. */
  readonly silentSince?: TimeMs;
  /** When it was ordered: a boot that has its script since then is the one that it was to bring about. */
  readonly notAfter?: TimeMs;
}

/** What this BMC said of its machine was said in another run, to another pin, or by another BMC: it is asked first. */
export function bmcUnread(fleet: Pick<Fleet, 'startedAt'>, { seen }: NodeState): boolean {
  return seen.bmc === undefined || seen.bmcAt === undefined || seen.bmcAt < fleet.startedAt;
}

/**
 * Asked again just before each write to a BMC: minutes may have passed since it was ordered. What is not about this
 * machine any more ends with `held`, in silence; what is still wanted and may not go now with `heldBack`, which an
 * operator must see; what would reach another machine with `notOurs`, which names both.
 */
export function mayPower(fleet: Fleet, name: string, order: BmcOrder): Result<void, BmcProblem> {
  const node = nodeOf(fleet, name);
  if (node?.spec.bmc === undefined) return fail(held(`${name} left the inventory, or its BMC did`));
  if (!sameBmc(node.spec.bmc, order.bmc)) return fail(heldBack(`the inventory names another BMC for ${name} now`));
  const other = bmcConflict(fleet, node) ?? heldFor(node, order);
  if (other !== undefined) return fail(notOurs(other));
  if (order.job === undefined || order.wants === 'takeBack') return ok(undefined);
  const { job } = node;
  if (job?.id !== order.job || !job.stored) return fail(held(`${name} is not armed for it any more`));
  if (job.suspended !== undefined) return fail(held(`its job is suspended (${job.suspended.code})`));
  // Somebody was faster at the power button, or the order waited too long: the boot that it was for is over.
  if (job.spentAt !== undefined) return fail(held('its disk is being written'));
  if (order.silentSince !== undefined && (node.phase.since !== order.silentSince || !isSilent(node)))
    return fail(held('the machine has gone on meanwhile'));
  if (order.notAfter !== undefined && isUnderWay(node, order.notAfter))
    return fail(held('its boot is under way already'));
  if (fleet.switches.panic !== undefined) return fail(heldBack('the panic key was pressed'));
  const inVain = whyInVain(node);
  if (inVain !== undefined) return fail(heldBack(`the network boot would end at its disk, as ${inVain}`));
  return ok(undefined);
}

/** A cancelled job lifts the conflict of the node; what was never set there is not taken back from another machine. */
function heldFor({ health, seen, spec }: NodeState, { wants }: BmcOrder): string | undefined {
  if (wants !== 'takeBack') return health.is === 'conflict' ? health.detail : undefined;
  return seen.bmcLeft === undefined && seen.bmc !== undefined ? bmcContradiction(spec.identity, seen.bmc) : undefined;
}

/** A wipe goes out once: a boot that has it is not cut by an order that its machine did not wait for. */
export function isUnderWay({ attempt }: NodeState, since: TimeMs): boolean {
  if (attempt?.answered === undefined || attempt.answered === 'local' || attempt.answered === 'discover') return false;
  // Firmware that loads a UKI by itself asks for no script.
  return attempt.way.some(({ phase, at }) => at > since && (phase === 'script' || phase === 'kernel'));
}

const sameBmc = (a: BmcSpec, b: BmcSpec): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const held = (message: string): BmcProblem => ({
  code: 'held',
  message: `Nothing more was sent to its BMC: ${message}.`,
  advice: 'Look at the machine, and order it again.',
});

const heldBack = (message: string): BmcProblem => ({
  code: 'heldBack',
  message: `Nothing more was sent to its BMC: ${message}.`,
  advice: 'When that is over, look at the machine and retry it: the order is not given again by itself.',
});

export const notOurs = (why: string): BmcProblem => ({
  code: 'notOurs',
  message: `Nothing more was sent to its BMC: ${why}.`,
  advice: 'Compare `bmc.url` and the MACs, serial and UUID of both node files with the machines; then `release` it.',
});

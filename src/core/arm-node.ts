import { closeAttempt } from './attempt.ts';
import { bmcConflict } from './bmc-conflict.ts';
import type { Effect } from './effect.ts';
import type { EventOf } from './event.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { bootByHand } from './held-back.ts';
import { type Job, type JobKind, MAX_ATTEMPTS, takesWipe, WRITES_DISK } from './job.ts';
import { networkAgain } from './lifecycle/override-ignored.ts';
import type { NodeState } from './node.ts';
import { isProtected, protectionOf } from './protection.ts';
import { type Away, awayBefore, controlPlaneOf, controlPlanesAway } from './quorum.ts';
import { fail, ok, type Result } from './result.ts';
import type { TimeMs } from './time.ts';

type Armed = EventOf<'operator.armed'>;

/** May an operator arm it like this? What was armed by an older version goes on, and replays as it was. */
export function mayOrder(fleet: Fleet, node: NodeState, ask: Omit<Armed, 'type' | 'by'>): Result<void> {
  if (node.spec.identity.macs.length === 0)
    return fail(`${node.name} has no macs in its file: it cannot be armed until one is written there, or adopted`);
  return mayArm(fleet, node, ask);
}

/** May this node be armed like this, now? The engine asks before it accepts, and `reduce` asks again. */
export function mayArm(fleet: Fleet, node: NodeState, ask: Omit<Armed, 'type' | 'by'>): Result<void> {
  const { kind, plan, time } = ask;
  if (fleet.saving.is === 'failing')
    return fail(`not saving (${fleet.saving.reason}): nothing new is armed until the state can be stored`);
  if (fleet.switches.panic !== undefined) return fail('the panic key is pressed: release it first');
  if (node.job !== undefined) return fail(`${node.name} already has a job (${node.job.kind}); cancel it first`);
  if (node.intent.is === 'hold') return fail(`${node.name} is on hold: ${node.intent.why}`);
  if (node.health.is === 'conflict') return fail(`${node.name} is in conflict: ${node.health.detail}`);
  const other = bmcConflict(fleet, node);
  if (other !== undefined) return fail(`${node.name} is in conflict: ${other}`);
  if (ask.expiresAt <= time) return fail('the job would expire before it starts');
  if (plan.kind !== kind) return fail('the plan is of another kind of job; make it again');
  if (plan.uki === true && takesWipe({ kind, plan })) return fail('a signed UKI takes no argument, so it cannot wipe');
  if (plan.foreign === true && kind !== 'reinstall')
    return fail(`profile ${plan.profile} writes disks, and nothing halts it on one in use: that takes a reinstall`);
  if (!WRITES_DISK[kind]) return ok(undefined);
  if (isProtected(node) && !glassOpen(fleet, time))
    return fail(`${node.name} is ${protectionOf(node)}; break the glass first`);
  if (kind !== 'install' && ask.confirmed !== node.name)
    return fail(`${kind} erases ${node.name}: its host name must be typed`);
  if (kind !== 'wipe' && !plan.disk.sure)
    return fail(
      `the install disk is not sure: ${plan.disk.why}${/inspect/.test(plan.disk.why) ? '' : '; inspect it first'}`,
    );
  if (kind !== 'wipe' && plan.foreign !== true && !plan.configChecked)
    return fail('its machine configuration was not checked');
  return ok(undefined);
}

export function glassOpen(fleet: Fleet, at: TimeMs): boolean {
  return fleet.switches.glass !== undefined && fleet.switches.glass.until > at;
}

/** Two control-plane nodes of one cluster are never reinstalled at a time: etcd would lose its quorum. */
export const otherControlPlane = (fleet: Fleet, node: NodeState, kind: JobKind): Away | undefined =>
  controlPlaneOf(node) === undefined ? undefined : awayBefore(controlPlanesAway(fleet), node, kind);

export function armNode(
  node: NodeState,
  event: Armed,
  underGlass: boolean,
  /** It follows from a wave that is on disk already. */
  stored: boolean,
): { readonly node: NodeState; readonly effects: readonly Effect[] } {
  const job: Job = {
    id: event.job,
    kind: event.kind,
    plan: event.plan,
    armedAt: event.time,
    armedBy: event.by,
    expiresAt: event.expiresAt,
    ...(event.letsEnd === true ? { letsEnd: true } : {}),
    // A reinstall needs one boot to wipe and one to install.
    maxAttempts: event.kind === 'reinstall' && takesWipe(event) ? MAX_ATTEMPTS + 1 : MAX_ATTEMPTS,
    attempts: 0,
    override: node.spec.bmc === undefined ? 'none' : 'asked',
    overrideRetried: false,
    underGlass,
    ...(event.savesFirst === true ? { savesFirst: true } : {}),
    stored,
    ...(resetsFirst(node, event) ? { resetFirst: true } : {}),
    ...(event.wave === undefined ? {} : { wave: event.wave }),
  };
  const {
    ask: _ask,
    attempt: _attempt,
    lostSightAt: _lost,
    ...rest
  } = closeAttempt({ ...node, failedBoots: [] }, event.time, 'armed');
  const armed: NodeState = {
    ...rest,
    job,
    failedBoots: [],
    localMissed: 0,
    phase: { is: 'armed', since: event.time },
    phaseFrom: 'operator',
    health: { is: 'ok' },
  };
  const orders = job.stored ? firstOrders(armed, job) : [];
  return node.spec.bmc === undefined
    ? { node: { ...armed, ask: bootByHand(node) }, effects: orders }
    : { node: armed, effects: orders };
}

/** Only a Talos that runs from its disk can reset itself; any other machine is wiped by its network boot alone. */
function resetsFirst({ phase, seen, spec }: NodeState, { plan }: Armed): boolean {
  const runs = phase.is === 'running' || phase.is === 'ready';
  return plan.resetFirst === true && takesWipe(plan) && runs && (seen.address ?? spec.network.ip) !== undefined;
}

/** What a job begins with, once its arming is on disk. */
export function firstOrders(node: NodeState, job: Job): readonly Effect[] {
  const address = node.seen.address ?? node.spec.network.ip;
  return job.resetFirst === true && address !== undefined
    ? [{ type: 'talos.reset', node: node.name, address, job: job.id }]
    : bootOrders(node, job);
}

/** Asked again just before it is sent: it erases, and minutes may have passed. */
export function mayReset(fleet: Fleet, name: string, jobId: string, at: TimeMs): Result<void> {
  const node = nodeOf(fleet, name);
  const job = node?.job;
  if (node === undefined || job === undefined || job.id !== jobId) return fail(`${name} is not armed for it any more`);
  if (!job.stored || !takesWipe(job) || job.plan.resetFirst !== true) return fail(`its ${job.kind} asks for no reset`);
  if (job.spentAt !== undefined || job.suspended !== undefined || job.expiresAt <= at)
    return fail('its job is spent, suspended or expired');
  if (job.resetFirst !== true || job.resetUnsure === true)
    return fail('its network boot was ordered without it, which wipes by itself');
  if (fleet.switches.panic !== undefined) return fail('the panic key is pressed');
  if (node.intent.is === 'hold' || node.health.is === 'conflict') return fail(`${name} is held`);
  if (isProtected(node) && !job.underGlass) return fail(`${name} is ${protectionOf(node)}`);
  return ok(undefined);
}

export function bootOrders(node: NodeState, job: Job): readonly Effect[] {
  const mac = node.spec.identity.macs[0];
  if (node.spec.bmc === undefined) return mac === undefined ? [] : [{ type: 'wake.send', node: node.name, mac }];
  return [networkAgain(node, job, 'cycle')];
}

import { cutOffNow } from '../../core/cut-off.ts';
import type { Fleet } from '../../core/fleet.ts';
import { bmcUnread } from '../../core/may-power.ts';
import { heldScript } from '../../core/next-script.ts';
import type { NodeState } from '../../core/node.ts';
import { isOwnScript, NEVER_LEFT, notLeftYet, onlyScriptOutAt, unsureWipeAt } from '../../core/own-script.ts';
import type { PhaseName } from '../../core/phase.ts';
import { cutReason, heldUntil } from '../../core/power-order.ts';
import { powerWaiting } from '../../core/power-wait.ts';
import { MINUTE_MS, type TimeMs } from '../../core/time.ts';
import { wavesAwaiting } from '../../core/wave-places.ts';
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
  /** Where there is room: what stands behind it. */
  readonly detail?: string;
}

/** What there is to know beside the machine itself. */
export interface Moment {
  readonly fleet: Pick<Fleet, 'switches' | 'saving' | 'startedAt' | 'contested' | 'leases' | 'services' | 'waves'>;
  readonly nowMs: TimeMs;
}

/** Most BMCs take less for all that is asked of them. */
const LONG_MS = MINUTE_MS;
const BY_HAND = 'or power-cycle it and choose network boot (F12)';

export function awaitedOf(node: NodeState, moment: Moment): Awaited | undefined {
  return (
    underWay(node, moment.nowMs) ??
    orderedOf(node, moment) ??
    cutOff(node, moment) ??
    heldBoot(node, moment) ??
    armedStep(node) ??
    ownScript(node) ??
    turnOf(node, moment)
  );
}

/** It looks like any machine that nobody ordered anything of, and is armed as soon as there is room. */
function turnOf(node: NodeState, { fleet }: Moment): Awaited | undefined {
  const [wave] = node.job === undefined ? wavesAwaiting(fleet, node.name) : [];
  if (wave === undefined) return undefined;
  const { id, kind, state, startedAt: since } = wave;
  const stops = state === 'running' ? '' : `, ${state}`;
  return { brief: 'waits: wave', text: `waits for its turn in wave ${id} (${kind}${stops})`, since };
}

/** Nobody tells whether it runs: neither that it installs nor that it does not would be true. */
function ownScript(node: NodeState): Awaited | undefined {
  const { health, job, phase } = node;
  if (health.is !== 'ok' || job === undefined) return undefined;
  if (job.leavingAt !== undefined && notLeftYet(job)) {
    const text = `its ${isOwnScript(job) ? 'own' : 'wipe'} script goes out when our disk has the note of it`;
    return { brief: 'being noted', text, since: job.leavingAt };
  }
  const since = onlyScriptOutAt(node);
  if (since !== undefined) {
    const went = job.leftUnsure === true ? NEVER_LEFT : 'went out';
    const brief = job.leftUnsure === true ? 'script out?' : 'script out';
    return { brief, text: `its own script ${went}, and since then nothing was heard of it`, since };
  }
  const wipeAt = unsureWipeAt(job);
  if (wipeAt === undefined || !UNTIL_INSTALL.has(phase.is)) return undefined;
  return { brief: 'not wiped?', text: `its wipe ${NEVER_LEFT}; it counts as sent`, since: wipeAt };
}

const UNTIL_INSTALL: ReadonlySet<PhaseName> = new Set(['script', 'kernel', 'initrd', 'handoff', 'up', 'config']);

function underWay(node: NodeState, nowMs: TimeMs): Awaited | undefined {
  const { powerOrder, powerWaits } = node;
  const waits = { brief: 'BMC power', text: 'waits for its BMC to switch its power' };
  // To switch on cuts no boot, and is waited for all the same.
  const sent = powerWaits?.find(({ sentAt }) => sentAt !== undefined);
  if (sent?.sentAt !== undefined)
    return { ...waits, text: `power ${sent.action} by ${sent.by}, ${waits.text}`, since: sent.sentAt };
  if (powerOrder === undefined || powerOrder.doneAt !== undefined || powerOrder.lostAt !== undefined) return undefined;
  return cutReason(node, nowMs) === undefined ? undefined : { ...waits, since: powerOrder.askedAt };
}

/** What a person ordered and nothing was sent of yet. He looks for that before anything else that there is to tell. */
export function orderedOf(node: NodeState, { fleet }: Moment): Awaited | undefined {
  const waiting = powerWaiting(node);
  if (waiting === undefined) return undefined;
  const { action, by, at: since } = waiting;
  const step = bmcUnread(fleet, node) ? ': whose it is' : '';
  const word = action === 'forceOff' ? 'off' : action;
  return { brief: `${word} waits`, text: `power ${action} by ${by}, waits for its BMC${step}`, since };
}

/**
 * What comes before anything that the machine itself could be asked for: an order, or that it cannot be heard here. What
 * went wrong with it, or stopped, is told first: that does not pass when it is heard again.
 */
export const unheardOf = (node: NodeState, moment: Moment): Awaited | undefined =>
  orderedOf(node, moment) ?? (HAS_REASON.has(node.health.is) ? undefined : cutOff(node, moment));

const HAS_REASON: ReadonlySet<NodeState['health']['is']> = new Set(['stalled', 'failed', 'conflict']);

function cutOff(node: NodeState, { fleet }: Moment): Awaited | undefined {
  const cut = cutOffNow(fleet, node);
  if (cut === undefined) return undefined;
  const text = `waits for this host's network ${cut.subnet}: ${cut.why}`;
  return { brief: 'cut off here', text, since: cut.since };
}

/** An order that nobody knows the end of: told where the gate holds the script for it, which alone is a wait. */
function heldBoot(node: NodeState, { fleet, nowMs }: Moment): Awaited | undefined {
  const { powerOrder } = node;
  if (powerOrder?.lostAt === undefined || heldScript(fleet, node, nowMs) === undefined) return undefined;
  const { askedAt: since, lostWhy } = powerOrder;
  const why = lostWhy === undefined ? '' : `: ${lostWhy.replace(/\.$/, '')}`;
  const detail = `${lostText(node, powerOrder)}, asked ${renderSpan(nowMs - since)} ago, is not known to be done${why}`;
  const text = 'waits: its BMC may yet cut this boot';
  return { brief: 'may be cut', text, since, until: heldUntil(powerOrder), detail };
}

function lostText({ job }: NodeState, order: NonNullable<NodeState['powerOrder']>): string {
  if (order.action === undefined) return 'a power order';
  const whose = order.by === undefined ? (order.job === job?.id ? ` for its ${job?.kind}` : '') : ` by ${order.by}`;
  return `power ${order.action}${whose}`;
}

function armedStep(node: NodeState): Awaited | undefined {
  const { phase, job } = node;
  // What went wrong, or was lost with the program, is waited for no more.
  if (phase.is !== 'armed' || job === undefined || node.health.is !== 'ok' || node.ask !== undefined) return undefined;
  if (!job.stored) return { brief: 'being saved', text: 'waits until its arming is on disk', since: phase.since };
  if (job.resetFirst === true && job.resetUnsure !== true)
    return { brief: 'Talos reset', text: 'waits for Talos to reset itself', since: phase.since };
  const step = bmcStep(node);
  if (step === undefined) return undefined;
  const text = `waits for its BMC: ${step.text}`;
  return { brief: `BMC ${step.brief}`, text, since: answeredAt(node), orElse: BY_HAND };
}

/** `waits for its BMC: boot override, 22 s`, or nothing; what a person can do about it only where it takes long. */
export function awaitedText(node: NodeState, moment: Moment): string {
  const awaited = awaitedOf(node, moment);
  return awaited === undefined ? '' : textOf(awaited, moment.nowMs);
}

/** With what stands behind it. */
export function awaitedInFull(node: NodeState, moment: Moment): string {
  const awaited = awaitedOf(node, moment);
  if (awaited === undefined) return '';
  const { detail } = awaited;
  return `${textOf(awaited, moment.nowMs)}${detail === undefined ? '' : ` (${detail})`}`;
}

function textOf({ text, since, until, orElse }: Awaited, nowMs: TimeMs): string {
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

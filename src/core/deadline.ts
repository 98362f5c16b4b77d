import { isLeftAlone } from './attempt.ts';
import { awayText, isUnheard } from './away.ts';
import type { CauseCode } from './cause.ts';
import type { Effect } from './effect.ts';
import { expire, expiryAt } from './expire.ts';
import { UNASKED, withHealth } from './health.ts';
import { goTo } from './lifecycle/move.ts';
import { lookAtOrder, looksAt } from './lifecycle/order-used-up.ts';
import { bootedDisk, place } from './lifecycle/override-ignored.ts';
import { easeLoader, otherLoader } from './loader-stall.ts';
import type { NodeState } from './node.ts';
import { lacksOffer, mayLackOffer } from './offered-elsewhere.ts';
import { EARLY_PHASES, type PhaseName, type PhaseOf } from './phase.ts';
import {
  AFTER_ASKING,
  AFTER_BOOTSTRAP,
  AFTER_CONFIG,
  AFTER_KEXEC,
  AFTER_LOADER,
  AFTER_SIZE,
  BEFORE_POWER,
  BESIDE_JOB,
  LEFT_ALONE,
  LIMITS,
  type PhaseLimit,
  SENT_AWAY,
  UNSERVED,
  WITHOUT,
  WITHOUT_CONFIG,
  WITHOUT_INITRD,
  WITHOUT_KERNEL,
} from './phase-limits.ts';
import { refusedIn, silenceText, wantsInitrd } from './silence.ts';
import { SECOND_MS, type TimeMs } from './time.ts';
import { unansweredNow, unansweredText, waitsForNetwork } from './unanswered.ts';

/** Which limit holds now; it depends on what is known in the phase, not on the phase's name alone. */
export function limitOf(node: NodeState): PhaseLimit | undefined {
  const { phase, job, attempt } = node;
  if (unansweredText(node) !== undefined) return UNSERVED;
  switch (phase.is) {
    case 'powering':
      if (job === undefined) return undefined;
      return phase.poweredAt === undefined && node.spec.bmc !== undefined ? BEFORE_POWER : LIMITS.powering;
    case 'firmware':
      if (phase.first === true) return undefined;
      if (phase.asks < 3) return fellSilent(node, phase);
      if (phase.lacks !== undefined) return WITHOUT[phase.lacks.of];
      if (phase.offered === undefined) return isLeftAlone(node) ? LEFT_ALONE : undefined;
      return LIMITS.firmware;
    case 'requesting':
      return phase.lacks === undefined ? LIMITS.requesting : WITHOUT[phase.lacks.of];
    case 'ipxe':
      if (phase.first === true) return undefined;
      if (phase.lacks !== undefined) return WITHOUT[phase.lacks.of];
      if (phase.bootstrap === true) return AFTER_BOOTSTRAP;
      if (phase.address !== undefined) return LIMITS.ipxe;
      // In ROM it asks as firmware does, and may be left without an answer as that is.
      if ((phase.asks ?? 1) < 3) return fellSilent(node, phase);
      if (phase.offered !== undefined) return LIMITS.firmware;
      return isLeftAlone(node) ? LEFT_ALONE : undefined;
    case 'loader':
      if (phase.doneAt !== undefined) return AFTER_LOADER;
      return phase.sizeOnly === true ? AFTER_SIZE : LIMITS.loader;
    case 'script':
      // What a person is asked to do is a word about it already.
      if (phase.answer === 'local') return waitsForNetwork(node) && node.ask === undefined ? SENT_AWAY : undefined;
      // What an own script does is unknown: it need not fetch anything here.
      if (job !== undefined && job.plan.templateHash === undefined) return WITHOUT_KERNEL;
      return isUnreported(node) ? undefined : LIMITS.script;
    case 'handoff':
      return isUnreported(node) ? undefined : LIMITS.handoff;
    case 'up':
      return withoutAddress(node, phase) ?? (isUnreported(node) ? undefined : LIMITS.up);
    case 'kernel':
    case 'initrd':
      if (phase.totalBytes === 0 || phase.sentBytes < phase.totalBytes) return LIMITS[phase.is];
      if (phase.is === 'kernel' && wantsInitrd(node)) return WITHOUT_INITRD;
      return isUnreported(node) ? undefined : LIMITS.handoff;
    case 'config':
      if (isUnreported(node)) return undefined;
      if (phase.servedAt !== undefined) return AFTER_CONFIG;
      return attempt?.talosSpokeAt === undefined ? LIMITS.config : WITHOUT_CONFIG;
    case 'rebooting':
      // Wiped, and not installed yet: it is to boot from the network once more.
      if (phase.after === 'wipe' && job !== undefined) return LIMITS.powering;
      return phase.how === 'kexec' ? AFTER_KEXEC : LIMITS.rebooting;
    // A system that reports nothing to us is not late: only a job that waits for it makes it so.
    case 'diskBoot':
      return withoutAddress(node, phase) ?? (job === undefined ? undefined : LIMITS.diskBoot);
    case 'ready':
      return waitsForNetwork(node) ? BESIDE_JOB : undefined;
    case 'running':
      if (waitsForNetwork(node)) return BESIDE_JOB;
      return node.phaseFrom === 'probe' ? undefined : LIMITS.running;
    default:
      return LIMITS[phase.is];
  }
}

/** Nothing is wrong with a machine that goes on to its disk, unless a job waits for its network boot. */
function fellSilent(node: NodeState, { lacks, offered }: PhaseOf<'firmware' | 'ipxe'>): PhaseLimit | undefined {
  if (!waitsForNetwork(node)) return undefined;
  if (lacks !== undefined) return { ...AFTER_ASKING, code: WITHOUT[lacks.of].code };
  // Who is offered nothing is sent on by that.
  return offered === undefined ? undefined : AFTER_ASKING;
}

/**
 * A system that asks again and again and gets no address; of one that is waited for the first request counts. Which of its
 * NICs a system on its disk needs an address for nobody knows here: of one that is not waited for nothing is said.
 */
function withoutAddress({ job, attempt }: NodeState, phase: PhaseOf<'up' | 'diskBoot'>): PhaseLimit | undefined {
  const { lacks } = phase;
  if (lacks === undefined) return undefined;
  if (job === undefined && (phase.is === 'diskBoot' || lacks.asks < 3)) return undefined;
  if (phase.is === 'up' && attempt?.talosSpokeAt !== undefined) return undefined;
  return { ...WITHOUT[lacks.of], from: 'lack' };
}

/** A system that is not Talos tells us nothing: its silence is no fault. */
function isUnreported({ job, attempt, endedJobs }: NodeState): boolean {
  if (attempt?.answered === undefined) return false;
  if (job !== undefined) return job.plan.version === undefined;
  // A rescue runs on when its job has done its work.
  const last = endedJobs.at(-1);
  return attempt.answered === 'rescue' && last?.kind === 'rescue' && last.version === undefined;
}

const ASKING: ReadonlySet<PhaseName> = new Set(EARLY_PHASES);
const NEVER = Number.POSITIVE_INFINITY;

/** When the clock has to look at this node next; undefined when nothing can become late. */
export function dueAt(node: NodeState): TimeMs | undefined {
  // Once a second for every machine: thousands of short lists were milliseconds in which nobody was answered.
  const phaseDue = phaseDueAt(node) ?? looksAt(node) ?? NEVER;
  const due = Math.min(expiryAt(node) ?? NEVER, phaseDue, silentAt(node) ?? NEVER);
  return due === NEVER ? undefined : due;
}

/** The keepalive of the event sink takes 40 s to notice: 60 s of silence in all. */
const SILENT_AFTER_MS = 20 * SECOND_MS;

/** A system that was up, stopped answering its event stream, and gave no other sign of life since. */
function silentAt({ phase, attempt, seen, lostSightAt }: NodeState): TimeMs | undefined {
  const lostAt = attempt?.talosLostAt;
  if ((phase.is !== 'running' && phase.is !== 'ready') || lostAt === undefined) return undefined;
  return lostSightAt !== undefined || (seen.lastAt ?? 0) > lostAt ? undefined : lostAt + SILENT_AFTER_MS;
}

function fallSilent(node: NodeState, was: 'running' | 'ready', at: TimeMs): NodeState {
  return goTo(node, 'down', { why: 'silent', was }, at, 'assumed');
}

function phaseDueAt(node: NodeState): TimeMs | undefined {
  const { health, lostSightAt, phase } = node;
  if (health.is !== 'ok') return undefined;
  const limit = limitOf(node);
  // What runs and is not heard of any more is not known to be unready.
  if (limit === undefined || (lostSightAt !== undefined && limit.code === 'NOT_READY')) return undefined;
  // Nobody listened before that: its silence counts from there.
  return Math.max(countedFrom(node, limit), lostSightAt ?? phase.since) + limit.afterMs;
}

function countedFrom(node: NodeState, { from }: PhaseLimit): TimeMs {
  const { attempt, phase } = node;
  if (from === 'request') return unansweredNow(node)?.since ?? phase.since;
  if (from === 'lack' && (phase.is === 'up' || phase.is === 'diskBoot')) return phase.lacks?.since ?? phase.since;
  return from === 'movement' ? Math.max(attempt?.lastActivityAt ?? phase.since, phase.since) : phase.since;
}

/** Its phase is older than it may be by now, whatever became of it: who asked once or twice is awaited as well. */
export function isOverdue(node: NodeState, at: TimeMs): boolean {
  const limit = limitOf(node) ?? (ASKING.has(node.phase.is) ? LIMITS[node.phase.is] : undefined);
  return limit !== undefined && limit.afterMs > 0 && at - countedFrom(node, limit) > limit.afterMs;
}

/** What the passing of time does to one node: health, the end of an expired job, and remedies that destroy nothing. */
export function passTime(
  node: NodeState,
  at: TimeMs,
  startedAt: TimeMs = 0,
): { readonly node: NodeState; readonly effects: readonly Effect[] } {
  const expiry = expiryAt(node);
  if (expiry !== undefined && at >= expiry) {
    return expire(node, at);
  }
  const silent = silentAt(node);
  if (silent !== undefined && at >= silent && (node.phase.is === 'running' || node.phase.is === 'ready'))
    return { node: fallSilent(node, node.phase.is, at), effects: [] };
  const due = phaseDueAt(node);
  const limit = limitOf(node);
  if (due === undefined || limit === undefined || at < due) return lookAtOrder(node, at);
  const away = isUnheard(node, startedAt) ? awayText(startedAt, at) : '';
  if (limit.code === 'BOOTED_DISK') return bootedDisk(node, at, away);
  // What it asked while nobody listened may have been what is missed: no reason to give it something else.
  const remedied = away === '' ? remedy(node, limit.code) : node;
  return lookAtOrder(late(remedied, causeOf(node, limit), limit.turns, at, away), at);
}

function causeOf(node: NodeState, { code }: PhaseLimit): CauseCode {
  const { phase } = node;
  if (refusedIn(node) !== undefined && UNASKED.has(code)) return 'REQUEST_REFUSED';
  if (code === 'OFFER_IGNORED' && lacksOffer(node)) return 'NO_ADDRESS';
  if (phase.is !== 'requesting') return code;
  if (phase.rival !== undefined) return phase.isTwin === true ? 'OWN_ADDRESS' : 'RIVAL_PXE';
  return code === 'NO_LOADER' && phase.notServed !== undefined ? 'LOADER_NOT_SERVED' : code;
}

function late(node: NodeState, code: CauseCode, is: 'late' | 'stalled' | 'failed', at: TimeMs, away = ''): NodeState {
  const stalled = withHealth(node, { is, code, since: at, detail: `${silenceText(node, at)}${away}` });
  if (code === 'NO_PXE' || code === 'BMC_NO_POWER')
    return { ...stalled, ask: `power-cycle ${place(node)} and choose network boot (F12)` };
  return stalled;
}

/** The next boot of this machine gets another offer or another loader. Nothing on its disk is touched by that. */
function remedy(node: NodeState, code: CauseCode): NodeState {
  // For iPXE there is one offer alone: what firmware took before it is not what it does not take.
  const isVaried =
    (code === 'NO_LOADER' && refusedIn(node) === undefined) ||
    (code === 'OFFER_IGNORED' && node.phase.is === 'firmware' && (!lacksOffer(node) || mayLackOffer(node)));
  if (isVaried) return { ...node, offerVariant: node.offerVariant + 1 };
  if (code === 'IPXE_HANG') return { ...node, loaderVariant: node.loaderVariant + 1 };
  if (code === 'TFTP_STALL') return easeLoader(node);
  if (code === 'LOADER_SIZE_ONLY' && refusedIn(node) === undefined) return otherLoader(node);
  return node;
}

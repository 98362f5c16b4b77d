import { progressNow, progressText } from './boot-progress.ts';
import type { CauseCode } from './cause.ts';
import { erasedBefore } from './disk-doubt.ts';
import { spanText } from './host-clock.ts';
import type { Job } from './job.ts';
import { notServedText } from './lifecycle/not-served-row.ts';
import { imageText } from './lifecycle/transfer-rows.ts';
import { easedText } from './loader-stall.ts';
import type { NodeState } from './node.ts';
import { offerText } from './offered-elsewhere.ts';
import type { PhaseFacts, PhaseName, PhaseOf } from './phase.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';
import { unansweredNow } from './unanswered.ts';

const secondsOf = (ms: number): number => Math.round(ms / 1000);

/** What was seen last, and what has not come since: the few words that stand beside a machine that is late. */
export function silenceText(node: NodeState, at: TimeMs): string {
  const { phase } = node;
  const seconds = secondsOf(at - phase.since);
  const unanswered = unansweredNow(node)?.why;
  if (unanswered !== undefined) return unanswered;
  const lacks = 'lacks' in phase ? phase.lacks : undefined;
  const refused = refusedIn(node);
  if (refused !== undefined && lacks === undefined && !isInTransfer(node)) return refused;
  if (phase.is === 'requesting' && phase.rival !== undefined) return phase.rival;
  if (lacks !== undefined) return lacks.why;
  if (phase.is === 'requesting' && phase.notServed !== undefined) return notServedText(phase);
  const counted = asksText(node, at) ?? bytesText(node);
  if (counted !== undefined) return counted;
  if (phase.is === 'running') return phase.unmet.length > 0 ? `waits for ${phase.unmet.join(', ')}` : 'not ready';
  const told = phase.is === 'powering' ? progressNow(node) : undefined;
  if (phase.is === 'kernel' && wantsInitrd(node))
    return `kernel sent, no initramfs fetched for ${secondsOf(at - phase.movedAt)} s`;
  const since = afterConfig(node, at) ?? sentAway(node, at);
  if (since !== undefined) return since;
  return `${wordsFor(node)} for ${seconds} s${told === undefined ? '' : `; its BMC says: ${progressText(told.state)}`}`;
}

/** What it said told nothing of what came of it: then it is not silent. */
function afterConfig({ phase, attempt }: NodeState, at: TimeMs): string | undefined {
  if (phase.is !== 'config' || phase.servedAt === undefined) return undefined;
  const heardAt = attempt?.lastActivityAt ?? 0;
  if (heardAt <= phase.since) return undefined;
  return `configuration sent ${secondsOf(at - phase.since)} s ago, and no word of what came of it; last heard of ${secondsOf(at - heardAt)} s ago`;
}

/** Why it was not given what its job is for, in the words of the answer. */
function sentAway({ phase, attempt }: NodeState, at: TimeMs): string | undefined {
  if (phase.is !== 'script' || phase.answer !== 'local') return undefined;
  const heardAt = Math.max(attempt?.lastActivityAt ?? 0, phase.since);
  return `it was answered \`local\` (${phase.reason}), and is silent for ${secondsOf(at - heardAt)} s`;
}

/** The loader itself stopped: what else it asked is no reason. */
const isInTransfer = ({ phase }: NodeState): boolean =>
  phase.is === 'loader' && phase.doneAt === undefined && phase.sizeOnly === undefined;

/** Our script boots two images; a UKI is one, and what an own script does is unknown. */
export const wantsInitrd = ({ job }: NodeState): boolean =>
  job !== undefined && job.plan.initrd !== undefined && job.plan.templateHash === undefined && job.plan.uki !== true;

/** How far it came until its job expired, as its job was before that. */
export function expiredText(node: NodeState, at: TimeMs, unknown?: string): string {
  const { job, attempt } = node;
  if (job === undefined) return '';
  const minutes = Math.round((at - job.armedAt) / MINUTE_MS);
  const far = attempt?.job === job.id ? (backTooLate(node, job) ?? silenceText(node, at)) : undefined;
  const unseen = 'no network boot of it was seen';
  const erased = erasedBefore(node);
  if (unknown !== undefined) return `${unknown}: no job outlives what was confirmed; ${far ?? unseen}${erased}`;
  const asked = unansweredNow(node)?.why;
  if (asked !== undefined) return `${asked}: it got no answer${erased}`;
  return `${far ?? `in the ${minutes} minutes that it was armed ${unseen}`}${erased}${cutText(job, at)}`;
}

/** Where it would be armed yet. */
function cutText({ expiresAt, cutMs = 0 }: Job, at: TimeMs): string {
  if (at >= expiresAt + cutMs) return '';
  return `; it ended ${spanText(cutMs)} early, as the clock of this host was set forward, or this host stood still for so long`;
}

/** It was sent to its disk by that alone, before the clock had said so. */
function backTooLate({ phase }: NodeState, { expiresAt }: Job): string | undefined {
  if (phase.is !== 'script' || phase.answer !== 'local' || phase.since < expiresAt) return undefined;
  return `it came back for its next boot script ${secondsOf(phase.since - expiresAt)} s after that, and was sent to its disk`;
}

/** It came as far as here: to change what it is offered would mend nothing. */
export const refusedIn = ({ phase }: NodeState): string | undefined =>
  phase.is === 'requesting' || phase.is === 'loader' || phase.is === 'ipxe' ? phase.refused : undefined;

/** Of who asks for an address and takes none. */
function asksText(node: NodeState, at: TimeMs): string | undefined {
  const { phase, attempt } = node;
  const isInRom = phase.is === 'ipxe' && phase.address === undefined && phase.bootstrap === undefined;
  if (phase.is !== 'firmware' && !isInRom) return undefined;
  const before = phase.is === 'firmware' ? phase.before : undefined;
  const isSilent = (phase.asks ?? 1) < 3;
  const heardAt = Math.max(attempt?.lastActivityAt ?? 0, phase.since);
  const asks = (phase.asks ?? 1) + (before?.asks ?? 0);
  const seconds = secondsOf((isSilent ? heardAt : at) - (before?.since ?? phase.since));
  const asked = asks === 1 ? '1 request' : `${asks} requests in ${seconds} s`;
  const silent = isSilent ? `; silent for ${secondsOf(at - heardAt)} s` : '';
  return `${asked}, offered ${phase.offered ?? 'nothing'}${offerText(node)}${silent}`;
}

/** The same boot is given another offer. */
export function askedOn(
  { asks, before, since }: PhaseOf<'firmware'>,
  facts: PhaseFacts['firmware'],
): PhaseFacts['firmware'] {
  return { ...facts, before: { asks: asks + (before?.asks ?? 0), since: before?.since ?? since } };
}

const COUNTED: ReadonlySet<CauseCode> = new Set(['OFFER_IGNORED', 'NO_ADDRESS']);

/** It asks on after the clock gave up: what is counted is what was asked, and who asks is not silent. */
export function recounted(node: NodeState, at: TimeMs): NodeState {
  const { health } = node;
  if (health.is !== 'stalled') return node;
  if (health.code === 'STOPPED_ASKING') return { ...node, health: { is: 'ok' } };
  if (!COUNTED.has(health.code)) return node;
  const detail = asksText(node, at);
  return detail === undefined ? node : { ...node, health: { ...health, detail } };
}

function bytesText(node: NodeState): string | undefined {
  const { phase } = node;
  if (phase.is === 'loader' && phase.sizeOnly === true && phase.doneAt === undefined)
    return `it asked how large ${phase.file} is (${phase.totalBytes} bytes), and not for the file${easedText(node)}`;
  if (phase.is === 'loader')
    return isInTransfer(node)
      ? `${phase.file}: ${phase.sentBytes} of ${phase.totalBytes} bytes${easedText(node)}`
      : undefined;
  if (phase.is !== 'kernel' && phase.is !== 'initrd') return undefined;
  const isSent = phase.totalBytes > 0 && phase.sentBytes >= phase.totalBytes;
  return isSent ? undefined : imageText(phase);
}

function wordsFor(node: NodeState): string {
  const { phase, job, spec } = node;
  switch (phase.is) {
    case 'powering':
      return phase.poweredAt === undefined && spec.bmc !== undefined ? 'no change of power' : NO_REQUEST;
    case 'requesting':
      return `address taken${bootServerText(phase)}, no loader fetched`;
    case 'loader':
      return `${phase.file} sent, iPXE silent`;
    case 'ipxe':
      return phase.bootstrap === true ? '/boot.ipxe fetched, no script of its own' : 'address taken, no script fetched';
    case 'config':
      return phase.servedAt === undefined ? 'up, no configuration fetched' : 'configuration sent, nothing heard';
    case 'rebooting':
      return phase.after === 'wipe' && job !== undefined ? NO_REQUEST : 'restarted, not heard of';
    default:
      return WORDS[phase.is] ?? `in ${phase.is}`;
  }
}

/** UEFI takes its address beside a proxy and then asks on port 4011; which of the two it did not do tells where to look. */
function bootServerText({ bootFile, port4011 }: PhaseOf<'requesting'>): string {
  if (port4011 === undefined) return '';
  if (!port4011) return ', nothing that we answer came to port 4011';
  return bootFile === undefined ? ', no boot file for it on port 4011' : ', answered on port 4011';
}

const NO_REQUEST = 'no network boot request';
const HANDED_OVER = 'images sent, kernel silent';

const WORDS: { readonly [P in PhaseName]?: string } = {
  script: 'script sent, no kernel fetched',
  kernel: HANDED_OVER,
  initrd: HANDED_OVER,
  handoff: HANDED_OVER,
  halted: 'halted',
  up: 'up, no configuration fetched',
  wiping: 'wiping',
  installing: 'installing',
  installed: 'installed, not heard of',
  diskBoot: 'booted its disk, not RUNNING',
};

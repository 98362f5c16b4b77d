import { progressNow, progressText } from './boot-progress.ts';
import type { CauseCode } from './cause.ts';
import { notServedText } from './lifecycle/not-served-row.ts';
import { imageText } from './lifecycle/transfer-rows.ts';
import { easedText } from './loader-stall.ts';
import type { NodeState } from './node.ts';
import { offerText } from './offered-elsewhere.ts';
import type { PhaseFacts, PhaseName, PhaseOf } from './phase.ts';
import type { TimeMs } from './time.ts';

/** What was seen last, and what has not come since: the few words that stand beside a machine that is late. */
export function silenceText(node: NodeState, at: TimeMs): string {
  const { phase } = node;
  const seconds = Math.round((at - phase.since) / 1000);
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
  return `${wordsFor(node)} for ${seconds} s${told === undefined ? '' : `; its BMC says: ${progressText(told.state)}`}`;
}

/** The loader itself stopped: what else it asked is no reason. */
const isInTransfer = ({ phase }: NodeState): boolean => phase.is === 'loader' && phase.doneAt === undefined;

/** It came as far as here: to change what it is offered would mend nothing. */
export const refusedIn = ({ phase }: NodeState): string | undefined =>
  phase.is === 'requesting' || phase.is === 'loader' || phase.is === 'ipxe' ? phase.refused : undefined;

/** Of who asks for an address and takes none. */
function asksText(node: NodeState, at: TimeMs): string | undefined {
  const { phase } = node;
  if (phase.is !== 'firmware' && !(phase.is === 'ipxe' && phase.address === undefined)) return undefined;
  const before = phase.is === 'firmware' ? phase.before : undefined;
  const seconds = Math.round((at - (before?.since ?? phase.since)) / 1000);
  const asks = (phase.asks ?? 1) + (before?.asks ?? 0);
  return `${asks} requests in ${seconds} s, offered ${phase.offered ?? 'nothing'}${offerText(node)}`;
}

/** The same boot is given another offer. */
export function askedOn(
  { asks, before, since }: PhaseOf<'firmware'>,
  facts: PhaseFacts['firmware'],
): PhaseFacts['firmware'] {
  return { ...facts, before: { asks: asks + (before?.asks ?? 0), since: before?.since ?? since } };
}

const COUNTED: ReadonlySet<CauseCode> = new Set(['OFFER_IGNORED', 'NO_ADDRESS']);

/** It asks on after the clock gave up: what is counted is what was asked. */
export function recounted(node: NodeState, at: TimeMs): NodeState {
  const { health } = node;
  if (health.is !== 'stalled' || !COUNTED.has(health.code)) return node;
  const detail = asksText(node, at);
  return detail === undefined ? node : { ...node, health: { ...health, detail } };
}

function bytesText(node: NodeState): string | undefined {
  const { phase } = node;
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
  ipxe: 'address taken, no script fetched',
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

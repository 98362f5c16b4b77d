import type { CauseCode } from './cause.ts';
import type { Health, NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import type { TimeMs } from './time.ts';
import { unansweredText } from './unanswered.ts';

/** A conflict is lifted by a person alone: a later fault must not hide it, or the gate would open again. */
export function withHealth(node: NodeState, health: Health): NodeState {
  return node.health.is === 'conflict' ? node : { ...node, health };
}

export type InstallFailure = Health & { readonly code: 'INSTALL_FAILED' | 'DISK_MISSING' };

/** The installer began and could not do it. */
export const isInstallFailure = (health: Health): health is InstallFailure =>
  health.is === 'failed' && (health.code === 'INSTALL_FAILED' || health.code === 'DISK_MISSING');

/** Each says that nothing was asked: a request that was refused makes it untrue. */
export const UNASKED: ReadonlySet<CauseCode> = new Set([
  'STOPPED_ASKING',
  'NO_LOADER',
  'LOADER_SIZE_ONLY',
  'IPXE_HANG',
  'SCRIPT_NO_FETCH',
  'BOOTSTRAP_ONLY',
]);

const BY_NETWORK: ReadonlySet<PhaseName> = new Set(['firmware', 'requesting', 'loader', 'ipxe', 'script']);
const PAST_CONFIG: ReadonlySet<PhaseName> = new Set(['maintenance', 'installing', 'installed', 'running', 'ready']);

const FROM_DISK: ReadonlySet<PhaseName> = new Set(['diskBoot', 'running', 'ready']);

/** Some failures are disproved by what the machine does next; all others stay until an operator has looked. */
export function isCured(health: Health, phase: PhaseName): boolean {
  if (health.is === 'late' || health.is === 'stalled') return true;
  if (health.is !== 'failed') return false;
  switch (health.code) {
    // A person chose network boot at the machine: what the BMC could not do has happened.
    case 'BMC_UNREACHABLE':
    case 'BMC_REFUSED':
    case 'BMC_CREDENTIALS':
    case 'BMC_PIN':
    case 'BMC_TLS':
    case 'BMC_SESSIONS':
    case 'BMC_BUSY':
    case 'NO_MEDIUM':
    case 'BMC_NO_POWER':
    case 'BMC_OVERRIDE_IGNORED':
    case 'BOOTED_DISK':
      return BY_NETWORK.has(phase);
    case 'CONFIG_BAD':
      return PAST_CONFIG.has(phase);
    case 'DISK_BOOT_MISSED':
      return FROM_DISK.has(phase);
    // The unattended installer of Talos 1.14 tries again by itself.
    case 'INSTALL_FAILED':
    case 'DISK_MISSING':
      return phase === 'installed';
    default:
      return false;
  }
}

/** They say that it did not ask for a network boot. */
const SAW_NONE: ReadonlySet<CauseCode> = new Set(['NO_PXE', 'BOOTED_DISK', 'BMC_OVERRIDE_IGNORED', 'UNSERVED_NETWORK']);

/** A request that comes at last makes it untrue, wherever it comes from; what a BMC could not do, a person has done. */
export function sawNoRequest(health: Health): boolean {
  if (health.is === 'ok') return false;
  return SAW_NONE.has(health.code) || (health.is === 'failed' && isCured(health, 'firmware'));
}

const KEPT_FROM_ITS_JOB: ReadonlySet<CauseCode> = new Set(['IDENTITY_UNSURE', 'SENT_TO_DISK', 'PLAN_CHANGED']);

const WAITED_FOR_US: ReadonlySet<CauseCode> = new Set(['NOT_NOTED', 'NOT_ASKED_AGAIN']);

/** What kept it is over here. That it still asks is for it to show; where it does not, no fault of our disk is to be told. */
export function notAskedAgain(node: NodeState, over: string, at: TimeMs): NodeState {
  const { health } = node;
  if (health.is !== 'stalled' || health.code !== 'NOT_NOTED') return node;
  const detail = `${over}, and it has not asked since: where it does not go on by itself, retry it or power-cycle it`;
  return { ...node, health: { is: 'stalled', code: 'NOT_ASKED_AGAIN', since: at, detail } };
}

/** Armed, it was sent to its disk: it got what its job is for since, or nothing waits for it any more. */
export function noLongerKept(node: NodeState): NodeState {
  const { health } = node;
  const wasKept =
    health.is === 'failed'
      ? KEPT_FROM_ITS_JOB.has(health.code)
      : health.is === 'stalled' && WAITED_FOR_US.has(health.code);
  return wasKept ? { ...node, health: { is: 'ok' } } : node;
}

/** With these every network boot ends at the disk, or nowhere, until a person has mended the cause, or taken it back. */
const IN_VAIN: ReadonlySet<CauseCode> = new Set([
  ...KEPT_FROM_ITS_JOB,
  'IDENTITY_CONFLICT',
  'LOOP',
  'NOT_NOTED',
  'UNSERVED_NETWORK',
]);

/** What a person is asked to do at the machine; nothing where he would do it in vain: then its cause is what he needs. */
export const askOf = (node: NodeState): string | undefined =>
  ('code' in node.health && IN_VAIN.has(node.health.code)) || unansweredText(node) !== undefined ? undefined : node.ask;

/** Why what would be served to it now is not what was confirmed, where that was told. */
export const toldDifference = ({ health }: NodeState): string | undefined =>
  health.is === 'failed' && health.code === 'PLAN_CHANGED' ? health.detail : undefined;

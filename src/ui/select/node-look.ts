import { progressNow, progressText } from '../../core/boot-progress.ts';
import type { CauseCode } from '../../core/cause.ts';
import { disarmedText } from '../../core/disarmed.ts';
import { diskDoubtText } from '../../core/disk-doubt.ts';
import { openDrift } from '../../core/drift.ts';
import { shownAddress } from '../../core/lease.ts';
import type { NodeState } from '../../core/node.ts';
import type { Lack, PhaseName } from '../../core/phase.ts';
import { unansweredText } from '../../core/unanswered.ts';
import type { Tone } from '../terminal/theme.ts';
import { awaitedOf, type Moment } from './awaited.ts';

/** How a state looks: sign, word and tone, and one character for the heat map. Distinct without colour. */
export interface Look {
  /** Sign and four letters: `=RDY`, ` INST`, `!FAIL`. */
  readonly word: string;
  readonly tone: Tone;
  readonly heat: string;
  readonly group: Group;
}

export type Group = 'ready' | 'install' | 'boot' | 'stalled' | 'failed' | 'off' | 'idle' | 'armed' | 'hold';

const look = (word: string, tone: Tone, heat: string, group: Group): Look => ({ word, tone, heat, group });

const PHASE_LOOKS: { readonly [P in PhaseName]: Look } = {
  idle: look(' IDLE', 'dim', '-', 'idle'),
  armed: look('+ARM', 'wait', 'a', 'armed'),
  powering: look(' POWR', 'wait', 'p', 'boot'),
  firmware: look(' DHCP', 'wait', 'd', 'boot'),
  requesting: look(' DHCP', 'wait', 'd', 'boot'),
  loader: look(' LOAD', 'wait', 't', 'boot'),
  ipxe: look(' IPXE', 'wait', 'x', 'boot'),
  script: look(' SCRP', 'wait', 'x', 'boot'),
  kernel: look(' KERN', 'busy', 'k', 'boot'),
  initrd: look(' INRD', 'busy', 'k', 'boot'),
  handoff: look(' HAND', 'busy', 'k', 'boot'),
  up: look(' UP', 'busy', 'u', 'boot'),
  config: look(' CONF', 'busy', 'u', 'boot'),
  maintenance: look('=MNT', 'busy', 'm', 'boot'),
  halted: look('?HALT', 'warn', '?', 'stalled'),
  wiping: look(' WIPE', 'busy', 'w', 'install'),
  installing: look(' INST', 'busy', 'i', 'install'),
  installed: look(' INSD', 'busy', 'i', 'install'),
  rebooting: look(' REBT', 'busy', 'r', 'install'),
  diskBoot: look(' DISK', 'busy', 'b', 'install'),
  running: look('=RUN', 'ready', 'R', 'ready'),
  ready: look('=RDY', 'ready', '=', 'ready'),
  down: look(' OFF', 'off', '.', 'off'),
};

const FAILED = look('!FAIL', 'bad', '!', 'failed');
const CONFLICT = look('!IDNT', 'bad', '!', 'failed');
const STALLED = look('?STAL', 'warn', '?', 'stalled');
const LATE = look('?LATE', 'warn', '?', 'stalled');
const LOST = look('?LOST', 'warn', '?', 'stalled');
/** Runs from memory after its job: it waits for whoever asked for that, and its next boot is its disk's. */
const MAINTENANCE = look('=MNT', 'wait', 'm', 'idle');
const RESCUE = look('=RAM', 'wait', 'm', 'idle');
const HOLD = look('#HOLD', 'warn', '#', 'hold');
const SILENT = look('?SLNT', 'warn', '?', 'stalled');

/** Every one of them: help explains their words. */
export const LOOKS: readonly Look[] = [
  ...Object.values(PHASE_LOOKS),
  ...[FAILED, CONFLICT, STALLED, LATE, LOST, MAINTENANCE, RESCUE, HOLD, SILENT],
];

export function lookOf(node: NodeState): Look {
  if (node.health.is === 'conflict') return CONFLICT;
  if (node.health.is === 'failed') return FAILED;
  if (node.intent.is === 'hold') return HOLD;
  if (node.health.is === 'stalled') return node.phase.is === 'halted' ? PHASE_LOOKS.halted : STALLED;
  if (node.health.is === 'late') return LATE;
  if (node.lostSightAt !== undefined) return LOST;
  if (node.phase.is === 'down' && node.phase.why === 'silent') return SILENT;
  const inMemory = memoryOf(node);
  if (inMemory !== undefined) return node.phase.is === 'maintenance' ? MAINTENANCE : RESCUE;
  const look = PHASE_LOOKS[node.phase.is];
  return node.phase.is === 'diskBoot' || node.phase.is === 'rebooting' ? { ...look, group: restartOf(node) } : look;
}

/** Who restarts or boots its disk installs only where an install is what that belongs to. */
function restartOf({ attempt, job, phase }: NodeState): Group {
  if (job !== undefined) {
    const begun = phase.is === 'rebooting' || job.spentAt !== undefined || attempt?.answered === 'install';
    return begun ? 'install' : 'armed';
  }
  // A system that does not report to us boots for ever, by all that is seen of it.
  return phase.is === 'rebooting' || attempt?.talosSpokeAt !== undefined ? 'boot' : 'idle';
}

/** What a job left running in memory; the job is over, and nothing more comes by itself. */
export function memoryOf({ phase, job, attempt }: NodeState): 'rescue' | 'inspected' | undefined {
  if (job !== undefined || (phase.is !== 'maintenance' && phase.is !== 'up')) return undefined;
  if (attempt?.answered === 'rescue') return 'rescue';
  return attempt?.answered === 'inspect' && phase.is === 'maintenance' ? 'inspected' : undefined;
}

/** Wants a person: what `n` jumps to and the list of problems holds. */
export function isProblem(node: NodeState): boolean {
  return node.health.is !== 'ok' || node.lostSightAt !== undefined || node.ask !== undefined;
}

export const NOT_HEARD_OF = 'not heard of since the program restarted';

/** Its fault, or else that nothing was heard of it since a restart. */
export function causeNow({ health, lostSightAt }: NodeState): CauseCode | undefined {
  if (health.is !== 'ok') return health.code;
  return lostSightAt === undefined ? undefined : 'LOST_SIGHT';
}

/** The one line that says why: detail of the fault, or what a person is asked to do. */
export function reasonOf(node: NodeState): string {
  const doubt = diskDoubtText(node);
  if (node.health.is !== 'ok') return told(node.health.detail, doubt);
  if (node.intent.is === 'hold') return told(node.intent.why, doubt);
  const asked = unansweredText(node) ?? node.ask;
  if (asked !== undefined) return asked;
  if (node.lostSightAt !== undefined) return told(NOT_HEARD_OF, doubt);
  return told(disarmedText(node), doubt);
}

const told = (...all: readonly (string | undefined)[]): string =>
  all.filter((one) => one !== undefined && one !== '').join('; ');

/** Since when it is as it looks: the fault, the hold, or the phase. */
export function sinceOf(node: NodeState): number {
  if (node.health.is !== 'ok') return node.health.since;
  if (node.intent.is === 'hold') return node.intent.since;
  return node.lostSightAt ?? node.phase.since;
}

/** Of a machine that is off and was never heard it is known that it is off, and not since when. */
export const isAgeKnown = (node: NodeState): boolean => lookOf(node).group !== 'off' || node.seen.lastAt !== undefined;

/** 0 to 100 where something can be counted. What failed is no part of the way done: `100 %` beside FAILED says two things. */
export function percentOf(node: NodeState): number | undefined {
  const { phase, health } = node;
  if (health.is === 'failed' || health.is === 'conflict') return undefined;
  if (phase.is === 'kernel' || phase.is === 'initrd' || phase.is === 'loader') {
    return phase.totalBytes > 0 ? Math.min(100, Math.floor((phase.sentBytes / phase.totalBytes) * 100)) : undefined;
  }
  return phase.is === 'installing' && phase.percent !== undefined ? Math.floor(phase.percent) : undefined;
}

/** A few words on what is going on, where no bar can be drawn. */
export function stepOf(node: NodeState, moment: Moment): string {
  const { phase } = node;
  const awaited = awaitedOf(node, moment);
  if (awaited !== undefined) return awaited.brief;
  if (unansweredText(node) !== undefined) return 'not served here';
  switch (phase.is) {
    case 'firmware':
      if (phase.lacks !== undefined) return LACKS[phase.lacks.of];
      return phase.offered === undefined ? 'asks, no answer' : 'offer sent';
    case 'requesting':
      return 'took address';
    case 'loader':
      return phase.file;
    case 'powering':
      return poweringText(node, phase.poweredAt);
    case 'script':
      return `told: ${phase.answer}`;
    case 'installing':
      return phase.step ?? 'installing';
    case 'rebooting':
      return phase.how === 'kexec' ? 'kexec' : 'through firmware';
    case 'running':
      return phase.unmet.length > 0 ? `waits: ${phase.unmet.join(', ')}` : '';
    case 'armed':
      return node.job === undefined ? '' : node.job.kind;
    case 'up':
    case 'maintenance':
      if (phase.is === 'up' && phase.lacks !== undefined) return LACKS[phase.lacks.of];
      return { rescue: 'rescue system', inspected: 'inspected', none: '' }[memoryOf(node) ?? 'none'];
    case 'ipxe':
    case 'kernel':
    case 'initrd':
    case 'handoff':
    case 'config':
    case 'halted':
    case 'wiping':
    case 'installed':
    case 'ready':
    case 'down':
    case 'idle':
      return '';
    case 'diskBoot':
      return phase.lacks === undefined ? '' : LACKS[phase.lacks.of];
  }
}

const LACKS: { readonly [L in Lack['of']]: string } = {
  address: 'no free address',
  loader: 'no loader for it',
  turn: 'not our turn',
};

/** Where its BMC tells how far POST is, that says more than that we wait. */
function poweringText(node: NodeState, poweredAt: number | undefined): string {
  const told = progressNow(node);
  if (told !== undefined) return progressText(told.state);
  return poweredAt === undefined ? 'asking the BMC' : 'on, waiting';
}

/** `~2 differ`: of a machine that runs and has nothing else to tell. */
export function driftText(node: NodeState): string {
  const open = openDrift(node);
  return open.length === 0 ? '' : `~${open.length} ${open.length === 1 ? 'differs' : 'differ'}`;
}

/** The rack of machines whose file names none. */
export const NOWHERE = '-';

export const rackOf = (node: NodeState): string => node.spec.place.rack ?? NOWHERE;

export function addressOf(node: NodeState): string {
  return shownAddress(node) ?? '';
}

export function imageOf(node: NodeState): string {
  return node.job?.plan.version ?? node.seen.talosVersion ?? node.spec.talos.version ?? '';
}

import { openAttempt } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { BEFORE_SCRIPT_PHASES, DISK_PHASES, IMAGE_PHASES, NETWORK_PHASES } from '../phase.ts';
import { heardOtherSince } from '../reported.ts';
import { either, goTo, ignore, ignored, on, type Row, type Step, stays, step } from './move.ts';
import {
  afterReboot,
  beforeUp,
  halted,
  heard,
  installed,
  installing,
  isReplay,
  spentLate,
  spoke,
  wiping,
} from './talos-steps.ts';

/** Sequences of Talos and their phases, by the event sink. */

const sequenceStarted: Row<'talos.sequenceStarted'> = {
  ...on(BEFORE_SCRIPT_PHASES, ignored),
  ...on(['script', ...IMAGE_PHASES, ...NETWORK_PHASES] as const, heard),
  rebooting: either('stays | -> diskBoot by the sequence boot', (node, event) =>
    event.sequence === 'boot' ? afterReboot(node, event) : step(node),
  ),
  diskBoot: heard,
  // A reset that nobody announced: the BMC tells of it later, or another hand did it.
  ...on(
    ['running', 'ready'] as const,
    either('stays | -> diskBoot (new attempt) by initialize after its stream ended', startedAgain),
  ),
};

/**
 * Reports of this very boot may come late, after its log or its API said that it is ready, and after the stream of the
 * boot before it ended: they begin like those of a new one. A boot is new when the one before it had its say.
 */
function hadItsSay({ attempt, reported }: NodeState, { told }: EventOf<'talos.sequenceStarted'>): boolean {
  if (attempt === undefined || told === undefined) return true;
  const left = attempt.way.findLast(({ phase }) => phase === 'rebooting')?.at ?? attempt.openedAt;
  return heardOtherSince(reported, told, left);
}

function startedAgain(node: NodeState, event: EventOf<'talos.sequenceStarted'>): Step {
  if (event.sequence !== 'initialize' || node.attempt?.talosGoneAt === undefined || !hadItsSay(node, event))
    return step(spoke(node, event.time));
  const opened = { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase };
  return step(spoke(goTo(opened, 'diskBoot', { askedAgain: 0 }, event.time, 'node'), event.time));
}

/** Talos names its phases; a few of them are the life of the machine. */
function phaseOnNetwork(node: NodeState, event: EventOf<'talos.phaseStarted'>): Step {
  const told = spoke(node, event.time);
  switch (event.phase) {
    case 'haltIfInstalled':
      return isReplay(told) ? step(told) : halted(told, event.time);
    case 'wipeDisks':
      return isReplay(told) ? step(told) : wiping(told, event.time);
    case 'install':
      return told.phase.is === 'installed' ? step(told) : installing(told, { step: 'install' }, event.time);
    // 1.14 with UnattendedInstallConfig: `boot` waits here while the installer works beside it.
    case 'diskSizeCheck':
      return told.attempt?.answered === 'install' && told.phase.is !== 'installed' && event.sequence !== 'reboot'
        ? installing(told, { step: 'install' }, event.time)
        : step(told);
    case 'config':
      return told.phase.is === 'up' || beforeUp(told) ? step(goTo(told, 'config', {}, event.time, 'node')) : step(told);
    case 'kexec':
    case 'reboot':
      return told.phase.is === 'installing' && told.health.is !== 'failed' ? installed(told, event.time) : step(told);
    default:
      return step(beforeUp(told) ? goTo(told, 'up', { by: 'node' }, event.time, 'node') : told);
  }
}

const phaseLate = (node: NodeState, event: EventOf<'talos.phaseStarted'>) =>
  event.phase === 'install' ? spentLate(node, event.time) : node;

const phaseStarted: Row<'talos.phaseStarted'> = {
  ...on(
    BEFORE_SCRIPT_PHASES,
    either('ignored; an install spends the job', (node: NodeState, event: EventOf<'talos.phaseStarted'>) =>
      step(phaseLate(ignore(node, event), event)),
    ),
  ),
  ...on(
    ['script', ...IMAGE_PHASES] as const,
    either('-> up | config | halted | wiping | installing, by its name | stays', phaseOnNetwork),
  ),
  up: either('-> config | halted | wiping | installing, by its name | stays', phaseOnNetwork),
  ...on(
    ['config', 'maintenance', 'halted', 'wiping'] as const,
    either('-> halted | wiping | installing, by its name | stays', phaseOnNetwork),
  ),
  installing: either('-> installed by kexec or reboot | stays', phaseOnNetwork),
  installed: either('stays', phaseOnNetwork),
  ...on(
    DISK_PHASES,
    stays((node: NodeState, event: EventOf<'talos.phaseStarted'>) => phaseLate(spoke(node, event.time), event)),
  ),
};

export const talosSequenceRows = {
  'talos.sequenceStarted': sequenceStarted,
  'talos.phaseStarted': phaseStarted,
} as const;

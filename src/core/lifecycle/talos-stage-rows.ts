import { openAttempt } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { BEFORE_SCRIPT_PHASES, BOOTING_PHASES, DISK_PHASES, EARLY_PHASES, IMAGE_PHASES } from '../phase.ts';
import { either, goTo, ignore, noted, on, type Row, type Step, step } from './move.ts';
import {
  beforeUp,
  halted,
  installing,
  isReplay,
  maintenance,
  restarting,
  running,
  spentLate,
  spoke,
} from './talos-steps.ts';

/** The stage that Talos reports of the whole machine, and where it goes no further by itself. */

const stageLate = (node: NodeState, event: EventOf<'talos.stageChanged'>) =>
  event.stage === 'installing' ? spentLate(node, event.time) : node;

function stageChanged(node: NodeState, event: EventOf<'talos.stageChanged'>): Step {
  const told = spoke(node, event.time);
  switch (event.stage) {
    case 'running':
      return running(told, event.ready, event.unmet, event.time, 'node');
    case 'installing':
      return told.phase.is === 'installed' ? step(told) : installing(told, {}, event.time);
    case 'maintenance':
      return isReplay(told) || told.phase.is === 'halted' || told.phase.is === 'wiping'
        ? step(told)
        : maintenance(told, event.time);
    case 'rebooting':
      return restarting(told, 'unknown', event.time);
    default:
      return step(beforeUp(told) ? goTo(told, 'up', { by: 'node' }, event.time, 'node') : told);
  }
}

function stageOnDisk(node: NodeState, event: EventOf<'talos.stageChanged'>): Step {
  if (event.stage === 'running') return running(spoke(node, event.time), event.ready, event.unmet, event.time, 'node');
  if (event.stage === 'rebooting' && node.phase.is !== 'rebooting')
    return restarting(spoke(node, event.time), 'unknown', event.time);
  if (event.stage === 'booting' && node.phase.is === 'rebooting' && node.phase.after !== 'wipe') {
    return step(spoke(goTo(node, 'diskBoot', { askedAgain: 0 }, event.time, 'node'), event.time));
  }
  if (event.stage === 'maintenance' && node.phase.is !== 'rebooting')
    return maintenance(spoke(node, event.time), event.time);
  return step(stageLate(spoke(node, event.time), event));
}

/** Switched off for its job: a system that comes up connects first, so this was still on its way from the one before. */
const isLastWord = ({ job, phase }: NodeState): boolean =>
  job !== undefined && job.spentAt === undefined && phase.is === 'down' && phase.why === 'off';

const stageRow: Row<'talos.stageChanged'> = {
  ...on(
    ['armed', 'powering', ...EARLY_PHASES] as const,
    either('ignored; an install spends the job', (node: NodeState, event: EventOf<'talos.stageChanged'>) =>
      step(stageLate(ignore(node, event), event)),
    ),
  ),
  ...on(
    ['idle', 'down'] as const,
    either('stays | -> running | ready (new attempt)', (node: NodeState, event: EventOf<'talos.stageChanged'>) =>
      event.stage === 'running' && !isLastWord(node)
        ? running(
            spoke({ ...openAttempt(node, event.time, 'replaced'), phase: node.phase }, event.time),
            event.ready,
            event.unmet,
            event.time,
            'node',
          )
        : step(stageLate(node, event)),
    ),
  ),
  ...on(IMAGE_PHASES, either('-> up | installing | maintenance | rebooting | running | ready, by stage', stageChanged)),
  script: either('-> up | installing | maintenance | rebooting | running | ready, by stage | stays', stageChanged),
  ...on(
    ['up', 'config', 'maintenance'] as const,
    either('-> installing | maintenance | rebooting | running | ready, by stage | stays', stageChanged),
  ),
  installing: either('-> rebooting | running | ready, by stage | stays', stageChanged),
  installed: either('-> rebooting | running | ready, by stage | stays', stageChanged),
  ...on(
    ['halted', 'wiping'] as const,
    either('-> installing | rebooting | running | ready, by stage | stays', stageChanged),
  ),
  rebooting: either('-> running | ready | diskBoot, by stage | stays', stageOnDisk),
  ...on(
    ['diskBoot', 'running', 'ready'] as const,
    either('-> running | ready | rebooting | maintenance, by stage | stays', stageOnDisk),
  ),
};

const maintenanceEntered: Row<'talos.maintenanceEntered'> = {
  ...on([...BEFORE_SCRIPT_PHASES, 'halted', 'wiping', 'installing', 'installed', ...DISK_PHASES] as const, noted),
  ...on(
    BOOTING_PHASES,
    either('-> maintenance', (node: NodeState, event: EventOf<'talos.maintenanceEntered'>) =>
      maintenance(spoke(node, event.time), event.time),
    ),
  ),
};

const haltedRow: Row<'talos.halted'> = {
  ...on([...BEFORE_SCRIPT_PHASES, 'wiping', 'installing', 'installed', ...DISK_PHASES] as const, noted),
  ...on(
    [...BOOTING_PHASES, 'halted'] as const,
    either('-> halted', (node: NodeState, event: EventOf<'talos.halted'>) =>
      halted(spoke(node, event.time), event.time),
    ),
  ),
};

export const talosStageRows = {
  'talos.stageChanged': stageRow,
  'talos.maintenanceEntered': maintenanceEntered,
  'talos.halted': haltedRow,
} as const;

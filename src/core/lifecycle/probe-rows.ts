import { spentUnseen } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { BEFORE_SCRIPT_PHASES, EARLY_PHASES, IMAGE_PHASES } from '../phase.ts';
import { LIMITS } from '../phase-limits.ts';
import { noLongerWithout } from '../without-address.ts';
import { either, goTo, noted, on, type Row, type Step, stays, step } from './move.ts';
import { inMaintenance, running, speaksAgain, spokeFromDisk } from './talos-steps.ts';

/** TCP 50000 of the node, tried by us: the tail of the story where Talos reports nothing by itself. */

type Opened = EventOf<'probe.opened'>;

function openedOnNetwork(node: NodeState, event: Opened): Step {
  if (event.certificate !== 'maintenance') return step(noLongerWithout(node, event.time, true));
  const there = goTo(node, 'maintenance', { api: true }, event.time, 'probe');
  return inMaintenance(there, event.address, event.time);
}

function openedFromDisk(node: NodeState, event: Opened): Step {
  if (event.certificate !== 'cluster') return openedOnNetwork(node, event);
  // After a wipe there is no system on the disk: this is still the old boot, or another machine.
  if (node.phase.is === 'rebooting' && node.phase.after === 'wipe') return step(node);
  return running(node, false, ['it does not report; its API answers'], event.time, 'probe');
}

/**
 * No report, and its API has the certificate of its cluster: the configuration was taken, so the install began. That it
 * runs from its disk is believed only after the port was closed, or when no install takes that long any more.
 */
function openedUnreported(node: NodeIn<'config'>, event: Opened): Step {
  const job =
    event.certificate === 'cluster' ? (spentUnseen(node.job, node.attempt, event.time) ?? node.job) : undefined;
  if (job?.spentAt === undefined || node.attempt?.talosSpokeAt !== undefined) return openedOnNetwork(node, event);
  const spent: NodeState = { ...node, job };
  const servedAt = node.phase.servedAt ?? event.time;
  return event.time - servedAt < (LIMITS.installing?.afterMs ?? 0) ? step(spent) : openedFromDisk(spent, event);
}

const opened: Row<'probe.opened'> = {
  ...on(['idle', 'armed', 'maintenance', 'halted', 'wiping', 'running', 'ready'] as const, noted),
  down: either(
    'stays | -> ready | -> running, as it was before it fell silent',
    (node, event) =>
      (event.certificate === 'cluster' ? speaksAgain(node, event.time, 'probe') : undefined) ?? step(node),
  ),
  powering: either('-> diskBoot | stays with a job (override ignored)', (node, event) =>
    spokeFromDisk(node, event.time),
  ),
  ...on(
    EARLY_PHASES,
    either('-> diskBoot (fell through to the disk)', (node: NodeState, event: Opened) =>
      spokeFromDisk(node, event.time),
    ),
  ),
  script: either('answered local: -> running | maintenance | stays', (node, event) =>
    node.phase.answer === 'local' ? openedFromDisk(node, event) : step(node),
  ),
  ...on([...IMAGE_PHASES, 'up'] as const, either('-> maintenance by its certificate | stays', openedOnNetwork)),
  config: either(
    '-> maintenance by its certificate | -> running after 15 min without report | stays',
    openedUnreported,
  ),
  // From 1.13 the API of a control plane opens under its own CA while it still installs: no proof of a disk boot.
  installing: noted,
  // Without an event sink nobody tells of the reboot, and a short one falls between two knocks.
  installed: either('stays | -> running by its certificate, where no event sink reports', (node, event) =>
    event.certificate === 'cluster' && node.attempt?.sinkSpokeAt === undefined
      ? openedFromDisk(node, event)
      : step(node),
  ),
  ...on(
    ['rebooting', 'diskBoot'] as const,
    either('-> running | maintenance, by its certificate | stays', openedFromDisk),
  ),
};

function closedAfterInstall(node: NodeIn<'installed'>, event: EventOf<'probe.closed'>): Step {
  return step(goTo(node, 'rebooting', { how: 'unknown', after: 'install' }, event.time, 'probe'));
}

/** Nothing was reported, the configuration is there, and its API goes away: it reboots into what it installed. */
function closedUnreported(node: NodeIn<'config'>, event: EventOf<'probe.closed'>): Step {
  const job = spentUnseen(node.job, node.attempt, event.time) ?? node.job;
  if (job?.spentAt === undefined || node.attempt?.talosSpokeAt !== undefined) return step(node);
  return step(goTo({ ...node, job }, 'rebooting', { how: 'unknown', after: 'install' }, event.time, 'probe'));
}

const closed: Row<'probe.closed'> = {
  ...on(
    [
      ...BEFORE_SCRIPT_PHASES,
      'script',
      ...IMAGE_PHASES,
      'up',
      'maintenance',
      'halted',
      'wiping',
      'installing',
      'rebooting',
      'diskBoot',
    ] as const,
    noted,
  ),
  // Its event stream was lost before: now it is silent as a whole, and the clock runs from here.
  ...on(
    ['running', 'ready'] as const,
    stays((node: NodeState, { time }: EventOf<'probe.closed'>) =>
      node.attempt?.talosLostAt === undefined ? node : { ...node, attempt: { ...node.attempt, talosLostAt: time } },
    ),
  ),
  config: either('-> rebooting without report | stays', closedUnreported),
  installed: either('-> rebooting', closedAfterInstall),
};

export const probeRows = { 'probe.opened': opened, 'probe.closed': closed } as const;

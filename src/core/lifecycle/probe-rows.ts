import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import type { PhaseName } from '../phase.ts';
import { either, goTo, noted, on, type Row, type Step, step } from './move.ts';
import { running, spokeFromDisk } from './talos-steps.ts';

/** TCP 50000 of the node, tried by us: the tail of the story where Talos reports nothing by itself. */

const early = ['firmware', 'requesting', 'loader', 'ipxe'] as const satisfies readonly PhaseName[];

type Opened = EventOf<'probe.opened'>;

function openedOnNetwork(node: NodeState, event: Opened): Step {
  if (event.certificate !== 'maintenance') return step(node);
  const there = goTo(node, 'maintenance', { api: true }, event.time, 'probe');
  return step(there, { type: 'talos.readHardware', node: node.name, address: event.address });
}

function openedFromDisk(node: NodeState, event: Opened): Step {
  if (event.certificate === 'maintenance') return openedOnNetwork(node, event);
  return running(node, false, ['it does not report; its API answers'], event.time, 'probe');
}

const opened: Row<'probe.opened'> = {
  ...on(['idle', 'armed', 'down', 'maintenance', 'halted', 'wiping', 'running', 'ready'] as const, noted),
  powering: either('override ignored, with a job | -> diskBoot', (node, event) => spokeFromDisk(node, event.time)),
  ...on(
    early,
    either('-> diskBoot (fell through to the disk)', (node: NodeState, event: Opened) =>
      spokeFromDisk(node, event.time),
    ),
  ),
  script: either('answered local: -> running | stays', (node, event) =>
    node.phase.answer === 'local' ? openedFromDisk(node, event) : step(node),
  ),
  ...on(
    ['kernel', 'initrd', 'handoff', 'up', 'config'] as const,
    either('-> maintenance by its certificate | stays', openedOnNetwork),
  ),
  // From 1.13 the API of a control plane opens under its own CA while it still installs: no proof of a disk boot.
  ...on(['installing', 'installed'] as const, noted),
  ...on(['rebooting', 'diskBoot'] as const, either('-> running', openedFromDisk)),
};

function closedAfterInstall(node: NodeIn<'installed'>, event: EventOf<'probe.closed'>): Step {
  return step(goTo(node, 'rebooting', { how: 'unknown', after: 'install' }, event.time, 'probe'));
}

const closed: Row<'probe.closed'> = {
  ...on(
    [
      'idle',
      'armed',
      'powering',
      ...early,
      'script',
      'kernel',
      'initrd',
      'handoff',
      'up',
      'config',
      'maintenance',
      'halted',
      'wiping',
      'installing',
      'rebooting',
      'diskBoot',
      'running',
      'ready',
      'down',
    ] as const,
    noted,
  ),
  installed: either('-> rebooting', closedAfterInstall),
};

export const probeRows = { 'probe.opened': opened, 'probe.closed': closed } as const;

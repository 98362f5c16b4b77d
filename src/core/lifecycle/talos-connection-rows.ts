import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { EARLY_PHASES, IMAGE_PHASES, NETWORK_PHASES, PHASES } from '../phase.ts';
import { either, enter, goTo, noted, on, opens, type Row, type Step, stays, step } from './move.ts';
import { afterReboot, heard, restarting, speaksAgain, spoke, spokeFromDisk } from './talos-steps.ts';

/** Its connections to the event sink and the kernel log, and who it says that it is. */

function connectedFromScript(node: NodeIn<'script'>, event: EventOf<'talos.connected'>): Step {
  if (node.phase.answer === 'local')
    return step(spoke(goTo(node, 'diskBoot', { askedAgain: 0 }, event.time, 'node'), event.time));
  return step(spoke(goTo(node, 'up', { by: 'node' }, event.time, 'node'), event.time));
}

const opensFromDisk = opens<'talos.connected', 'diskBoot'>(
  'diskBoot',
  () => ({ askedAgain: 0 }),
  (node, event) => step(spoke(node, event.time)),
);

/** Where the event sink tells who connects, the kernel log alone proves no new boot. */
const speaksOn = (node: NodeState, { by, goesOn }: EventOf<'talos.connected'>): boolean =>
  goesOn === true || (by === 'kernelLog' && node.attempt?.sinkSpokeAt !== undefined);

const connected: Row<'talos.connected'> = {
  idle: opensFromDisk,
  down: either(
    '-> diskBoot (new attempt) | -> ready | -> running, as it was before it fell silent',
    (node, event) => speaksAgain(node, event.time, 'node') ?? opensFromDisk.apply(node, event),
  ),
  armed: noted,
  powering: either('-> diskBoot | stays with a job (override ignored)', (node, event) =>
    spokeFromDisk(node, event.time),
  ),
  ...on(
    EARLY_PHASES,
    either('-> diskBoot (fell through to the disk)', (node: NodeState, event: EventOf<'talos.connected'>) =>
      spokeFromDisk(node, event.time),
    ),
  ),
  script: either('-> up | -> diskBoot when answered local', connectedFromScript),
  ...on(
    IMAGE_PHASES,
    enter<'talos.connected', 'up'>(
      'up',
      () => ({ by: 'node' as const }),
      (node, event) => step(spoke(node, event.time)),
    ),
  ),
  ...on(NETWORK_PHASES, heard),
  rebooting: either('-> diskBoot | stays after a wipe, and while the old system speaks', (node, event) =>
    speaksOn(node, event) ? step(node) : afterReboot(node, event),
  ),
  ...on(['diskBoot', 'running', 'ready'] as const, heard),
};

function gone(node: NodeState, { time, lost }: EventOf<'talos.disconnected'>): NodeState {
  const { attempt } = node;
  if (attempt === undefined) return node;
  return { ...node, attempt: { ...attempt, talosGoneAt: time, ...(lost === true ? { talosLostAt: time } : {}) } };
}

const disconnected: Row<'talos.disconnected'> = {
  ...on(PHASES, stays(gone)),
  // Only its way to us may be cut: its API is asked before it counts as silent.
  ...on(
    ['running', 'ready'] as const,
    stays((node: NodeState, event: EventOf<'talos.disconnected'>): Step => {
      const { address } = node.seen;
      return event.lost === true && address !== undefined
        ? step(gone(node, event), { type: 'probe.start', node: node.name, address })
        : step(gone(node, event));
    }),
  ),
  installed: either('-> rebooting', (node, event) => restarting(node, 'unknown', event.time)),
};

const addressed: Row<'talos.addressed'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'talos.addressed'>) =>
    event.hostName === undefined ? node : { ...node, seen: { ...node.seen, hostName: event.hostName } },
  ),
);

/** It said more than is written down. */
const dropped: Row<'talos.dropped'> = on(PHASES, noted);

export const talosConnectionRows = {
  'talos.connected': connected,
  'talos.disconnected': disconnected,
  'talos.addressed': addressed,
  'talos.dropped': dropped,
} as const;

import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { BEFORE_SCRIPT_PHASES, BOOTING_PHASES, DISK_PHASES, IMAGE_PHASES, NETWORK_PHASES } from '../phase.ts';
import { noLongerWithout } from '../without-address.ts';
import { either, enter, failing, ignored, noted, on, type Row, stays, step } from './move.ts';
import { afterReboot, restarting, running, spoke } from './talos-steps.ts';

/** One kernel ends and another one begins. */

const restartingRow: Row<'talos.restarting'> = {
  ...on(BEFORE_SCRIPT_PHASES, ignored),
  ...on(
    ['script', ...IMAGE_PHASES, ...NETWORK_PHASES, 'diskBoot', 'running', 'ready'] as const,
    either('-> rebooting | down', (node: NodeState, event: EventOf<'talos.restarting'>) =>
      restarting(spoke(node, event.time), event.how, event.time),
    ),
  ),
  rebooting: stays((node, event) =>
    event.how === 'off' ? node : { ...node, phase: { ...node.phase, how: event.how } },
  ),
};

const beforeInstalled = [...BEFORE_SCRIPT_PHASES, ...BOOTING_PHASES, 'halted', 'wiping', 'installing'] as const;

/** After an install the next kernel is that of the disk: one from the network would have asked for its script first. */
const kernelStarted: Row<'talos.kernelStarted'> = {
  ...on(beforeInstalled, noted),
  installed: enter<'talos.kernelStarted', 'diskBoot'>(
    'diskBoot',
    () => ({ askedAgain: 0 }),
    (node, event) => step(spoke(node, event.time)),
  ),
  rebooting: either('-> diskBoot | stays after a wipe', afterReboot),
  diskBoot: stays((node, event) => noLongerWithout(node, event.time, true)),
  ...on(['running', 'ready'] as const, noted),
};

const readyLogged: Row<'talos.readyLogged'> = {
  ...on([...beforeInstalled, 'ready'] as const, noted),
  ...on(
    ['installed', 'diskBoot', 'running'] as const,
    either('-> ready', (node: NodeState, event: EventOf<'talos.readyLogged'>) =>
      running(spoke(node, event.time), true, [], event.time, 'node'),
    ),
  ),
  rebooting: either('-> ready | stays after a wipe', (node, event) =>
    node.phase.after === 'wipe' ? step(node) : running(spoke(node, event.time), true, [], event.time, 'node'),
  ),
};

const panicked: Row<'talos.panicked'> = {
  ...on(BEFORE_SCRIPT_PHASES, noted),
  ...on(
    ['script', ...IMAGE_PHASES, ...NETWORK_PHASES, ...DISK_PHASES] as const,
    stays((node: NodeState, event: EventOf<'talos.panicked'>) =>
      failing(spoke(node, event.time), 'failed', 'KERNEL_PANIC', event.message, event.time),
    ),
  ),
};

export const talosRestartRows = {
  'talos.restarting': restartingRow,
  'talos.kernelStarted': kernelStarted,
  'talos.readyLogged': readyLogged,
  'talos.panicked': panicked,
} as const;

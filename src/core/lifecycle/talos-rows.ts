import { bootOrders } from '../arm-node.ts';
import { openAttempt } from '../attempt.ts';
import type { EventOf } from '../event.ts';
import { WRITES_DISK } from '../job.ts';
import { endJob } from '../job-end.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { PHASES, type PhaseName } from '../phase.ts';
import {
  either,
  enter,
  failing,
  goTo,
  ignore,
  ignored,
  noted,
  on,
  opens,
  type Row,
  type Step,
  stays,
  step,
} from './move.ts';
import {
  configFailed,
  halted,
  installed,
  installing,
  maintenance,
  restarting,
  running,
  speaksAgain,
  spentLate,
  spoke,
  spokeFromDisk,
  wiping,
} from './talos-steps.ts';

const early = ['firmware', 'requesting', 'loader', 'ipxe'] as const satisfies readonly PhaseName[];
const images = ['kernel', 'initrd', 'handoff'] as const satisfies readonly PhaseName[];
/** The kernel that we sent is running. */
const network = [
  'up',
  'config',
  'maintenance',
  'halted',
  'wiping',
  'installing',
  'installed',
] as const satisfies readonly PhaseName[];
const disk = ['rebooting', 'diskBoot', 'running', 'ready'] as const satisfies readonly PhaseName[];

const heard = stays((node: NodeState, event: { readonly time: number }) => spoke(node, event.time));

function connectedFromScript(node: NodeIn<'script'>, event: EventOf<'talos.connected'>): Step {
  if (node.phase.answer === 'local')
    return step(spoke(goTo(node, 'diskBoot', { askedAgain: 0 }, event.time, 'node'), event.time));
  return step(spoke(goTo(node, 'up', { by: 'node' }, event.time, 'node'), event.time));
}

const afterReboot = (node: NodeIn<'rebooting'>, event: { readonly time: number }): Step => {
  // After a wipe the machine goes through firmware: whoever speaks now is the end of the old boot.
  if (node.phase.after === 'wipe') return step(node);
  return step(spoke(goTo(node, 'diskBoot', { askedAgain: 0 }, event.time, 'node'), event.time));
};

const opensFromDisk = opens<'talos.connected', 'diskBoot'>(
  'diskBoot',
  () => ({ askedAgain: 0 }),
  (node, event) => step(spoke(node, event.time)),
);

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
    early,
    either('-> diskBoot (fell through to the disk)', (node: NodeState, event: EventOf<'talos.connected'>) =>
      spokeFromDisk(node, event.time),
    ),
  ),
  script: either('-> up | -> diskBoot when answered local', connectedFromScript),
  ...on(
    images,
    enter<'talos.connected', 'up'>(
      'up',
      () => ({ by: 'node' as const }),
      (node, event) => step(spoke(node, event.time)),
    ),
  ),
  ...on(network, heard),
  rebooting: either('-> diskBoot | stays after a wipe', afterReboot),
  ...on(['diskBoot', 'running', 'ready'] as const, heard),
};

const sequenceStarted: Row<'talos.sequenceStarted'> = {
  ...on(['idle', 'armed', 'powering', ...early, 'down'] as const, ignored),
  ...on(['script', ...images, ...network] as const, heard),
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

function startedAgain(node: NodeState, event: EventOf<'talos.sequenceStarted'>): Step {
  if (event.sequence !== 'initialize' || node.attempt?.talosGoneAt === undefined) return step(spoke(node, event.time));
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

/** On every connection Talos tells the whole boot again: what comes before the install moves nothing after it. */
const isReplay = ({ phase }: NodeState): boolean => phase.is === 'installing' || phase.is === 'installed';

/** The images of the network system were still on their way, as far as we saw. */
function beforeUp({ phase }: NodeState): boolean {
  if (phase.is === 'script') return phase.answer !== 'local';
  return phase.is === 'kernel' || phase.is === 'initrd' || phase.is === 'handoff';
}

const phaseLate = (node: NodeState, event: EventOf<'talos.phaseStarted'>) =>
  event.phase === 'install' ? spentLate(node, event.time) : node;

const phaseStarted: Row<'talos.phaseStarted'> = {
  ...on(
    ['idle', 'armed', 'powering', ...early, 'down'] as const,
    either('ignored; an install spends the job', (node: NodeState, event: EventOf<'talos.phaseStarted'>) =>
      step(phaseLate(ignore(node, event), event)),
    ),
  ),
  ...on(
    ['script', ...images] as const,
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
    disk,
    stays((node: NodeState, event: EventOf<'talos.phaseStarted'>) => phaseLate(spoke(node, event.time), event)),
  ),
};

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

const stageRow: Row<'talos.stageChanged'> = {
  ...on(
    ['armed', 'powering', ...early] as const,
    either('ignored; an install spends the job', (node: NodeState, event: EventOf<'talos.stageChanged'>) =>
      step(stageLate(ignore(node, event), event)),
    ),
  ),
  ...on(
    ['idle', 'down'] as const,
    either('stays | -> running | ready (new attempt)', (node: NodeState, event: EventOf<'talos.stageChanged'>) =>
      event.stage === 'running'
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
  ...on(images, either('-> up | installing | maintenance | rebooting | running | ready, by stage', stageChanged)),
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
  ...on(
    ['idle', 'armed', 'powering', ...early, 'down', 'halted', 'wiping', 'installing', 'installed', ...disk] as const,
    noted,
  ),
  ...on(
    ['script', ...images, 'up', 'config', 'maintenance'] as const,
    either('-> maintenance', (node: NodeState, event: EventOf<'talos.maintenanceEntered'>) =>
      maintenance(spoke(node, event.time), event.time),
    ),
  ),
};

const haltedRow: Row<'talos.halted'> = {
  ...on(['idle', 'armed', 'powering', ...early, 'down', 'wiping', 'installing', 'installed', ...disk] as const, noted),
  ...on(
    ['script', ...images, 'up', 'config', 'maintenance', 'halted'] as const,
    either('-> halted', (node: NodeState, event: EventOf<'talos.halted'>) =>
      halted(spoke(node, event.time), event.time),
    ),
  ),
};

const configFailedRow: Row<'talos.configFailed'> = {
  ...on(
    ['idle', 'armed', 'powering', ...early, 'down', 'halted', 'wiping', 'installing', 'installed', ...disk] as const,
    noted,
  ),
  ...on(
    ['script', ...images, 'up', 'config', 'maintenance'] as const,
    either('-> config, failed', (node: NodeState, event: EventOf<'talos.configFailed'>) =>
      configFailed({ ...spoke(node, event.time) }, event),
    ),
  ),
};

const failedRow: Row<'talos.failed'> = {
  ...on(
    [
      'idle',
      'armed',
      'powering',
      ...early,
      'script',
      ...images,
      'up',
      'config',
      'maintenance',
      'halted',
      'wiping',
      'installed',
      ...disk,
      'down',
    ] as const,
    noted,
  ),
  installing: stays((node, event) =>
    failing(spoke(node, event.time), 'failed', 'INSTALL_FAILED', event.message, event.time),
  ),
};

const restartingRow: Row<'talos.restarting'> = {
  ...on(['idle', 'armed', 'powering', ...early, 'down'] as const, ignored),
  ...on(
    ['script', ...images, ...network, 'diskBoot', 'running', 'ready'] as const,
    either('-> rebooting | down', (node: NodeState, event: EventOf<'talos.restarting'>) =>
      restarting(spoke(node, event.time), event.how, event.time),
    ),
  ),
  rebooting: stays((node, event) =>
    event.how === 'off' ? node : { ...node, phase: { ...node.phase, how: event.how } },
  ),
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

const installingFacts = (event: EventOf<'talos.installing'>) => ({
  ...(event.disk === undefined ? {} : { disk: event.disk }),
  ...(event.percent === undefined ? {} : { percent: event.percent }),
  ...(event.step === undefined ? {} : { step: event.step }),
});

const late = either('stays; the job is spent', (node: NodeState, event: { readonly time: number }) =>
  step(spentLate(node, event.time)),
);

const installingRow: Row<'talos.installing'> = {
  ...on(['idle', 'armed', 'powering', ...early, 'down', 'halted', 'wiping', 'installed', ...disk] as const, late),
  ...on(
    ['script', ...images, 'up', 'config', 'maintenance', 'installing'] as const,
    either('-> installing', (node: NodeState, event: EventOf<'talos.installing'>) =>
      installing(spoke(node, event.time), installingFacts(event), event.time),
    ),
  ),
};

const installedRow: Row<'talos.installed'> = {
  ...on(['idle', 'armed', 'powering', ...early, 'halted', 'wiping', ...disk, 'down'] as const, late),
  ...on(
    ['script', ...images, 'up', 'maintenance', 'config', 'installing', 'installed'] as const,
    either('-> installed', (node: NodeState, event: EventOf<'talos.installed'>) => {
      if (node.phase.is === 'installed') return step(node);
      const begun = installing(spoke(node, event.time), {}, event.time).node;
      return installed(begun, event.time);
    }),
  ),
};

const quietTalos = ['idle', 'armed', 'powering', ...early, 'down', 'script', ...images] as const;

/** After an install the next kernel is that of the disk: one from the network would have asked for its script first. */
const kernelStarted: Row<'talos.kernelStarted'> = {
  ...on([...quietTalos, 'up', 'config', 'maintenance', 'halted', 'wiping', 'installing'] as const, noted),
  installed: enter<'talos.kernelStarted', 'diskBoot'>(
    'diskBoot',
    () => ({ askedAgain: 0 }),
    (node, event) => step(spoke(node, event.time)),
  ),
  rebooting: either('-> diskBoot | stays after a wipe', afterReboot),
  ...on(['diskBoot', 'running', 'ready'] as const, noted),
};

const readyLogged: Row<'talos.readyLogged'> = {
  ...on([...quietTalos, 'up', 'config', 'maintenance', 'halted', 'wiping', 'installing', 'ready'] as const, noted),
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
  ...on(['idle', 'armed', 'powering', ...early, 'down'] as const, noted),
  ...on(
    ['script', ...images, ...network, ...disk] as const,
    stays((node: NodeState, event: EventOf<'talos.panicked'>) =>
      failing(spoke(node, event.time), 'failed', 'KERNEL_PANIC', event.message, event.time),
    ),
  ),
};

function learnHardware(node: NodeState, event: EventOf<'talos.hardwareRead'>): NodeState {
  const { version, disks, serial, uuid, machine } = event;
  // In maintenance mode that is the version that was booted, not the one on its disk.
  const runs = version !== undefined && (node.phase.is !== 'maintenance' || node.seen.installedAt === undefined);
  const more = {
    ...(runs ? { talosVersion: version } : {}),
    ...(machine === undefined ? {} : { machine }),
    ...(serial === undefined ? {} : { serial }),
    ...(uuid === undefined ? {} : { uuid }),
  };
  return { ...node, seen: { ...node.seen, disks, ...more } };
}

const hardwareRead: Row<'talos.hardwareRead'> = {
  ...on(PHASES, stays(learnHardware)),
  maintenance: either('stays; an inspect job is done', (node, event) => {
    const known = learnHardware(node, event);
    if (known.job?.kind !== 'inspect') return step({ ...known, phase: { ...node.phase, api: true } });
    const ended = endJob({ ...known, phase: { ...node.phase, api: true } }, 'done', event.time);
    return { node: ended.node, effects: ended.effects };
  }),
};

/** A reading that failed leaves what an earlier one told, beside why it failed. */
const checked: Row<'talos.checked'> = on(
  PHASES,
  stays((node: NodeState, { facts, time }: EventOf<'talos.checked'>): NodeState => {
    const { api } = node.seen;
    if (facts.problem !== undefined && api !== undefined)
      return { ...node, seen: { ...node.seen, api: { ...api, problem: facts.problem, at: time } } };
    const version = facts.version === undefined ? {} : { talosVersion: facts.version };
    return { ...node, seen: { ...node.seen, ...version, api: { ...facts, at: time } } };
  }),
);

/** It reset itself or it could not: the network boot, which wipes by itself, is ordered in both cases. */
const resetEnded: Row<'talos.resetEnded'> = {
  ...on(PHASES, noted),
  armed: either('stays; the network boot is ordered', (node, event) => {
    const { job } = node;
    if (job === undefined || job.id !== event.job || job.resetFirst !== true) return step(node);
    const { resetFirst: _done, ...rest } = job;
    return step({ ...node, job: rest }, ...bootOrders(node, rest));
  }),
};

function configApplied(node: NodeState, event: EventOf<'talos.configApplied'>): Step {
  if (event.problem !== undefined)
    return step(
      event.job !== undefined && node.job?.id === event.job
        ? failing(node, 'failed', 'CONFIG_BAD', event.problem, event.time)
        : node,
    );
  if (event.job === undefined) {
    const { api, ...seen } = node.seen;
    const { configPrint: _before, ...told } = api ?? { at: event.time, services: [] };
    return step({ ...node, seen: { ...seen, ...(api && { api: told }), configHash: event.configHash } });
  }
  if (node.job?.id !== event.job) return step(node);
  const attempt = node.attempt === undefined ? {} : { attempt: { ...node.attempt, configServedAt: event.time } };
  // Who writes nothing has begun nothing by taking its configuration.
  const spent = WRITES_DISK[node.job.kind] ? { spentAt: node.job.spentAt ?? event.time } : {};
  const job = { ...node.job, configServedAt: event.time, ...spent };
  return step({ ...node, ...attempt, job });
}

const configAppliedRow: Row<'talos.configApplied'> = on(
  PHASES,
  either('stays; the configuration of a job spends it', configApplied),
);

/** The fleet keeps it, by cluster. */
const bootstrapEndedRow: Row<'talos.bootstrapEnded'> = on(PHASES, noted);

const dropped: Row<'talos.dropped'> = on(PHASES, noted);

export const talosRows = {
  'talos.connected': connected,
  'talos.sequenceStarted': sequenceStarted,
  'talos.phaseStarted': phaseStarted,
  'talos.stageChanged': stageRow,
  'talos.maintenanceEntered': maintenanceEntered,
  'talos.halted': haltedRow,
  'talos.configFailed': configFailedRow,
  'talos.failed': failedRow,
  'talos.restarting': restartingRow,
  'talos.disconnected': disconnected,
  'talos.addressed': addressed,
  'talos.installing': installingRow,
  'talos.installed': installedRow,
  'talos.dropped': dropped,
  'talos.kernelStarted': kernelStarted,
  'talos.readyLogged': readyLogged,
  'talos.panicked': panicked,
  'talos.hardwareRead': hardwareRead,
  'talos.checked': checked,
  'talos.resetEnded': resetEnded,
  'talos.bootstrapEnded': bootstrapEndedRow,
  'talos.configApplied': configAppliedRow,
} as const;

import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/core/effect.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { bodiesOf } from './bodies.ts';
import { armed, at, fleetOf, planOf, reduceAt, specOf, stateOf, stored, withoutBmc } from './kit.ts';

/**
 * Boots as tables. Each line: second, what happens, and what is believed then: phase, health code, `job` while the arm
 * holds, `spent` once the disk is being written, and the effects that it caused.
 */
type Line = readonly [seconds: number, body: EventBody, believed: string];

const e = bodiesOf('node-01');
const SPEC = specOf('node-01');
const NO_BMC = withoutBmc(SPEC);

function believed(node: NodeState, effects: readonly Effect[]): string {
  const health = 'code' in node.health ? `${node.health.is} ${node.health.code}` : undefined;
  const job = node.job === undefined ? undefined : node.job.spentAt === undefined ? 'job' : 'spent';
  const suspended = node.job?.suspended === undefined ? undefined : 'suspended';
  const caused = effects.filter((effect) => !effect.type.startsWith('probe')).map(short);
  return [node.phase.is, health, job, suspended, ...caused].filter((word) => word !== undefined).join(' · ');
}

function short(effect: Effect): string {
  return effect.type === 'bmc.bootFromNetwork'
    ? `boot ${effect.power}${effect.fullPayload ? ' full' : ''} ${effect.target}${effect.onlyIfUsedUp ? ' if used up' : ''}`
    : effect.type;
}

function tell(spec: NodeSpec, kind: JobKind | undefined, lines: readonly Line[]): { told: Line[]; fleet: Fleet } {
  let fleet = fleetOf(spec);
  if (kind !== undefined) {
    [fleet] = reduceAt(fleet, 0, armed(kind, { plan: planOf(kind) }));
    [fleet] = reduceAt(fleet, 0, stored());
  }
  const told: Line[] = [];
  for (const [seconds, body] of lines) {
    const [next, effects] = reduceAt(fleet, seconds, body);
    told.push([seconds, body, believed(stateOf(next), effects)]);
    fleet = next;
  }
  return { told, fleet };
}

const conflicting = (body: EventBody, conflict: string): EventBody =>
  body.type === 'dhcp.firmwareAsked' ? { ...body, conflict } : body;

const byBmc: readonly Line[] = [
  [2, e.overrideSet(), 'armed · job'],
  [5, e.reset(at(3)), 'powering · job'],
];
const uefi = (from: number, xid = 1): readonly Line[] => [
  [from, e.discover(xid), 'firmware · job'],
  [from + 1, e.took(), 'requesting · job'],
  [from + 2, e.loader(), 'loader · job'],
  [from + 2, e.probed(), 'loader · job'],
  [from + 3, e.loader(), 'loader · job'],
  [from + 4, e.loading(500_000), 'loader · job'],
  [from + 5, e.loaded(), 'loader · job'],
  [from + 8, e.ipxe(), 'ipxe · job'],
];
const images = (from: number): readonly Line[] => [
  [from, e.kernel(), 'kernel · job'],
  [from + 1, e.initrd(), 'initrd · job'],
  [from + 2, e.moved(500), 'initrd · job'],
  [from + 3, e.sent(), 'handoff · job'],
  [from + 4, e.beacon(), 'handoff · job'],
];
const disk = (from: number): readonly Line[] => [
  [from, e.up(), 'diskBoot · spent'],
  [from + 1, e.sequence('boot'), 'diskBoot · spent'],
  [from + 20, e.stage('running', false, ['nodeReady']), 'running · bmc.clearOverride · job.ended'],
  [from + 60, e.stage('running', true), 'ready'],
];

/** As one process of Talos tells it: `from` is the boot, `count` its number in it. */
const told = (from: string, count: number, body: EventBody): EventBody =>
  ({ ...body, told: { by: 'events', series: from, count, at: at(count) } }) as EventBody;

type Story = readonly [string, NodeSpec, JobKind | undefined, readonly Line[]];
const STORIES: readonly Story[] = [
  [
    'Talos 1.13 installs and goes on by kexec: no POST, no DISCOVER, and that is success',
    SPEC,
    'install',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [90, e.os(), 'up · job'],
      [91, e.up(), 'up · job'],
      [92, e.stage('booting'), 'up · job'],
      [93, e.phase('config', 'initialize'), 'config · job'],
      [94, e.config(), 'config · job'],
      [96, e.phase('install', 'install'), 'installing · spent'],
      [97, e.stage('installing'), 'installing · spent'],
      [110, e.pulling(40), 'installing · spent'],
      [200, e.installed(), 'installed · spent'],
      [205, e.phase('kexec', 'install'), 'installed · spent'],
      [206, e.stage('rebooting'), 'rebooting · spent'],
      [207, e.restarting('kexec'), 'rebooting · spent'],
      [208, e.gone(), 'rebooting · spent'],
      ...disk(230),
    ],
  ],
  [
    'reports of a boot that is ready by its log come late, after the stream of the boot before it ended: it boots once',
    SPEC,
    'install',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [91, told('net', 1, e.up()), 'up · job'],
      [96, told('net', 5, e.phase('install', 'install')), 'installing · spent'],
      [206, told('net', 9, e.stage('rebooting')), 'rebooting · spent'],
      [230, { type: 'talos.kernelStarted', node: 'node-01' }, 'diskBoot · spent'],
      [260, { type: 'talos.readyLogged', node: 'node-01' }, 'ready · bmc.clearOverride · job.ended'],
      [262, told('net', 10, e.phase('kexec', 'install')), 'ready'],
      [263, e.gone(), 'ready'],
      [300, told('disk', 1, e.sequence('initialize')), 'ready'],
      [301, told('disk', 2, e.sequence('boot')), 'ready'],
      [302, told('disk', 3, e.stage('running', true)), 'ready'],
      [400, e.gone(), 'ready'],
      [430, told('again', 1, e.sequence('initialize')), 'diskBoot'],
    ],
  ],
  [
    'Talos 1.14 installs beside its boot and never says INSTALLING',
    SPEC,
    'install',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [90, e.up(), 'up · job'],
      [91, e.phase('config', 'initialize'), 'config · job'],
      [92, e.config(), 'config · job'],
      [93, e.sequence('boot'), 'config · job'],
      [94, e.phase('memorySizeCheck', 'boot'), 'config · job'],
      [95, e.phase('diskSizeCheck', 'boot'), 'installing · spent'],
      [150, e.pulling(99), 'installing · spent'],
      [180, e.installed(), 'installed · spent'],
      [181, e.sequence('reboot'), 'installed · spent'],
      [182, e.phase('diskSizeCheck', 'reboot'), 'installed · spent'],
      [183, e.stage('rebooting'), 'rebooting · spent'],
      [184, e.restarting('kexec'), 'rebooting · spent'],
      ...disk(220),
    ],
  ],
  [
    'a reconnect tells the whole boot again, and nothing goes back',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [90, e.up(), 'up · job'],
      [91, e.config(), 'config · job'],
      [96, e.phase('install', 'install'), 'installing · spent'],
      [120, e.up(), 'installing · spent'],
      [120, e.stage('booting'), 'installing · spent'],
      [120, e.phase('wipeDisks', 'initialize'), 'installing · spent'],
      [120, e.phase('haltIfInstalled', 'initialize'), 'installing · spent'],
      [120, e.phase('config', 'initialize'), 'installing · spent'],
      [120, e.stage('maintenance'), 'installing · spent'],
      [130, e.installed(), 'installed · spent'],
      [131, e.phase('install', 'install'), 'installed · spent'],
      [131, e.pulling(12), 'installed · spent'],
      [132, e.gone(), 'rebooting · spent'],
    ],
  ],
  [
    'a reinstall wipes, orders its second network boot while the wipe starts, and installs',
    SPEC,
    'reinstall',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('wipe'), 'script · job'],
      [70, e.kernel(), 'kernel · job'],
      [71, e.initrd(), 'initrd · job'],
      [73, e.sent(), 'handoff · job · boot none pxe'],
      [74, e.beacon(), 'handoff · job'],
      [76, e.overrideSet(), 'handoff · job'],
      [90, e.up(), 'up · job'],
      [91, e.phase('wipeDisks', 'initialize'), 'wiping · job'],
      [110, e.restarting('firmware'), 'rebooting · job'],
      ...uefi(170, 2),
      [180, e.script('install'), 'script · job'],
      ...images(181),
      [200, e.up(), 'up · job'],
      [201, e.config(), 'config · job'],
      [202, e.phase('install', 'install'), 'installing · spent'],
      [290, e.installed(), 'installed · spent'],
      [291, e.restarting('kexec'), 'rebooting · spent'],
      ...disk(310),
    ],
  ],
  [
    'a reinstall without BMC asks for the key once more',
    NO_BMC,
    'reinstall',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('wipe'), 'script · job'],
      ...images(70),
      [90, e.up(), 'up · job'],
      [91, e.phase('wipeDisks', 'initialize'), 'wiping · job'],
      [110, e.restarting('firmware'), 'rebooting · job'],
      [170, e.discover(2), 'firmware · job'],
      [175, e.script('install'), 'script · job'],
    ],
  ],
  [
    'a wipe ends when the machine has wiped and reboots',
    SPEC,
    'wipe',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('wipe'), 'script · job'],
      ...images(70),
      [90, e.up(), 'up · job'],
      [91, e.phase('wipeDisks', 'initialize'), 'wiping · spent'],
      [110, e.restarting('firmware'), 'rebooting · bmc.clearOverride · job.ended'],
      [170, e.discover(2), 'firmware'],
      [175, e.script('local'), 'script'],
    ],
  ],
  [
    'a wipe that nobody saw is not called done',
    SPEC,
    'wipe',
    [
      ...byBmc,
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('wipe'), 'script · job'],
      ...images(70),
      [140, e.discover(2), 'firmware · failed KERNEL_SILENT · bmc.clearOverride · job.ended · bmc.readLog'],
    ],
  ],
  [
    'an inspection ends when the hardware was read',
    SPEC,
    'inspect',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('inspect'), 'script · job'],
      ...images(70),
      [90, e.up(), 'up · job'],
      [91, e.maintenance(), 'maintenance · job · talos.readHardware'],
      [92, e.stage('maintenance'), 'maintenance · job · talos.readHardware'],
      [95, e.hardware(), 'maintenance · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'an inspection that finds Talos on a disk is over, and the next boot is that of the disk',
    SPEC,
    'inspect',
    [
      ...byBmc,
      ...uefi(60),
      [69, e.script('inspect'), 'script · job'],
      ...images(70),
      [90, e.up(), 'up · job'],
      [91, e.phase('haltIfInstalled', 'initialize'), 'halted · stalled HALTED · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'an inspection without reports is seen by its certificate',
    SPEC,
    'inspect',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('inspect'), 'script · job'],
      ...images(70),
      [90, e.os(), 'up · job'],
      [95, e.opened('none'), 'up · job'],
      [99, e.opened('maintenance'), 'maintenance · job · talos.readHardware'],
    ],
  ],
  [
    'a rescue that came up is done when its time is over',
    SPEC,
    'rescue',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('rescue'), 'script · job'],
      ...images(70),
      [90, e.os(), 'up · job'],
      [1801, e.tick(), 'up · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'a rescue is done when Talos waits in memory, and the next boot is its disk',
    SPEC,
    'rescue',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('rescue'), 'script · job'],
      ...images(70),
      [90, e.os(), 'up · job'],
      [99, e.opened('maintenance'), 'maintenance · talos.readHardware · bmc.clearOverride · job.ended'],
      [600, e.discover(2), 'firmware'],
      [609, e.script('local'), 'script'],
    ],
  ],
  [
    'BIOS with iPXE in its ROM asks as iPXE at once',
    specOf('node-01', { firmware: 'bios' }),
    'install',
    [
      ...byBmc,
      [60, e.ipxe(), 'ipxe · job'],
      [61, e.script('install'), 'script · job'],
      ...images(62),
      [80, e.up(), 'up · job'],
      [81, e.config(), 'config · job'],
      [82, e.phase('install', 'install'), 'installing · spent'],
      [90, e.installed(), 'installed · spent'],
      [91, e.restarting('firmware'), 'rebooting · spent'],
      [98, e.ipxe(), 'ipxe · spent'],
      [99, e.script('local'), 'script · spent'],
      [120, e.up(), 'diskBoot · spent'],
    ],
  ],
  [
    'UEFI HTTP boot is ordered as such and fetches its loader by HTTP',
    specOf('node-01', { firmware: 'http' }),
    'install',
    [
      [1, e.retry(), 'armed · job · boot cycle uefiHttp'],
      [60, e.discover(1, 0, 'http'), 'firmware · job'],
      [61, e.loader('http'), 'loader · job'],
      [62, e.loaded(), 'loader · job'],
      [64, e.script('install'), 'script · job'],
    ],
  ],
  [
    'without reports the API tells: it closes for the reboot, and opens from the disk',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [90, e.os(), 'up · job'],
      [95, e.config(), 'config · job'],
      [120, e.opened('cluster'), 'config · spent'],
      [300, e.closed(), 'rebooting · spent'],
      [330, e.opened('none'), 'rebooting · spent'],
      [340, e.opened('cluster'), 'running · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'without reports, and with a port that was never seen to close, the end is believed after 15 minutes',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [95, e.config(), 'config · job'],
      [400, e.opened('cluster'), 'config · spent'],
      [1000, e.opened('cluster'), 'running · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'without any report at all, the fetched configuration spends the job when the machine comes back',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [95, e.config(), 'config · job'],
      [400, e.discover(2), 'firmware · spent'],
      [405, e.script('local'), 'script · spent'],
      [440, e.os(), 'diskBoot · spent'],
      [460, e.opened('cluster'), 'running · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'without an event sink the kernel log tells: it begins anew from the disk, and says that it is ready',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [90, { type: 'talos.connected', node: 'node-01', address: '10.77.0.1', by: 'kernelLog' }, 'up · job'],
      [95, e.config(), 'config · job'],
      [96, e.pulling(40), 'installing · spent'],
      [200, e.installed(), 'installed · spent'],
      [230, { type: 'talos.kernelStarted', node: 'node-01' }, 'diskBoot · spent'],
      [260, { type: 'talos.readyLogged', node: 'node-01' }, 'ready · bmc.clearOverride · job.ended'],
    ],
  ],
  [
    'without an event sink and with a reboot between two knocks, its API ends the install',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [95, e.config(), 'config · job'],
      [96, e.pulling(40), 'installing · spent'],
      [200, e.installed(), 'installed · spent'],
      [240, e.opened('cluster'), 'running · bmc.clearOverride · job.ended'],
      [260, { type: 'talos.readyLogged', node: 'node-01' }, 'ready'],
    ],
  ],
  [
    'a ready machine whose event stream dies and whose API is silent too is down, and comes back as it was',
    SPEC,
    undefined,
    [
      [10, e.up(), 'diskBoot'],
      [20, e.stage('running', true), 'ready'],
      [100, { type: 'talos.disconnected', node: 'node-01', lost: true }, 'ready'],
      [119, e.tick(), 'ready'],
      [121, e.tick(), 'down'],
      [300, e.up(), 'ready'],
      [400, e.tick(), 'ready'],
    ],
  ],
  [
    'a machine whose way to the event sink alone is cut is not down while its API answers',
    SPEC,
    undefined,
    [
      [10, e.up(), 'diskBoot'],
      [20, e.stage('running', true), 'ready'],
      [100, { type: 'talos.disconnected', node: 'node-01', lost: true }, 'ready'],
      [105, e.opened('cluster'), 'ready'],
      [200, e.tick(), 'ready'],
      [300, e.closed(), 'ready'],
      [321, e.tick(), 'down'],
      [330, e.opened('cluster'), 'ready'],
    ],
  ],
  [
    'one that was silent because it booted says so itself',
    SPEC,
    undefined,
    [
      [10, e.up(), 'diskBoot'],
      [20, e.stage('running', true), 'ready'],
      [100, { type: 'talos.disconnected', node: 'node-01', lost: true }, 'ready'],
      [121, e.tick(), 'down'],
      [200, e.up(), 'ready'],
      [201, e.sequence('initialize'), 'diskBoot'],
    ],
  ],
  [
    'a stream that was closed in order is no silence',
    SPEC,
    undefined,
    [
      [10, e.up(), 'diskBoot'],
      [20, e.stage('running', true), 'ready'],
      [100, e.gone(), 'ready'],
      [300, e.tick(), 'ready'],
    ],
  ],
  [
    'a rescue that takes its configuration and comes back has written nothing, so it boots again',
    SPEC,
    'rescue',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('rescue'), 'script · job'],
      ...images(70),
      [95, e.config(), 'config · job'],
      [400, e.discover(2), 'firmware · job'],
      [405, e.script('rescue'), 'script · job'],
    ],
  ],
  [
    'a retry does not disturb an install that began unseen',
    SPEC,
    'install',
    [
      [60, e.discover(1), 'firmware · job'],
      [69, e.script('install'), 'script · job'],
      ...images(70),
      [95, e.config(), 'config · job'],
      [100, e.retry(), 'config · spent'],
    ],
  ],
  [
    'nor does the expiry of its job',
    SPEC,
    'install',
    [
      [1700, e.discover(1), 'firmware · job'],
      [1710, e.script('install'), 'script · job'],
      ...images(1711),
      [1740, e.config(), 'config · job'],
      [1801, e.tick(), 'config · spent'],
    ],
  ],
  [
    'the override is ignored once, ordered in full, ignored again, and then a person is asked',
    SPEC,
    'install',
    [
      ...byBmc,
      [60, e.os(), 'powering · stalled BMC_OVERRIDE_IGNORED · job · boot offThenOn full pxe · bmc.readLog'],
      [61, e.up(), 'powering · stalled BMC_OVERRIDE_IGNORED · job'],
      [62, e.power('on'), 'powering · stalled BMC_OVERRIDE_IGNORED · job'],
      [63, e.os(), 'powering · stalled BMC_OVERRIDE_IGNORED · job'],
      [80, e.reset(at(70)), 'powering · job'],
      [150, e.os(), 'powering · failed BMC_OVERRIDE_IGNORED · job · bmc.readLog'],
      [900, e.discover(5), 'firmware · job'],
    ],
  ],
  [
    'a network boot that breaks off falls through to the disk: ordered once more, and then a person is asked',
    SPEC,
    'reinstall',
    [
      ...byBmc,
      ...uefi(20).slice(0, 4),
      [60, e.up(), 'diskBoot · job'],
      [70, e.stage('running', false, ['nodeReady']), 'running · job'],
      [80, e.stage('running', true), 'ready · job'],
      [199, e.tick(), 'ready · job'],
      [200, e.tick(), 'ready · stalled BOOTED_DISK · job · boot offThenOn full pxe · bmc.readLog'],
      [201, e.stage('running', true), 'ready · stalled BOOTED_DISK · job'],
      [230, e.reset(at(202)), 'powering · job'],
      [250, e.discover(2), 'firmware · job'],
      [300, e.up(), 'diskBoot · job'],
      [320, e.stage('running', true), 'ready · job'],
      [440, e.tick(), 'ready · failed BOOTED_DISK · job · bmc.readLog'],
      [460, e.stage('running', true), 'ready · failed BOOTED_DISK · job'],
      [600, e.discover(3), 'firmware · job'],
    ],
  ],
  [
    'the old system of a machine that is off for its job has a last word on its way: it is not believed to run',
    SPEC,
    'reinstall',
    [
      [2, e.overrideSet(), 'armed · job'],
      [5, e.switchedOff(at(3)), 'down · job'],
      [6, e.stage('running', true), 'down · job'],
      [40, e.power('on'), 'powering · job'],
      [950, e.tick(), 'powering · stalled NO_PXE · job · boot offThenOn full pxe if used up · bmc.readLog'],
    ],
  ],
  [
    'a machine that is off for its job and comes up from its disk is ordered to the network once more',
    SPEC,
    'reinstall',
    [
      [2, e.overrideSet(), 'armed · job'],
      [5, e.switchedOff(at(3)), 'down · job'],
      [60, e.up(), 'diskBoot · job'],
      [90, e.stage('running', true), 'ready · job'],
      [210, e.tick(), 'ready · stalled BOOTED_DISK · job · boot offThenOn full pxe · bmc.readLog'],
      [1800, e.tick(), 'ready · failed JOB_EXPIRED · bmc.clearOverride · job.ended · bmc.readLog'],
    ],
  ],
  [
    'an armed machine that its script sent to its disk is named, and not sent there once more',
    SPEC,
    'reinstall',
    [
      ...byBmc,
      ...uefi(20),
      [30, e.script('local'), 'script · job'],
      [60, e.up(), 'diskBoot · job'],
      [80, e.stage('running', true), 'ready · job'],
      [200, e.tick(), 'ready · failed BOOTED_DISK · job · bmc.readLog'],
    ],
  ],
  [
    'without a BMC a person is asked to choose the network',
    NO_BMC,
    'install',
    [
      [20, e.discover(1), 'firmware · job'],
      [60, e.up(), 'diskBoot · job'],
      [80, e.stage('running', true), 'ready · job'],
      [200, e.tick(), 'ready · failed BOOTED_DISK · job'],
    ],
  ],
  [
    'the machine is on the wire before its BMC says that the reset is done',
    SPEC,
    'install',
    [
      [2, e.overrideSet(), 'armed · job'],
      [8, e.discover(1), 'firmware · job'],
      [9, e.reset(at(3)), 'firmware · job'],
    ],
  ],
  [
    'no power after the reset: BMC_NO_POWER, and a person who presses the button is served',
    SPEC,
    'install',
    [
      [5, e.turning(at(3)), 'powering · job'],
      [120, e.tick(), 'powering · job'],
      [126, e.tick(), 'powering · failed BMC_NO_POWER · job · bmc.readLog'],
      [600, e.discover(1), 'firmware · job'],
    ],
  ],
  [
    'an override that its BMC drops while it is on is set once more with the machine off',
    SPEC,
    'install',
    [
      [1, e.power('on'), 'armed · job'],
      [
        4,
        e.bmcFailed('notTaken', 'override'),
        'armed · stalled BMC_REFUSED · job · boot offThenOn full pxe · bmc.readLog',
      ],
      [9, e.bmcFailed('notTaken', 'override'), 'armed · failed BMC_REFUSED · job'],
    ],
  ],
  [
    'an override for the boot that installs, which its BMC drops, cuts off nothing',
    SPEC,
    'reinstall',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.script('wipe'), 'script · job'],
      [13, e.initrd(), 'initrd · job'],
      [15, e.sent(), 'handoff · job · boot none pxe'],
      [30, e.up(), 'up · job'],
      [31, e.phase('wipeDisks'), 'wiping · job'],
      [32, e.bmcFailed('notTaken', 'override'), 'wiping · job'],
    ],
  ],
  [
    'the order for the boot that installs was used up in POST: after the wipe it is given once more',
    SPEC,
    'reinstall',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.script('wipe'), 'script · job'],
      [13, e.initrd(), 'initrd · job'],
      [15, e.sent(), 'handoff · job · boot none pxe'],
      [17, e.overrideSet(), 'handoff · job'],
      [30, e.up(), 'up · job'],
      [31, e.phase('wipeDisks'), 'wiping · job'],
      [60, e.stage('rebooting'), 'rebooting · job'],
      [959, e.tick(), 'rebooting · job'],
      [961, e.tick(), 'rebooting · stalled NO_PXE · job · boot offThenOn full pxe if used up · bmc.readLog'],
      [962, e.orderRead('usedUp'), 'rebooting · stalled NO_PXE · job'],
      [965, e.overrideSet(), 'rebooting · stalled NO_PXE · job'],
      [970, e.reset(at(969)), 'powering · job'],
      [1100, e.discover(2), 'firmware · job'],
      [1101, e.script('install'), 'script · job'],
    ],
  ],
  [
    'power and no network boot: NO_PXE after 15 minutes; an order that POST used up is given once more',
    SPEC,
    'install',
    [
      ...byBmc,
      [904, e.tick(), 'powering · job'],
      [906, e.tick(), 'powering · stalled NO_PXE · job · boot offThenOn full pxe if used up · bmc.readLog'],
      [907, e.orderRead('usedUp'), 'powering · stalled NO_PXE · job'],
      [910, e.overrideSet(), 'powering · stalled NO_PXE · job'],
      [915, e.reset(at(914)), 'powering · job'],
      [1700, e.tick(), 'powering · job'],
      [1701, e.discover(1), 'firmware · job'],
    ],
  ],
  [
    'credentials that are refused fail the job, and a boot by hand heals that',
    SPEC,
    'install',
    [
      [2, e.bmcFailed('credentials', 'override'), 'armed · failed BMC_CREDENTIALS · job'],
      [90, e.discover(1), 'firmware · job'],
    ],
  ],
  [
    'OFFER_IGNORED: three asks and 40 s, then the next variant gets its own 40 s',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [14, e.discover(1), 'firmware · job'],
      [22, e.discover(1), 'firmware · job'],
      [49, e.tick(), 'firmware · job'],
      [51, e.tick(), 'firmware · stalled OFFER_IGNORED · job · bmc.readLog'],
      [54, e.discover(1, 1), 'firmware · job'],
      [58, e.discover(1, 1), 'firmware · job'],
      [66, e.discover(1, 1), 'firmware · job'],
      [95, e.tick(), 'firmware · stalled OFFER_IGNORED · job · bmc.readLog'],
      [98, e.discover(1, 2), 'firmware · job'],
      [99, e.took(), 'requesting · job'],
    ],
  ],
  [
    'a rival is named, and its victim goes on when we are heard',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.rival(), 'firmware · stalled RIVAL_PXE · job'],
      [12, e.took(), 'requesting · job'],
      [13, e.loader(), 'loader · job'],
    ],
  ],
  [
    'a rival that a machine took is named by its own REQUEST, and by the ACK that is heard',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.tookRival(), 'firmware · stalled RIVAL_PXE · job'],
      [12, e.took(), 'requesting · job'],
      [13, e.rival(), 'requesting · stalled RIVAL_PXE · job'],
    ],
  ],
  [
    'a rival whose offer comes late disturbs nothing, and is named where our loader is never asked for',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.took(), 'requesting · job'],
      [12, e.rival(false), 'requesting · job'],
      [42, e.tick(), 'requesting · stalled RIVAL_PXE · job'],
      [43, e.loader(), 'loader · job'],
    ],
  ],
  [
    'a rival that offered first is named again where our loader is never asked for',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.rival(false), 'firmware · stalled RIVAL_PXE · job'],
      [12, e.took(), 'requesting · job'],
      [43, e.tick(), 'requesting · stalled RIVAL_PXE · job'],
    ],
  ],
  [
    'POOL_EMPTY, not OFFER_IGNORED: nothing was offered, so no other offer is tried; an address that is free again lifts it',
    SPEC,
    'install',
    [
      [10, e.discoverLacks('address', 1), 'firmware · job'],
      [14, e.discoverLacks('address', 1), 'firmware · job'],
      [22, e.discoverLacks('address', 1), 'firmware · job'],
      [49, e.tick(), 'firmware · job'],
      [51, e.tick(), 'firmware · stalled POOL_EMPTY · job'],
      [54, e.discover(1), 'firmware · job'],
      [55, e.took(), 'requesting · job'],
    ],
  ],
  [
    'POOL_EMPTY of an iPXE in the ROM, which asks by itself',
    SPEC,
    'install',
    [
      [10, e.ipxeLacksAddress(), 'ipxe · job'],
      [31, e.tick(), 'ipxe · job'],
      [51, e.tick(), 'ipxe · stalled POOL_EMPTY · job'],
    ],
  ],
  [
    'LOADER_MISSING, where its firmware takes an address without a boot file',
    SPEC,
    'install',
    [
      [10, e.discoverLacks('loader', 1), 'firmware · job'],
      [11, e.tookNoLoader(), 'requesting · job'],
      [42, e.tick(), 'requesting · job'],
      [52, e.tick(), 'requesting · stalled LOADER_MISSING · job'],
    ],
  ],
  [
    'LOADER_MISSING, where its firmware takes no offer without a boot file',
    SPEC,
    'install',
    [
      [10, e.discoverLacks('loader', 1), 'firmware · job'],
      [14, e.discoverLacks('loader', 1), 'firmware · job'],
      [22, e.discoverLacks('loader', 1), 'firmware · job'],
      [51, e.tick(), 'firmware · stalled LOADER_MISSING · job'],
    ],
  ],
  [
    'NO_LOADER after 30 s',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.took(), 'requesting · job'],
      [42, e.tick(), 'requesting · stalled NO_LOADER · job · bmc.readLog'],
    ],
  ],
  [
    'TFTP_STALL after 10 s without an acknowledged block; movement lifts it',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.loader(), 'loader · job'],
      [19, e.loading(1000), 'loader · job'],
      [28, e.tick(), 'loader · job'],
      [30, e.tick(), 'loader · stalled TFTP_STALL · job · bmc.readLog'],
      [31, e.loader(), 'loader · job'],
    ],
  ],
  [
    'IPXE_HANG also where the thread that was asked for the size reports last: what went out is not unsaid',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.loader(), 'loader · job'],
      [12, e.loaded(), 'loader · job'],
      [13, e.loader(), 'loader · job'],
      [13, e.probed(), 'loader · job'],
      [57, e.tick(), 'loader · job'],
      [59, e.tick(), 'loader · stalled IPXE_HANG · job · bmc.readLog'],
    ],
  ],
  [
    'IPXE_HANG also where one transfer broke off beside the one that went through',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.loader(), 'loader · job'],
      [11, e.loader(), 'loader · job'],
      [12, e.brokeOff(), 'loader · stalled TFTP_STALL · job · bmc.readLog'],
      [13, e.loading(1000), 'loader · job'],
      [14, e.brokeOff(), 'loader · stalled TFTP_STALL · job · bmc.readLog'],
      [15, e.loaded(), 'loader · job'],
      [61, e.tick(), 'loader · stalled IPXE_HANG · job · bmc.readLog'],
    ],
  ],
  [
    'TFTP_STALL of a loader that is fetched once more, by its bytes',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.loader(), 'loader · job'],
      [12, e.loaded(), 'loader · job'],
      [13, e.loader(), 'loader · job'],
      [14, e.loading(1000), 'loader · job'],
      [23, e.tick(), 'loader · job'],
      [25, e.tick(), 'loader · stalled TFTP_STALL · job · bmc.readLog'],
    ],
  ],
  [
    'IPXE_HANG 45 s after the loader was sent',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.loader(), 'loader · job'],
      [12, e.loaded(), 'loader · job'],
      [56, e.tick(), 'loader · job'],
      [58, e.tick(), 'loader · stalled IPXE_HANG · job · bmc.readLog'],
    ],
  ],
  [
    'SCRIPT_NO_FETCH 20 s after iPXE',
    SPEC,
    'install',
    [
      [10, e.ipxe(), 'ipxe · job'],
      [31, e.tick(), 'ipxe · stalled SCRIPT_NO_FETCH · job · bmc.readLog'],
    ],
  ],
  [
    'REQUEST_REFUSED where iPXE asked and was refused; an answer lifts it',
    SPEC,
    'install',
    [
      [10, e.ipxe(), 'ipxe · job'],
      [12, e.refusedHttp(), 'ipxe · job'],
      [31, e.tick(), 'ipxe · stalled REQUEST_REFUSED · job · bmc.readLog'],
      [32, e.script('install'), 'script · job'],
    ],
  ],
  [
    'REQUEST_REFUSED where iPXE asks late',
    SPEC,
    'install',
    [
      [10, e.ipxe(), 'ipxe · job'],
      [31, e.tick(), 'ipxe · stalled SCRIPT_NO_FETCH · job · bmc.readLog'],
      [32, e.refusedHttp(), 'ipxe · stalled REQUEST_REFUSED · job · bmc.readLog'],
    ],
  ],
  [
    'REQUEST_REFUSED where iPXE asks with the address of its firmware; a loader that stops is told as ever',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.loader(), 'loader · job'],
      [12, e.refusedHttp(), 'loader · job'],
      [23, e.tick(), 'loader · stalled TFTP_STALL · job · bmc.readLog'],
      [24, e.loaded(), 'loader · job'],
      [25, e.refusedHttp(), 'loader · job'],
      [71, e.tick(), 'loader · stalled REQUEST_REFUSED · job · bmc.readLog'],
    ],
  ],
  [
    'REQUEST_REFUSED where firmware took its address and its request was refused',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.took(), 'requesting · job'],
      [12, e.refusedHttp(), 'requesting · job'],
      [42, e.tick(), 'requesting · stalled REQUEST_REFUSED · job · bmc.readLog'],
    ],
  ],
  [
    'DL_STALL after 15 s without bytes; bytes lift it',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      [11, e.kernel(), 'kernel · job'],
      [12, e.initrd(), 'initrd · job'],
      [20, e.moved(10), 'initrd · job'],
      [34, e.tick(), 'initrd · job'],
      [36, e.tick(), 'initrd · stalled DL_STALL · job · bmc.readLog'],
      [37, e.moved(20), 'initrd · job'],
    ],
  ],
  [
    'KERNEL_SILENT 180 s after the hand-over',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [194, e.tick(), 'handoff · job'],
      [196, e.tick(), 'handoff · stalled KERNEL_SILENT · job · bmc.readLog'],
    ],
  ],
  [
    'ALREADY_INSTALLED: events flow and no configuration is fetched',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.phase('config', 'initialize'), 'config · job'],
      [152, e.tick(), 'config · stalled ALREADY_INSTALLED · job'],
    ],
  ],
  [
    'HALTED: an install meets a disk with a system, and asks',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.halted(), 'halted · stalled HALTED · job'],
      [61, e.halted(), 'halted · stalled HALTED · job'],
    ],
  ],
  [
    'CONFIG_BAD, mended, goes on by itself',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.config(), 'config · job'],
      [32, e.configBad('unknown key "machin"'), 'config · failed CONFIG_BAD · job'],
      [90, e.config(), 'config · failed CONFIG_BAD · job'],
      [95, e.phase('install', 'install'), 'installing · spent'],
    ],
  ],
  [
    'INSTALL_FAILED of 1.13 ends the job when the machine reboots',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.config(), 'config · job'],
      [32, e.phase('install', 'install'), 'installing · spent'],
      [60, e.failed('no such disk'), 'installing · failed INSTALL_FAILED · spent · bmc.readLog'],
      [70, e.restarting('firmware'), 'rebooting · failed INSTALL_FAILED · bmc.clearOverride · job.ended'],
      [120, e.discover(2), 'firmware · failed INSTALL_FAILED'],
    ],
  ],
  ...(['no disk found matching provided parameters (serial: S1)', 'no disk matched the expression: x'] as const).map(
    (message): Story => [
      `DISK_MISSING: ${message.slice(0, 21)}`,
      SPEC,
      'install',
      [
        [10, e.script('install'), 'script · job'],
        ...images(11),
        [30, e.up(), 'up · job'],
        [31, e.config(), 'config · job'],
        [32, e.phase('install', 'install'), 'installing · spent'],
        [60, e.failed(message), 'installing · failed DISK_MISSING · spent · bmc.readLog'],
        [70, e.restarting('firmware'), 'rebooting · failed DISK_MISSING · bmc.clearOverride · job.ended'],
      ],
    ],
  ),
  [
    'INSTALL_FAILED of 1.14 may still end well: its controller tries again',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.config(), 'config · job'],
      [32, e.phase('diskSizeCheck', 'boot'), 'installing · spent'],
      [60, e.failed('registry'), 'installing · failed INSTALL_FAILED · spent · bmc.readLog'],
      [90, e.installed(), 'installed · spent'],
      [91, e.restarting('kexec'), 'rebooting · spent'],
    ],
  ],
  [
    'LOST_AFTER_INSTALL: three minutes after kexec',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [32, e.phase('install', 'install'), 'installing · spent'],
      [60, e.installed(), 'installed · spent'],
      [61, e.restarting('kexec'), 'rebooting · spent'],
      [240, e.tick(), 'rebooting · spent'],
      [242, e.tick(), 'rebooting · stalled LOST_AFTER_INSTALL · spent · bmc.readLog'],
      [243, e.up(), 'diskBoot · spent'],
    ],
  ],
  [
    'DISK_BOOT_MISSED: sent to its disk, and asking again and again within one boot',
    SPEC,
    undefined,
    [
      [10, e.discover(1), 'firmware'],
      [12, e.script('local'), 'script'],
      [40, e.discover(2), 'firmware'],
      [42, e.script('local'), 'script'],
      [70, e.discover(3), 'firmware'],
      [72, e.script('local'), 'script · stalled DISK_BOOT_MISSED'],
      [100, e.os(), 'diskBoot'],
    ],
  ],
  [
    'DISK_BOOT_MISSED: the same over boots',
    SPEC,
    undefined,
    [
      [10, e.script('local'), 'script'],
      [300, e.script('local'), 'script'],
      [600, e.script('local'), 'script · stalled DISK_BOOT_MISSED'],
    ],
  ],
  [
    'DISK_BOOT_MISSED: who comes back at once and again begins anew, and after three such boots it has failed',
    SPEC,
    undefined,
    [
      ...[0, 1, 2].flatMap((boot): Line[] => [
        [boot * 90 + 10, e.discover(3 * boot + 1), 'firmware'],
        [boot * 90 + 12, e.script('local'), boot < 2 ? 'script' : 'script · stalled DISK_BOOT_MISSED'],
        [boot * 90 + 40, e.discover(3 * boot + 2), 'firmware'],
        [boot * 90 + 42, e.script('local'), boot === 0 ? 'script' : 'script · stalled DISK_BOOT_MISSED'],
        [boot * 90 + 70, e.discover(3 * boot + 3), 'firmware'],
        [boot * 90 + 72, e.script('local'), 'script · stalled DISK_BOOT_MISSED'],
      ]),
      [280, e.discover(10), 'firmware · failed DISK_BOOT_MISSED'],
      [282, e.script('local'), 'script · failed DISK_BOOT_MISSED'],
      [320, e.os(), 'diskBoot'],
    ],
  ],
  [
    'UEFI tries its other network entries for four minutes before its disk: that is one boot, and no trouble',
    SPEC,
    undefined,
    [
      [10, e.discover(1), 'firmware'],
      [14, e.script('local'), 'script'],
      [200, e.discover(2, 0, 'http'), 'firmware'],
      [204, e.script('local'), 'script'],
      [300, e.os(), 'diskBoot'],
    ],
  ],
  [
    'IDENTITY_CONFLICT: seen in DHCP already, it holds the machine until a person has looked',
    SPEC,
    'install',
    [
      [
        10,
        conflicting(e.discover(1), 'UUID is in the inventory of node-02'),
        'firmware · conflict IDENTITY_CONFLICT · job',
      ],
      [40, e.discover(2), 'firmware · conflict IDENTITY_CONFLICT · job'],
      [50, e.release(), 'firmware · job'],
    ],
  ],
  [
    'LOOP: three boots that never came up suspend the job until it is released',
    SPEC,
    'reinstall',
    [
      [10, e.discover(1), 'firmware · job'],
      [100, e.discover(2), 'firmware · job'],
      [200, e.discover(3), 'firmware · job'],
      [300, e.discover(4), 'firmware · failed LOOP · job · suspended · bmc.readLog'],
      [310, e.script('local'), 'script · failed LOOP · job · suspended'],
      [320, e.bmcFailed('notTaken', 'override'), 'script · failed LOOP · job · suspended'],
      [400, e.release(), 'script · job'],
    ],
  ],
  [
    'all attempts used: the job fails, and says so',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      [40, e.up(), 'up · job'],
      [100, e.discover(2), 'firmware · job'],
      [140, e.script('install'), 'script · job'],
      [150, e.up(), 'up · job'],
      [200, e.discover(3), 'firmware · job'],
      [240, e.script('install'), 'script · job'],
      [250, e.up(), 'up · job'],
      [300, e.discover(4), 'firmware · failed ATTEMPTS_SPENT · bmc.clearOverride · job.ended · bmc.readLog'],
    ],
  ],
  [
    'a kernel panic is told, and the next boot starts without it',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.panic(), 'up · failed KERNEL_PANIC · job · bmc.readLog'],
      [90, e.discover(2), 'firmware · job'],
    ],
  ],
  [
    'an expired job disarms and takes its override back',
    SPEC,
    'install',
    [
      [2, e.overrideSet(), 'armed · job'],
      [1799, e.tick(), 'armed · job'],
      [1800, e.tick(), 'idle · failed JOB_EXPIRED · bmc.clearOverride · job.ended · bmc.readLog'],
    ],
  ],
  [
    'cancelled',
    SPEC,
    'install',
    [
      [5, e.cancel(), 'idle · bmc.clearOverride · job.ended'],
      [6, e.discover(1), 'firmware'],
    ],
  ],
  [
    'held: the job ends, and nothing arms it',
    SPEC,
    'install',
    [
      [5, e.hold(), 'idle · bmc.clearOverride · job.ended'],
      [6, armed('install'), 'idle'],
      [7, e.release(), 'idle'],
      [8, armed('install'), 'armed · job'],
    ],
  ],
  [
    'a late install report of a boot that was replaced still spends the job',
    SPEC,
    'install',
    [
      [10, e.script('install'), 'script · job'],
      ...images(11),
      [30, e.up(), 'up · job'],
      [31, e.config(), 'config · job'],
      [60, e.discover(2), 'firmware · job'],
      [61, e.pulling(7), 'firmware · spent'],
    ],
  ],
  [
    'the old system of an armed machine may install what it likes: that spends nothing',
    SPEC,
    'install',
    [
      [1, e.pulling(7), 'armed · job'],
      [2, e.stage('installing'), 'armed · job'],
    ],
  ],
  [
    'doubled and late evidence changes nothing twice',
    SPEC,
    'install',
    [
      [10, e.discover(1), 'firmware · job'],
      [11, e.took(), 'requesting · job'],
      [12, e.loader(), 'loader · job'],
      [13, e.script('install'), 'script · job'],
      [14, e.kernel(), 'kernel · job'],
      [15, e.initrd(), 'initrd · job'],
      [15, e.kernel(), 'initrd · job'],
      [16, e.sent(), 'handoff · job'],
      [16, e.kernel(), 'handoff · job'],
      [17, e.beacon(), 'handoff · job'],
      [17, e.initrd(), 'handoff · job'],
      [17, e.discover(1), 'handoff · job'],
      [18, e.took(), 'handoff · job'],
      [30, e.up(), 'up · job'],
      [31, e.took(), 'up · job'],
      [31, e.sent(), 'up · job'],
      [31, e.ipxe(), 'up · job'],
    ],
  ],
];

test.each(STORIES)('%s', (_name, spec, kind, lines) => {
  const { told } = tell(spec, kind, lines);
  const show = ([seconds, body, text]: Line) => `${seconds} ${body.type}: ${text}`;
  expect(told.map(show)).toEqual(lines.map(show));
});

describe('what a story leaves', () => {
  const finished = (name: string): NodeState => {
    const story = STORIES.find(([title]) => title.startsWith(name));
    if (story === undefined) throw new Error(`no story ${name}`);
    return stateOf(tell(story[1], story[2], story[3]).fleet);
  };

  test('an install is remembered with its version and configuration', () => {
    expect(finished('Talos 1.13').seen).toMatchObject({
      talosVersion: 'v1.13.9',
      configHash: 'config-1',
      installedAt: at(250),
    });
    expect(finished('Talos 1.13').endedJobs).toMatchObject([{ id: 'job-1', outcome: 'done' }]);
  });

  test('a reinstall is two boots, and each is kept with its way', () => {
    const node = finished('a reinstall wipes');
    expect(node.endedJobs[0]?.attempts).toBe(2);
    expect(node.pastAttempts.at(-1)).toMatchObject({ answered: 'wipe', cameUp: true, end: 'rebooted in rebooting' });
  });

  test('a person is told what to press', () => {
    expect(finished('a wipe ends').ask).toBeUndefined();
    const story = STORIES.find(([title]) => title.startsWith('the override is ignored once'));
    const lines = story?.[3].slice(0, -1) ?? [];
    expect(stateOf(tell(SPEC, 'install', lines).fleet).ask).toMatch(/power-cycle r7 U1 \(node-01\)/);
    expect(stateOf(tell(NO_BMC, 'install', []).fleet).ask).toMatch(/F12/);
  });

  test('smaller offers and other loaders are tried next time', () => {
    expect(finished('IPXE_HANG').loaderVariant).toBe(1);
    expect(finished('TFTP_STALL').loaderVariant).toBe(1);
    expect(finished('NO_LOADER').offerVariant).toBe(1);
    expect(finished('POOL_EMPTY').offerVariant).toBe(0);
    expect(finished('LOADER_MISSING').offerVariant).toBe(0);
    expect(finished('LOADER_MISSING').health).toMatchObject({ detail: 'no loader' });
    const refused = finished('REQUEST_REFUSED where firmware');
    expect(refused.health).toMatchObject({
      detail: 'its request for the script (/s) was refused (414: a target of more than 8192 bytes)',
    });
    expect(refused.offerVariant).toBe(0);
  });
});

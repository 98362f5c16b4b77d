import { type Event, type EventBody, type EvidenceType, isEvidence } from '../../src/core/event.ts';
import { emptyFleet, type Fleet, nodeOf } from '../../src/core/fleet.ts';
import type { Actor, Job, JobKind, Plan } from '../../src/core/job.ts';
import { type Attempt, type NodeState, newNode } from '../../src/core/node.ts';
import type { Phase, PhaseFacts, PhaseName } from '../../src/core/phase.ts';
import { reduce } from '../../src/core/reduce.ts';
import type { Reduced } from '../../src/core/reduced.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { PLAIN_MACHINE } from './plain-machine.ts';

/** Machines, plans, jobs and events as the tests of the core and of the gate need them. Times are seconds from T0. */

export const T0 = 1_760_000_000_000;
export const at = (seconds: number): number => T0 + seconds * 1000;
export const ACTOR: Actor = { user: 'ada', from: 'tty1' };

export function specOf(name: string, changes: Partial<NodeSpec> = {}): NodeSpec {
  const index = Number(/\d+$/.exec(name)?.[0] ?? 1);
  const hex = index.toString(16).padStart(2, '0');
  return {
    ...PLAIN_MACHINE,
    name,
    file: `rack-7/${name}.yaml`,
    place: { rack: 'r7', unit: index, height: 1 },
    cluster: 'prod',
    identity: { macs: [`52:54:00:00:00:${hex}`], uuid: uuidOf(index), serial: `CZJ${hex}40K` },
    bmc: { url: `https://10.0.0.${index}`, username: 'admin', password: { from: 'env', name: 'BMC_PASSWORD' } },
    network: { ip: `10.77.0.${index}`, dns: [], ntp: [] },
    ...changes,
  };
}

export const uuidOf = (index: number): string => `4c4c4544-0056-3510-8052-${index.toString(16).padStart(12, '0')}`;
export const macOf = (spec: NodeSpec): string => spec.identity.macs[0] ?? '';

export function withoutBmc(spec: NodeSpec): NodeSpec {
  const { bmc: _bmc, ...rest } = spec;
  return rest;
}

const KERNEL_ARGS: { readonly [K in JobKind]: readonly string[] } = {
  install: ['talos.platform=metal', 'talos.halt_if_installed=1', 'talos.config=http://10.77.0.254/c/{token}'],
  reinstall: ['talos.platform=metal', 'talos.config=http://10.77.0.254/c/{token}'],
  wipe: ['talos.platform=metal'],
  inspect: ['talos.platform=metal'],
  rescue: ['talos.platform=metal'],
};

export function planOf(kind: JobKind, changes: Partial<Plan> = {}): Plan {
  const withConfig = kind === 'install' || kind === 'reinstall';
  return {
    hash: `plan-${kind}`,
    kind,
    profile: 'talos',
    arch: 'amd64',
    version: 'v1.13.9',
    ...(withConfig ? { configHash: 'config-1' } : {}),
    configChecked: withConfig,
    disk: { sure: true, why: 'one serial' },
    kernelArgs: KERNEL_ARGS[kind],
    ...changes,
  };
}

export function jobOf(kind: JobKind, changes: Partial<Job> = {}): Job {
  return {
    id: 'job-1',
    kind,
    plan: planOf(kind),
    armedAt: at(-60),
    armedBy: ACTOR,
    expiresAt: at(1800),
    maxAttempts: 3,
    attempts: 1,
    override: 'set',
    overrideRetried: false,
    underGlass: false,
    stored: true,
    ...changes,
  };
}

export function attemptOf(changes: Partial<Attempt> = {}): Attempt {
  return {
    number: 4,
    openedAt: at(-30),
    way: [{ phase: 'firmware', at: at(-30) }],
    job: 'job-1',
    cameUp: false,
    lastActivityAt: at(-5),
    ...changes,
  };
}

/** Facts of every phase; several where moves depend on them. */
export const PHASE_SAMPLES: { readonly [P in PhaseName]: readonly PhaseFacts[P][] } = {
  idle: [{}],
  armed: [{}],
  powering: [{ overrideSet: true }, { overrideSet: true, poweredAt: at(-20) }],
  firmware: [{ arch: 7, firmware: 'uefi', xid: 11, asks: 2, offered: 'ipxe.efi' }],
  requesting: [
    { firmware: 'uefi', address: '10.77.0.1', bootFile: 'ipxe.efi' },
    { firmware: 'uefi', address: '10.77.0.1', rival: '10.9.9.9 offered boot file evil.0' },
    { firmware: 'uefi', address: '10.77.0.1', bootFile: 'ipxe.efi', notServed: 'evil.0' },
  ],
  loader: [
    { file: 'ipxe.efi', sentBytes: 100, totalBytes: 1000 },
    { file: 'ipxe.efi', sentBytes: 1000, totalBytes: 1000, doneAt: at(-6) },
    { file: 'ipxe.efi', sentBytes: 0, totalBytes: 1000, open: 2 },
    { file: 'ipxe.efi', sentBytes: 0, totalBytes: 1000, open: 0 },
    { file: 'ipxe.efi', sentBytes: 0, totalBytes: 1000, sizeOnly: true },
    { file: 'ipxe.efi', sentBytes: 0, totalBytes: 1000, lostBlock: 1468 },
    { file: 'ipxe.efi', sentBytes: 0, totalBytes: 1000, lostBlock: 1468, eased: 'blocks' },
  ],
  ipxe: [{ address: '10.77.0.1' }, { asks: 2, offered: 'http://10.77.0.254/boot.ipxe' }],
  script: [
    { answer: 'install', reason: 'armed' },
    { answer: 'local', reason: 'not armed' },
    { answer: 'wipe', reason: 'armed' },
  ],
  kernel: [{ sentBytes: 10, totalBytes: 100, bytesPerSecond: 5, movedAt: at(-5) }],
  initrd: [{ sentBytes: 10, totalBytes: 100, bytesPerSecond: 5, movedAt: at(-5) }],
  handoff: [{ beacon: true }, { beacon: false }],
  up: [{ by: 'wire' }, { by: 'wire', lacks: { of: 'address', why: 'no address', since: at(-5), asks: 3 } }],
  config: [{}, { servedAt: at(-5) }, { servedAt: at(-1000) }],
  maintenance: [{ api: false }],
  halted: [{}],
  wiping: [{}],
  installing: [{ disk: '/dev/sda', percent: 4, step: 'pull' }],
  installed: [{}],
  rebooting: [
    { how: 'kexec', after: 'install' },
    { how: 'firmware', after: 'wipe' },
    { how: 'unknown', after: 'other' },
  ],
  diskBoot: [{ askedAgain: 0 }, { askedAgain: 0, lacks: { of: 'turn', why: 'not its turn', since: at(-5), asks: 1 } }],
  running: [{ unmet: ['nodeReady'] }],
  ready: [{}],
  down: [{ why: 'off' }, { why: 'silent', was: 'ready' }, { why: 'silent', was: 'running' }],
};

export function phaseOf<P extends PhaseName>(is: P, facts: PhaseFacts[P], since = at(-5)): Phase {
  return { is, since, ...facts } as unknown as Phase;
}

export function nodeWith(phase: Phase, changes: Partial<NodeState> = {}, spec = specOf('node-01')): NodeState {
  return { ...newNode(spec, at(-3600)), seen: { address: '10.77.0.1' }, ...changes, phase };
}

type BodyOf<E extends EvidenceType> = Extract<EventBody, { readonly type: E }>;

const node = 'node-01';
const mac = '52:54:00:00:00:01';
const hardware = { uuid: uuidOf(1), serial: 'CZJ0140K', product: 'R640' };
const identity = { vendor: 'Dell', macs: [], drives: [], bootTargets: [], canInsertMedia: false } as const;
const problem = { code: 'notTaken', message: 'HTTP 503', advice: 'look at it' } as const;
const ask = {
  type: 'dhcp.firmwareAsked',
  node,
  mac,
  arch: 7,
  firmware: 'uefi',
  secs: 0,
  variant: 0,
  reason: '',
} as const;
const script = { type: 'http.scriptAsked', node, mac, address: '10.77.0.1', reason: 'why', hardware } as const;
const stage = { type: 'talos.stageChanged', node, ready: false, unmet: [] } as const;

/** One or more samples of every piece of evidence. */
export const EVENT_SAMPLES: { readonly [E in EvidenceType]: readonly BodyOf<E>[] } = {
  'bmc.overrideSet': [{ type: 'bmc.overrideSet', node, job: 'job-1', read: { target: 'pxe', enabled: 'once' } }],
  'bmc.powerAsked': [{ type: 'bmc.powerAsked', node, job: 'job-1', action: 'cycle' }],
  'bmc.resetDone': [
    { type: 'bmc.resetDone', node, job: 'job-1', action: 'cycle', power: 'on', askedAt: at(-9) },
    { type: 'bmc.resetDone', node, action: 'cycle', power: 'on', askedAt: at(-3600) },
    { type: 'bmc.resetDone', node, action: 'forceOff', power: 'off', askedAt: at(-9) },
  ],
  'bmc.powerFound': [
    { type: 'bmc.powerFound', node, job: 'job-1', action: 'on', power: 'on' },
    { type: 'bmc.powerFound', node, action: 'forceOff', power: 'off' },
  ],
  'bmc.powerRead': [
    { type: 'bmc.powerRead', node, power: 'on' },
    { type: 'bmc.powerRead', node, power: 'off' },
  ],
  'bmc.orderRead': [
    { type: 'bmc.orderRead', node, job: 'job-1', found: 'usedUp', read: { target: 'none', enabled: 'disabled' } },
    { type: 'bmc.orderRead', node, job: 'job-1', found: 'stands', read: { target: 'pxe', enabled: 'once' } },
  ],
  'bmc.identityRead': [
    { type: 'bmc.identityRead', node, identity: { ...identity, serial: 'CZJ0140K' } },
    { type: 'bmc.identityRead', node, identity: { ...identity, serial: 'OTHER77' } },
  ],
  'bmc.progressRead': [{ type: 'bmc.progressRead', node, progress: 'OSRunning' }],
  'bmc.logRead': [
    { type: 'bmc.logRead', node, lines: [{ at: at(-180), severity: 'Critical', text: 'PSU 2 failed' }] },
    { type: 'bmc.logRead', node, lines: [] },
  ],
  'bmc.failed': [{ type: 'bmc.failed', node, job: 'job-1', step: 'power', problem }],
  'bmc.overrideCleared': [{ type: 'bmc.overrideCleared', node, job: 'job-1' }],
  'bmc.mediaInserted': [{ type: 'bmc.mediaInserted', node, job: 'job-1' }],
  'bmc.mediaEjected': [{ type: 'bmc.mediaEjected', node, job: 'job-1' }],
  'bmc.located': [
    { type: 'bmc.located', node, on: true },
    { type: 'bmc.located', node, on: true, rest: 'Lit' },
  ],
  'dhcp.firmwareAsked': [
    { ...ask, xid: 77, offered: 'ipxe.efi' },
    { ...ask, xid: 11 },
    { ...ask, xid: 10 },
  ],
  'dhcp.firmwareTook': [{ type: 'dhcp.firmwareTook', node, mac, address: '10.77.0.1', firmware: 'uefi', via: 'dhcp' }],
  'dhcp.ipxeAsked': [{ type: 'dhcp.ipxeAsked', node, mac, address: '10.77.0.1', xid: 5 }],
  'dhcp.osAsked': [{ type: 'dhcp.osAsked', node, mac, address: '10.77.0.1', hostName: 'node-01' }],
  'dhcp.rivalAnswered': [{ type: 'dhcp.rivalAnswered', node, server: '10.9.9.9', bootFile: 'evil.0', ack: true }],
  'dhcp.addressOffered': [{ type: 'dhcp.addressOffered', node, server: '10.77.0.2', address: '10.77.0.50' }],
  'dhcp.leftUnanswered': [{ type: 'dhcp.leftUnanswered', node, mac, why: 'its request came by relay 10.99.9.1' }],
  'loader.requested': [
    { type: 'loader.requested', node, file: 'ipxe.efi', totalBytes: 1000, by: 'tftp' },
    { type: 'loader.requested', node, file: 'ipxe.efi', totalBytes: 1000, by: 'http', sizeOnly: true },
  ],
  'loader.progressed': [
    { type: 'loader.progressed', node, file: 'ipxe.efi', sentBytes: 500, totalBytes: 1000 },
    { type: 'loader.progressed', node, file: 'other.efi', sentBytes: 500, totalBytes: 1000 },
  ],
  'loader.withheld': [{ type: 'loader.withheld', node, file: 'ipxe.efi', reason: 'it is sent to its disk' }],
  'loader.notServed': [{ type: 'loader.notServed', node, file: 'pxelinux.0' }],
  'loader.firstBlockLost': [{ type: 'loader.firstBlockLost', node, file: 'ipxe.efi', blockBytes: 1468 }],
  'loader.sent': [{ type: 'loader.sent', node, file: 'ipxe.efi', totalBytes: 1000 }],
  'loader.aborted': [
    { type: 'loader.aborted', node, file: 'ipxe.efi', probe: true, reason: 'size' },
    { type: 'loader.aborted', node, file: 'ipxe.efi', probe: false, reason: 'code 0' },
    { type: 'loader.aborted', node, file: 'ipxe.efi', probe: false, reason: 'code 0', sentBytes: 700 },
  ],
  'http.bootstrapAsked': [{ type: 'http.bootstrapAsked', node }],
  'http.scriptAsked': [
    { ...script, answer: 'install', job: 'job-1' },
    { ...script, answer: 'wipe', job: 'job-1' },
    { ...script, answer: 'local', conflict: 'serial of another' },
  ],
  'http.answerWithheld': [
    { type: 'http.answerWithheld', node, job: 'job-1', what: 'script', askedAt: 1, unsaved: true, reason: 'full' },
    { type: 'http.answerWithheld', node, job: 'job-1', what: 'image', askedAt: 1, reason: 'cancelled' },
  ],
  'http.answerSent': [{ type: 'http.answerSent', node, job: 'job-1', askedAt: 1 }],
  'http.scriptPutOff': [
    { type: 'http.scriptPutOff', node, address: '10.77.0.1', reason: 'its power is being switched' },
  ],
  'http.scriptAwaited': [{ type: 'http.scriptAwaited', node }],
  'image.requested': [
    { type: 'image.requested', node, image: 'kernel', totalBytes: 100 },
    { type: 'image.requested', node, image: 'initrd', totalBytes: 100 },
  ],
  'image.progressed': [
    { type: 'image.progressed', node, image: 'kernel', sentBytes: 50, totalBytes: 100, bytesPerSecond: 9 },
    { type: 'image.progressed', node, image: 'initrd', sentBytes: 50, totalBytes: 100, bytesPerSecond: 9 },
  ],
  'image.sent': [
    { type: 'image.sent', node, image: 'kernel', totalBytes: 100 },
    { type: 'image.sent', node, image: 'initrd', totalBytes: 100 },
  ],
  'image.aborted': [{ type: 'image.aborted', node, image: 'kernel', sentBytes: 20, reason: 'reset' }],
  'http.handedOff': [{ type: 'http.handedOff', node }],
  'http.configServed': [{ type: 'http.configServed', node, job: 'job-1', configHash: 'config-1' }],
  'http.configCut': [{ type: 'http.configCut', node, sentBytes: 100, reason: 'reset' }],
  'http.configRefused': [{ type: 'http.configRefused', node, reason: 'token' }],
  'http.requestRefused': [
    { type: 'http.requestRefused', node, path: '/s', status: 414, reason: 'a target of more than 8192 bytes' },
  ],
  'talos.connected': [
    { type: 'talos.connected', node, address: '10.77.0.1', by: 'events' },
    { type: 'talos.connected', node, address: '10.77.0.1', by: 'events', goesOn: true },
  ],
  'talos.phaseStarted': [
    ...['haltIfInstalled', 'wipeDisks', 'install', 'config', 'kexec', 'meta'].map((phase) => ({
      type: 'talos.phaseStarted' as const,
      node,
      phase,
    })),
    { type: 'talos.phaseStarted', node, sequence: 'boot', phase: 'diskSizeCheck' },
  ],
  'talos.sequenceStarted': [
    { type: 'talos.sequenceStarted', node, sequence: 'boot' },
    { type: 'talos.sequenceStarted', node, sequence: 'initialize' },
  ],
  'talos.stageChanged': [
    { ...stage, stage: 'booting' },
    { ...stage, stage: 'installing' },
    { ...stage, stage: 'maintenance' },
    { ...stage, stage: 'rebooting' },
    { ...stage, stage: 'running', unmet: ['nodeReady'] },
    { ...stage, stage: 'running', ready: true },
  ],
  'talos.maintenanceEntered': [{ type: 'talos.maintenanceEntered', node }],
  'talos.halted': [{ type: 'talos.halted', node }],
  'talos.configFailed': [{ type: 'talos.configFailed', node, message: 'unknown key' }],
  'talos.failed': [{ type: 'talos.failed', node, message: 'no such disk' }],
  'talos.restarting': [
    { type: 'talos.restarting', node, how: 'kexec' },
    { type: 'talos.restarting', node, how: 'firmware' },
    { type: 'talos.restarting', node, how: 'off' },
  ],
  'talos.disconnected': [
    { type: 'talos.disconnected', node },
    { type: 'talos.disconnected', node, lost: true },
  ],
  'talos.addressed': [{ type: 'talos.addressed', node, hostName: 'node-01', addresses: ['10.77.0.1'] }],
  'talos.installing': [{ type: 'talos.installing', node, disk: '/dev/sda', percent: 12, step: 'pulling' }],
  'talos.installed': [{ type: 'talos.installed', node, text: 'install successful' }],
  'talos.dropped': [{ type: 'talos.dropped', node, by: 'kernelLog', count: 9 }],
  'talos.kernelStarted': [{ type: 'talos.kernelStarted', node }],
  'talos.readyLogged': [{ type: 'talos.readyLogged', node }],
  'talos.panicked': [{ type: 'talos.panicked', node, message: 'Kernel panic' }],
  'talos.hardwareRead': [{ type: 'talos.hardwareRead', node, disks: [], serial: 'CZJ0140K' }],
  'talos.certificateLogged': [{ type: 'talos.certificateLogged', node, fingerprint: 'print-1' }],
  'talos.checked': [
    { type: 'talos.checked', node, facts: { version: 'v1.13.9', services: [] } },
    { type: 'talos.checked', node, facts: { services: [], problem: 'the certificate expired' } },
  ],
  'talos.resetEnded': [{ type: 'talos.resetEnded', node, job: 'job-1' }],
  'talos.bootstrapEnded': [{ type: 'talos.bootstrapEnded', node, already: false }],
  'talos.configApplied': [
    { type: 'talos.configApplied', node, configHash: 'config-1' },
    { type: 'talos.configApplied', node, configHash: 'config-1', job: 'job-1', attempt: 4 },
    { type: 'talos.configApplied', node, configHash: 'config-1', job: 'job-1', attempt: 4, problem: 'refused' },
  ],
  'probe.opened': [
    { type: 'probe.opened', node, address: '10.77.0.1', certificate: 'maintenance' },
    { type: 'probe.opened', node, address: '10.77.0.1', certificate: 'cluster' },
    { type: 'probe.opened', node, address: '10.77.0.1', certificate: 'none' },
  ],
  'probe.closed': [{ type: 'probe.closed', node }],
};

export function fleetOf(...specs: readonly NodeSpec[]): Fleet {
  return apply(emptyFleet(T0), [0, { type: 'inventory.loaded', nodes: specs, site: 'lab', hash: 'h', warnings: [] }]);
}

/** Events with their second: `[12, { type: … }]`. */
export type Timed = readonly [seconds: number, body: EventBody];

export function apply(fleet: Fleet, ...events: readonly Timed[]): Fleet {
  return events.reduce((now, [seconds, body]) => reduceAt(now, seconds, body)[0], fleet);
}

export function reduceAt(fleet: Fleet, seconds: number, body: EventBody): Reduced {
  return reduce(fleet, { ...body, time: at(seconds) } as Event);
}

/** The state of one machine, or the test fails here. */
export function stateOf(fleet: Fleet, name = 'node-01'): NodeState {
  const state = nodeOf(fleet, name);
  if (state === undefined) throw new Error(`${name} is not in the fleet`);
  return state;
}

export function armed(kind: JobKind, changes: Partial<Extract<EventBody, { type: 'operator.armed' }>> = {}): EventBody {
  const name = changes.node ?? 'node-01';
  return {
    type: 'operator.armed',
    node: name,
    job: 'job-1',
    kind,
    plan: planOf(kind),
    confirmed: name,
    expiresAt: at(1800),
    by: ACTOR,
    ...changes,
  };
}

export const stored = (name = 'node-01', job = 'job-1'): EventBody => ({ type: 'job.stored', node: name, job });
export const isBodyOfNode = (body: EventBody): boolean => isEvidence({ ...body, time: 0 } as Event);

/** Frozen to the last leaf: whoever writes into it throws. Maps cannot be frozen, so their writers are taken away. */
export function deepFreeze<T>(value: T, seen = new Set<unknown>()): T {
  if (typeof value !== 'object' || value === null || seen.has(value) || Object.isFrozen(value)) return value;
  seen.add(value);
  if (value instanceof Map) {
    for (const [, one] of value) deepFreeze(one, seen);
    const refuse = () => {
      throw new Error('a map of the fleet was changed in place');
    };
    Object.defineProperties(value, { set: { value: refuse }, delete: { value: refuse }, clear: { value: refuse } });
  }
  for (const one of Object.values(value)) deepFreeze(one, seen);
  return Object.freeze(value);
}

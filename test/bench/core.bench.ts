import type { Event, EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import type { JobKind, Plan } from '../../src/core/job.ts';
import { reduce } from '../../src/core/reduce.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { answerGate } from '../../src/netboot/gate.ts';
import { resolveIdentity } from '../../src/netboot/identity.ts';
import { PLAIN_MACHINE } from '../core/plain-machine.ts';
import { sayRow } from './bench-row.ts';

/**
 * Event to state at 2,000 machines that all install at once, and the gate's answer. The aim is a mean below 50 µs.
 * `node test/bench/core.bench.ts`
 */

const MACHINES = 2000;
const AIM_MICROS = 50;
const T0 = 1_760_000_000_000;
const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
const mac = (index: number) => `52:54:00:00:${hex(index >> 8, 2)}:${hex(index & 255, 2)}`;
const ip = (index: number) => `10.77.${16 + (index >> 8)}.${index & 255}`;
const by = { user: 'bench', from: 'tty1' };

function spec(index: number): NodeSpec {
  return {
    ...PLAIN_MACHINE,
    name: `node-${String(index).padStart(4, '0')}`,
    file: `rack-${index % 50}/node-${index}.yaml`,
    place: { rack: `r${index % 50}`, unit: (index % 40) + 1, height: 1 },
    role: index % 100 === 0 ? 'controlplane' : 'worker',
    cluster: `c${index % 20}`,
    identity: { macs: [mac(index)], uuid: `4c4c4544-0056-3510-8052-b4c0${hex(index, 8)}`, serial: `CZJ2140K${index}` },
    bmc: { url: `https://${ip(index)}`, username: 'admin', password: { from: 'env', name: 'P' } },
    network: { ip: ip(index), dns: [], ntp: [] },
  };
}

function plan(kind: JobKind): Plan {
  const kernelArgs = ['talos.platform=metal', 'talos.halt_if_installed=1'];
  const disk = { sure: true, why: 'serial' };
  return { hash: 'p', kind, profile: 'talos', arch: 'amd64', configHash: 'c', configChecked: true, disk, kernelArgs };
}

/** One boot from the BMC to ready, with the progress reports that make most of the traffic. */
function bootOf({ name: node, identity }: NodeSpec, index: number): readonly EventBody[] {
  const own = identity.macs[0] ?? '';
  const address = ip(index);
  const asked = { mac: own, arch: 7, firmware: 'uefi', xid: index, secs: 0, variant: 0, reason: '' } as const;
  const moves = Array.from({ length: 16 }, (_, part): EventBody => {
    const sentBytes = part * 6e6;
    return { type: 'image.progressed', node, image: 'initrd', sentBytes, totalBytes: 1e8, bytesPerSecond: 1e7 };
  });
  const pulls = Array.from(
    { length: 6 },
    (_, part): EventBody => ({ type: 'talos.installing', node, percent: part * 15 }),
  );
  return [
    { type: 'bmc.overrideSet', node, job: `j${index}`, read: { target: 'pxe', enabled: 'once' } },
    { type: 'bmc.resetDone', node, job: `j${index}`, action: 'cycle', power: 'on', askedAt: T0 },
    { type: 'dhcp.firmwareAsked', node, offered: 'ipxe.efi', ...asked },
    { type: 'lease.granted', mac: own, address, until: T0 + 9e6, node },
    { type: 'dhcp.firmwareTook', node, mac: own, address, firmware: 'uefi', via: 'dhcp' },
    { type: 'loader.requested', node, file: 'ipxe.efi', totalBytes: 1e6, by: 'tftp' },
    { type: 'loader.progressed', node, file: 'ipxe.efi', sentBytes: 5e5, totalBytes: 1e6 },
    { type: 'loader.sent', node, file: 'ipxe.efi', totalBytes: 1e6 },
    { type: 'dhcp.ipxeAsked', node, mac: own, address, xid: index },
    {
      type: 'http.scriptAsked',
      node,
      mac: own,
      address,
      answer: 'install',
      job: `j${index}`,
      reason: 'armed',
      hardware: {},
    },
    { type: 'image.requested', node, image: 'kernel', totalBytes: 2e7 },
    { type: 'image.requested', node, image: 'initrd', totalBytes: 1e8 },
    ...moves,
    { type: 'image.sent', node, image: 'initrd', totalBytes: 1e8 },
    { type: 'http.handedOff', node },
    { type: 'dhcp.osAsked', node, mac: own, address },
    { type: 'talos.connected', node, address, by: 'events' },
    { type: 'talos.phaseStarted', node, sequence: 'initialize', phase: 'config' },
    { type: 'http.configServed', node, job: `j${index}`, configHash: 'c' },
    { type: 'talos.phaseStarted', node, sequence: 'install', phase: 'install' },
    ...pulls,
    { type: 'talos.installed', node, text: 'install successful' },
    { type: 'talos.restarting', node, how: 'kexec' },
    { type: 'talos.connected', node, address, by: 'events' },
    { type: 'talos.stageChanged', node, stage: 'running', ready: false, unmet: ['nodeReady'] },
    { type: 'talos.stageChanged', node, stage: 'running', ready: true, unmet: [] },
  ];
}

/** The mean is of processor time, so that other work on this machine does not count; the rest is wall clock. */
interface Run {
  readonly name: string;
  readonly micros: number[];
  cpuMicros: number;
}

function timed(run: Run, act: () => Fleet): Fleet {
  const from = performance.now();
  const next = act();
  run.micros.push((performance.now() - from) * 1000);
  return next;
}

function withCpu(run: Run, act: () => void): void {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  run.cpuMicros += user + system;
}

function row({ name, micros, cpuMicros }: Run): string {
  const sorted = [...micros].sort((a, b) => a - b);
  const mean = cpuMicros / sorted.length;
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1).padStart(9);
  const ratio = `${(AIM_MICROS / mean).toFixed(1)}x`;
  return `${name.padEnd(34)} ${String(sorted.length).padStart(7)} ${mean.toFixed(1).padStart(8)} ${at(0.5)} ${at(0.99)} ${ratio.padStart(8)}`;
}

function armAll(specs: readonly NodeSpec[], inWaves: boolean): readonly EventBody[] {
  const entries = specs.map(({ name }, index) => ({ node: name, job: `j${index}`, plan: plan('install') }));
  if (inWaves) {
    const wave = { wave: 'w', kind: 'install', canary: 0, width: MACHINES, stopAfterFailures: MACHINES, by } as const;
    return [{ type: 'site.waveStarted', nodes: entries, ...wave }];
  }
  return entries.flatMap(({ node, job, plan: kind }): readonly EventBody[] => [
    { type: 'operator.armed', node, job, kind: 'install', plan: kind, expiresAt: T0 + 1e8, by },
    { type: 'job.stored', node, job },
  ]);
}

/** All machines boot side by side: step by step through the boots, one machine after the other. */
function storm(name: string, inWaves: boolean): readonly Run[] {
  const specs = Array.from({ length: MACHINES }, (_, index) => spec(index));
  const boots = specs.map(bootOf);
  const events: Run = { name, micros: [], cpuMicros: 0 };
  const ticks: Run = { name: `${name}: clock over all`, micros: [], cpuMicros: 0 };
  let ms = T0;
  const send = (fleet: Fleet, body: EventBody): Fleet => reduce(fleet, { ...body, time: ms } as Event)[0];
  let fleet = send(emptyFleet(T0), { type: 'inventory.loaded', nodes: specs, site: 'bench', hash: 'h', warnings: [] });
  for (const body of armAll(specs, inWaves)) fleet = send(fleet, body);
  const length = boots[0]?.length ?? 0;
  for (let part = 0; part < length; part += 1) {
    ms += 1000;
    withCpu(events, () => {
      for (const boot of boots) {
        const body = boot[part];
        const now = fleet;
        if (body !== undefined) fleet = timed(events, () => send(now, body));
      }
    });
    withCpu(ticks, () => {
      const now = fleet;
      fleet = timed(ticks, () => send(now, { type: 'clock.ticked' }));
    });
  }
  return [events, ticks];
}

function ask(fleet: Fleet, { macs, uuid = '', serial = '' }: NodeSpec['identity']): Fleet {
  const identity = resolveIdentity(fleet, { macs, uuid, serial });
  const now = { planHash: 'p', configHash: 'c', artefactsProven: true };
  answerGate({ fleet, route: 'script', at: T0 + 5000, identity, token: 'absent', arch: 'amd64', now });
  return fleet;
}

function gate(): Run {
  const specs = Array.from({ length: MACHINES }, (_, index) => spec(index));
  let fleet = emptyFleet(T0);
  const bodies: readonly EventBody[] = [
    { type: 'inventory.loaded', nodes: specs, site: 'bench', hash: 'h', warnings: [] },
    ...armAll(specs, false),
  ];
  for (const body of bodies) [fleet] = reduce(fleet, { ...body, time: T0 } as Event);
  const run: Run = { name: 'identity and gate, per answer', micros: [], cpuMicros: 0 };
  withCpu(run, () => {
    for (const { identity } of [...specs, ...specs, ...specs]) timed(run, () => ask(fleet, identity));
  });
  return run;
}

storm('warm-up', false);
const runs = [...storm('2,000 installs', false), ...storm('2,000 installs in one wave', true), gate()];
console.log(
  `${'event -> state, µs'.padEnd(34)} ${'events'.padStart(7)} ${'mean'.padStart(8)} ${'median'.padStart(9)} ${'p99'.padStart(9)} ${'aim/mean'.padStart(8)}`,
);
for (const run of runs) console.log(row(run));
for (const { name, micros, cpuMicros } of runs) {
  if (name.includes('clock')) continue;
  const mean = cpuMicros / micros.length;
  const own = [{ what: 'mean', unit: 'µs', value: mean, atMost: AIM_MICROS }];
  sayRow({ series: 'core', what: name, unit: 'µs', ours: mean, peers: {}, better: 'down', own });
}

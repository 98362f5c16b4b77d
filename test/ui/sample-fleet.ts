import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { indexIdentities } from '../../src/core/identity-index.ts';
import type { Job, Plan } from '../../src/core/job.ts';
import { type NodeState, newNode } from '../../src/core/node.ts';
import type { Phase, PhaseName } from '../../src/core/phase.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import type { AuditLine, LogLine, NodePreview, ServiceRow } from '../../src/link/screen-port.ts';
import { jobOf as plainJobOf } from '../core/kit.ts';
import { PLAIN_MACHINE } from '../core/plain-machine.ts';

/** A rack for the goldens: every phase is somewhere in it, and the clock stands at 14:02:31. */
export const NOW = Date.UTC(2026, 10, 21, 14, 2, 31);
const SECOND = 1_000;
const MINUTE = 60_000;

export function specOf(rack: string, unit: number, over: Partial<NodeSpec> = {}): NodeSpec {
  const number = String(unit).padStart(2, '0');
  const site = Number(rack.slice(1));
  return {
    ...PLAIN_MACHINE,
    name: `${rack}-u${number}`,
    file: `${rack}/${rack}-u${number}.yaml`,
    place: { rack, unit, height: 1 },
    role: unit <= 3 ? 'controlplane' : 'worker',
    cluster: 'prod',
    identity: { macs: [`52:54:00:0a:${hex(site)}:${hex(unit)}`], serial: `CZJ2140K${number}` },
    bmc: { url: `https://10.21.${site}.${unit}`, username: 'admin', password: { from: 'env', name: 'BMC_PASSWORD' } },
    network: { ip: `10.20.${site}.${unit}`, dns: [], ntp: [] },
    talos: { ...PLAIN_MACHINE.talos, version: 'v1.13.9' },
    ...over,
  };
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');

export const samplePlan: Plan = {
  hash: 'f00dfeed',
  kind: 'install',
  profile: 'talos',
  arch: 'amd64',
  version: 'v1.13.9',
  configChecked: true,
  disk: { sure: true, why: 'serial S6CKNE0T' },
  kernelArgs: [],
};

export function jobOf(name: string, over: Partial<Job> = {}): Job {
  return plainJobOf('install', {
    id: `job-${name}`,
    plan: samplePlan,
    armedAt: NOW - 6 * MINUTE,
    armedBy: { user: 'maria', from: 'jump2' },
    expiresAt: NOW + 24 * MINUTE,
    ...over,
  });
}

const phase = (value: Phase): Phase => value;
const since = (ms: number) => NOW - ms;

/** The way of a boot that reached `last`, each step with its seconds. */
export function wayTo(last: PhaseName, endAt: number): NodeState['attempt'] {
  const steps: readonly (readonly [PhaseName, number])[] = [
    ['powering', 2],
    ['firmware', 3],
    ['requesting', 1],
    ['loader', 1],
    ['ipxe', 1],
    ['script', 1],
    ['kernel', 2],
    ['initrd', 3],
    ['handoff', 20],
    ['up', 12],
    ['config', 9],
    ['installing', 60],
    ['rebooting', 15],
    ['diskBoot', 20],
    ['running', 10],
    ['ready', 0],
  ];
  const upTo = steps.slice(0, steps.findIndex(([name]) => name === last) + 1);
  const spent = upTo.slice(0, -1).reduce((sum, [, seconds]) => sum + seconds * SECOND, 0);
  let at = endAt - spent;
  const openedAt = at;
  const way = upTo.map(([name, seconds]) => {
    const step = { phase: name, at };
    at += seconds * SECOND;
    return step;
  });
  return { number: 2, openedAt, way, cameUp: last === 'ready', lastActivityAt: endAt };
}

function node(spec: NodeSpec, value: Phase, over: Partial<NodeState> = {}): NodeState {
  const fresh = newNode(spec, NOW - 60 * MINUTE);
  const attempt = wayTo(value.is, value.since);
  const seen = {
    lastAt: NOW - 3 * SECOND,
    address: spec.network.ip ?? '',
    mac: spec.identity.macs[0] ?? '',
    talosVersion: 'v1.13.9',
  };
  return {
    ...fresh,
    phase: value,
    phaseFrom: 'wire',
    power: { is: 'on', since: NOW - 8 * MINUTE, readAt: NOW - 20 * SECOND },
    seen,
    ...(attempt === undefined ? {} : { attempt }),
    ...over,
  };
}

const MiB = 1024 * 1024;

/** One rack of forty as in the drawing: mostly ready, some on their way. */
export function sampleNodes(rack: string, broken: boolean): NodeState[] {
  return Array.from({ length: 40 }, (_, index) => {
    const unit = 40 - index;
    const spec = specOf(rack, unit);
    const job = jobOf(spec.name);
    switch (true) {
      case broken && unit === 33:
        return node(spec, phase({ is: 'installing', since: since(259 * SECOND), step: 'partition disk' }), {
          job,
          health: {
            is: 'failed',
            code: 'DISK_MISSING',
            since: since(250 * SECOND),
            detail: 'disk: no boot device, want nvme >= 900 GB, found sda 480 GB SATA',
          },
          pastAttempts: [
            {
              number: 1,
              openedAt: since(900 * SECOND),
              closedAt: since(700 * SECOND),
              end: 'rebooted in kernel',
              way: [{ phase: 'firmware', at: since(900 * SECOND) }],
              cameUp: false,
              lastActivityAt: since(700 * SECOND),
            },
          ],
          evidence: [
            { at: since(250 * SECOND), from: 'node', text: 'installer: no disk matches {type:nvme,min:900GB}' },
          ],
        });
      case broken && unit === 12:
        return node(
          spec,
          phase({
            is: 'loader',
            since: since(552 * SECOND),
            file: 'ipxe.efi',
            sentBytes: 400_000,
            totalBytes: 1_104_384,
          }),
          {
            job,
            health: { is: 'stalled', code: 'TFTP_STALL', since: since(542 * SECOND), detail: 'TFTP retry 7' },
          },
        );
      case unit % 10 === 7 && unit > 10:
        return node(
          spec,
          phase({
            is: 'kernel',
            since: since(14 * SECOND),
            sentBytes: unit * MiB * 2,
            totalBytes: 96 * MiB,
            bytesPerSecond: 30 * MiB,
            movedAt: since(SECOND),
          }),
          { job },
        );
      case unit % 5 === 4:
        return node(
          spec,
          phase({
            is: 'installing',
            since: since((unit + 20) * 4 * SECOND),
            percent: (unit * 13) % 100,
            step: 'image',
          }),
          { job: { ...job, spentAt: since(20 * SECOND) } },
        );
      case unit % 9 === 8:
        return node(
          spec,
          phase({
            is: 'firmware',
            since: since(unit * SECOND),
            arch: 7,
            firmware: 'uefi',
            xid: 1,
            asks: 1,
            offered: 'ipxe.efi',
          }),
          { job },
        );
      case unit === 6 || unit === 5:
        return {
          ...newNode(spec, NOW),
          power: { is: 'off', since: NOW, readAt: NOW },
          phase: { is: 'down', since: NOW, why: 'off' },
        };
      default:
        return node(spec, phase({ is: 'ready', since: since(unit * 67 * SECOND) }));
    }
  });
}

/** Its firmware boots as a BIOS, and its serial number is a placeholder. */
const LEGACY_STRANGER = {
  mac: '3c:ec:ef:aa:01:7e',
  firstAt: NOW - 200_000,
  lastAt: NOW - 2_000,
  asks: 41,
  asked: 'firmware' as const,
  arch: 0,
  serial: 'To be filled by O.E.M. and a long tail that no column holds',
  vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
  ignored: false,
};

/** `unsaved`: the failures, and a full disk. */
export type SampleKind = 'empty' | 'normal' | 'failure' | 'stale' | 'unsaved';

export function sampleFleet(kind: SampleKind): Fleet {
  const fleet = emptyFleet(NOW);
  if (kind === 'empty') return { ...fleet, site: 'dc1' };
  const broken = kind === 'failure' || kind === 'unsaved';
  const nodes = ['r06', 'r07', 'r08'].flatMap((rack) => sampleNodes(rack, broken && rack === 'r07'));
  return {
    ...fleet,
    site: 'dc1',
    startedAt: NOW - 52 * 60 * MINUTE,
    nodes: shardMapOf(nodes.map((one) => [one.name, one] as const)),
    index: indexIdentities(nodes.map((one) => one.spec)),
    services: {
      dhcp: { is: 'ok', listens: 'eth1 :67' },
      tftp: broken
        ? { is: 'failed', why: 'port 69 is taken by another program', advice: 'stop it' }
        : { is: 'ok', listens: '10.20.0.2 :69' },
      http: { is: 'ok', listens: '10.20.0.2 :80' },
    },
    leases: shardMapOf([
      [
        '52:54:00:0a:07:21',
        [{ mac: '52:54:00:0a:07:21', address: '10.20.7.33', until: NOW + 3_600_000, node: 'r07-u33' }],
      ],
    ]),
    strangers: shardMapOf(
      [
        {
          mac: '52:54:00:0c:11:01',
          firstAt: NOW - 40_000,
          lastAt: NOW - 4_000,
          asks: 3,
          asked: 'firmware' as const,
          arch: 7,
          vendorClass: 'PXEClient:Arch:00007',
          serial: 'CZJ2140M31',
          ignored: false,
        },
        {
          mac: '52:54:00:0c:12:01',
          firstAt: NOW - 40_000,
          lastAt: NOW - 6_000,
          asks: 3,
          asked: 'firmware' as const,
          arch: 7,
          switchPort: 'tor8/p12',
          ignored: false,
        },
        {
          mac: 'b8:27:eb:10:22:9f',
          firstAt: NOW - 90_000,
          lastAt: NOW - 31_000,
          asks: 9,
          asked: 'firmware' as const,
          arch: 11,
          ignored: false,
        },
        {
          mac: 'de:ad:be:ef:00:01',
          firstAt: NOW - 900_000,
          lastAt: NOW - 482_000,
          asks: 1,
          asked: 'os' as const,
          hostName: 'printer',
          ignored: true,
        },
        ...(broken ? [LEGACY_STRANGER] : []),
      ].map((one) => [one.mac, one] as const),
    ),
    waves: {
      w1: {
        id: 'w1',
        kind: 'install',
        entries: nodes
          .filter((one) => one.spec.place.rack === 'r07' && one.job !== undefined)
          .map((one) => ({ node: one.name, job: `job-${one.name}`, plan: samplePlan }))
          // The one that failed went first.
          .sort((a, b) => Number(broken && b.node === 'r07-u33') - Number(broken && a.node === 'r07-u33')),
        canary: 1,
        width: 5,
        stopAfterFailures: 1,
        startedAt: NOW - 6 * MINUTE,
        by: { user: 'maria', from: 'jump2' },
        state: broken ? 'stopped' : 'running',
        ...(broken ? { why: 'r07-u33, which went first, failed; the rest is not started' } : {}),
        started: [broken ? 'r07-u33' : 'r07-u39'],
        ended: broken ? { 'r07-u33': { outcome: 'failed', at: NOW - 250 * SECOND, code: 'DISK_MISSING' } } : {},
      },
    },
    ...(broken
      ? {
          rivals: {
            '10.20.0.99': {
              server: '10.20.0.99',
              mac: '00:0c:29:aa:bb:cc',
              iface: 'eth1',
              offers: '10.20.9.1',
              bootFile: 'pxelinux.0',
              firstAt: NOW - 60_000,
              lastAt: NOW - 5_000,
              count: 4,
            },
          },
        }
      : {}),
    ...(kind === 'unsaved'
      ? { saving: { is: 'failing' as const, since: NOW - 10_000, reason: 'no space left on device' } }
      : {}),
  };
}

export function sampleLog(): readonly LogLine[] {
  const at = (seconds: number) => NOW - seconds * SECOND;
  return [
    { at: at(290), source: 'dhcp', level: 'info', text: 'DISCOVER 52:54:00:0a:07:21 arch=7 via eth1' },
    { at: at(290), source: 'dhcp', level: 'info', text: 'OFFER 10.20.7.33 next-server 10.20.0.2 file ipxe.efi' },
    { at: at(289), source: 'tftp', level: 'debug', text: 'block 1 acked' },
    { at: at(286), source: 'tftp', level: 'info', text: 'ipxe.efi 1,104,384 B in 0.9 s (blksize 1468)' },
    { at: at(285), source: 'http', level: 'info', text: 'GET /boot/script 200 1.2 kB' },
    { at: at(282), source: 'http', level: 'info', text: 'GET /img/1f0c/kernel 200 14.6 MB 112 MB/s' },
    { at: at(259), source: 'inst', level: 'info', text: 'stage=partition start' },
    { at: at(250), source: 'inst', level: 'error', text: 'no disk matches {type:nvme,min:900GB}; found sda 480GB ATA' },
    { at: at(250), source: 'ctl', level: 'warn', text: 'r07-u33 INSTALL -> FAILED (attempt 2 of 3)' },
  ];
}

export const sampleServices: readonly ServiceRow[] = [
  {
    name: 'DHCP',
    state: 'ok',
    word: 'ok',
    listens: 'eth1 :67',
    perSecond: 2.1,
    busyPercent: 3,
    errors5m: 0,
    since: NOW - 187_860_000,
  },
  {
    name: 'TFTP',
    state: 'ok',
    word: 'ok',
    listens: '10.20.0.2 :69',
    perSecond: 0.4,
    busyPercent: 1,
    errors5m: 7,
    since: NOW - 187_860_000,
  },
  {
    name: 'HTTP',
    state: 'ok',
    word: 'ok',
    listens: '10.20.0.2 :80',
    bytesPerSecond: 112_000_000,
    busyPercent: 61,
    errors5m: 0,
    since: NOW - 187_860_000,
  },
  { name: 'disk', state: 'warn', word: '88%', listens: '/var/lib/crashcart, 41 GB free' },
];

/** The same with a port that another program has taken. */
export const failedServices: readonly ServiceRow[] = sampleServices.map((row) =>
  row.name === 'TFTP'
    ? {
        name: 'TFTP',
        state: 'failed',
        word: 'FAILED',
        listens: '-',
        note: 'port 69 is taken by another program; stop it',
      }
    : row,
);

export const sampleAudit: readonly AuditLine[] = [
  {
    at: NOW - 60_000,
    who: 'maria',
    from: 'jump2',
    what: 'arm install',
    nodes: ['r07-u33'],
    outcome: 'armed',
    screen: 'rack',
  },
  {
    at: NOW - 3_600_000,
    who: 'root',
    from: 'tty1',
    what: 'power cycle',
    nodes: ['r07-u01', 'r07-u02'],
    outcome: '2 nodes cycled',
    screen: 'list',
  },
  {
    at: NOW - 90_000_000,
    who: 'jo',
    from: '10.1.2.3',
    what: 'break glass',
    nodes: [],
    outcome: 'open for 15 min: canary wedged',
  },
];

/** Refused orders stand in the history as well. */
export const refusedAudit: readonly AuditLine[] = [
  {
    at: NOW - 20_000,
    who: 'jo',
    from: '10.1.2.3',
    what: 'arm reinstall',
    nodes: ['r07-u33'],
    outcome: 'refused: r07-u33 is protected by maria: it holds the only copy',
    screen: 'list',
  },
  ...sampleAudit,
];

export function samplePreview(name: string, over: Partial<NodePreview> = {}): NodePreview {
  return {
    node: name,
    planHash: 'f00dfeed',
    disks: [
      {
        name: 'nvme0n1',
        sizeBytes: 3_840_755_982_336,
        serial: 'S6CKNE0T',
        model: 'SAMSUNG MZQL23T8',
        holds: ['EFI', 'STATE', 'EPHEMERAL'],
        erased: true,
      },
      { name: 'nvme1n1', sizeBytes: 3_840_755_982_336, serial: 'S6CKNE1T', holds: [], erased: false },
    ],
    now: ['READY for 41 days, last seen 3 s ago', 'worker of prod'],
    refusals: [],
    warnings: ['2 mounts are in use'],
    image: 'talos v1.13.9',
    profile: 'talos',
    script: '#!ipxe\nkernel http://10.20.0.2/a/kernel\nboot',
    kernelArgs: ['talos.platform=metal', 'console=tty0'],
    config: 'machine:\n  type: worker\n  token: ***\n  install:\n    diskSelector:\n      serial: S6CKNE0T',
    diff: ['-  image: v1.13.4', '+  image: v1.13.9', '   wipe: false'],
    ...over,
  };
}

import { createHash } from 'node:crypto';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import type { Artefact, JobKind, Plan } from '../../src/core/job.ts';
import type { ArtefactPort, LoadedFile, Rendered, RenderedPort } from '../../src/core/ports.ts';
import { reduce } from '../../src/core/reduce.ts';
import type { NodeSpec, SiteSpec, SubnetSpec } from '../../src/core/spec.ts';
import { type BootSite, buildBootSite } from '../../src/netboot/boot-site.ts';
import { PLAIN_MACHINE } from '../core/plain-machine.ts';

/** A small site and an engine that is nothing but the reducer, for answers and servers alike. */

export const START = Date.UTC(2026, 0, 1, 12);

export function nodeSpec(name: string, mac: string, change: Partial<NodeSpec> = {}): NodeSpec {
  const digit = Number.parseInt(mac.slice(-2), 16);
  return {
    ...PLAIN_MACHINE,
    name,
    file: `${name}.yaml`,
    place: { rack: 'r1', unit: digit, height: 1 },
    identity: { macs: [mac], uuid: uuidOf(mac), serial: `SN-${name}` },
    ...change,
  };
}

export const uuidOf = (mac: string): string => `56d96de7-4f69-4562-98b5-${mac.replaceAll(':', '')}`;

export function subnet(change: Partial<SubnetSpec> = {}): SubnetSpec {
  return {
    relay: '127.77.0.1',
    dhcp: 'authoritative',
    subnet: '127.77.0.0/16',
    pool: { from: '127.77.1.1', to: '127.77.1.200' },
    gateway: '127.77.0.1',
    dns: ['127.77.0.2'],
    ntp: ['127.77.0.3'],
    domain: 'lab.example',
    routes: [],
    leaseSeconds: 3600,
    dedicated: false,
    ...change,
  };
}

export function siteSpec(networks: readonly SubnetSpec[], change: Partial<SiteSpec> = {}): SiteSpec {
  return {
    site: 'test',
    networks,
    ports: { dhcp: 67, proxy: 4011, tftp: 69, http: 80, events: 4002, kernelLog: 4001 },
    loaders: { bios: 'undionly.kpxe', uefi: 'ipxe.efi', arm64: 'ipxe-arm64.efi' },
    talos: { factory: 'https://factory.example' },
    unknown: 'note',
    allowDiskPath: false,
    ...change,
  };
}

export function bootSite(spec: SiteSpec, address = '127.0.0.1'): BootSite {
  const site = buildBootSite(spec, (net) => net.address ?? address);
  if (!site.ok) throw new Error(site.error);
  return site.value;
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

export interface TestEngine {
  readonly fleet: () => Fleet;
  readonly now: () => number;
  readonly emit: (event: EventBody) => void;
  readonly events: EventBody[];
  readonly advance: (ms: number) => void;
  readonly load: (nodes: readonly NodeSpec[]) => void;
}

/** `realTime`: servers measure transfers with the real clock. */
export function createTestEngine(nodes: readonly NodeSpec[], realTime = false): TestEngine {
  let fleet = emptyFleet(START);
  let offset = 0;
  const began = Date.now();
  const now = () => START + offset + (realTime ? Date.now() - began : 0);
  const events: EventBody[] = [];
  const emit = (event: EventBody): void => {
    events.push(event);
    fleet = reduce(fleet, { ...event, time: now() })[0];
  };
  const load = (specs: readonly NodeSpec[]): void =>
    emit({ type: 'inventory.loaded', nodes: specs, site: 'test', hash: 'h', warnings: [] });
  load(nodes);
  return {
    fleet: () => fleet,
    now,
    emit,
    events,
    advance: (ms) => {
      offset += ms;
    },
    load,
  };
}

export const CONFIG = 'version: v1alpha1\nmachine:\n  type: worker\n';
const CMDLINE = [
  'talos.platform=metal',
  'console=tty0',
  'talos.config=http://{server}/t/{token}/config.yaml',
  'talos.events.sink={server}:4002',
];

export interface TestImages {
  readonly kernel: Artefact;
  readonly initrd: Artefact;
}

export const FAKE_IMAGES: TestImages = {
  kernel: { path: 'vmlinuz', sha256: 'a'.repeat(64), sizeBytes: 1000 },
  initrd: { path: 'initramfs', sha256: 'b'.repeat(64), sizeBytes: 2000 },
};

export function planOf(kind: JobKind, images: TestImages = FAKE_IMAGES, change: Partial<Plan> = {}): Plan {
  const installs = kind === 'install' || kind === 'reinstall';
  return {
    hash: `plan-${kind}`,
    kind,
    profile: 'talos',
    arch: 'amd64',
    version: 'v1.13.9',
    kernel: images.kernel,
    initrd: images.initrd,
    ...(installs ? { configHash: sha256(CONFIG) } : {}),
    configChecked: installs,
    disk: { sure: true, why: 'serial S1' },
    kernelArgs: installs
      ? [...CMDLINE, ...(kind === 'install' ? ['talos.halt_if_installed=1'] : [])]
      : CMDLINE.filter((arg) => !arg.startsWith('talos.config=')),
    ...change,
  };
}

export function renderedOf(node: string, plan: Plan, change: Partial<Rendered> = {}): Rendered {
  const config = plan.configHash === undefined ? {} : { configText: CONFIG };
  return { node, plan, artefactsProven: true, ...config, ...change };
}

export function arm(engine: TestEngine, node: string, kind: JobKind, plan: Plan = planOf(kind)): RenderedPort {
  const by = { user: 'test', from: 'tty1' };
  const expiresAt = engine.now() + 30 * 60_000;
  engine.emit({ type: 'operator.armed', node, job: `job-${node}`, kind, plan, confirmed: node, expiresAt, by });
  engine.emit({ type: 'job.stored', node, job: `job-${node}` });
  const rendered = renderedOf(node, plan);
  return { of: (name) => (name === node ? rendered : undefined) };
}

export const NOTHING_RENDERED: RenderedPort = { of: () => undefined };

/** Loaders by name that need no file: for answers that only name them. */
export function namedLoaders(...names: readonly string[]): ArtefactPort {
  return {
    loader: (name) => (names.includes(name) ? fileOf(name) : undefined),
    artefact: (artefact) => ({ ...fileOf(artefact.path), sha256: artefact.sha256, sizeBytes: artefact.sizeBytes }),
    discovery: () => ({ ...FAKE_IMAGES, args: ['talos.platform=metal', 'talos.events.sink={server}:4002'] }),
  };
}

const fileOf = (name: string): LoadedFile => ({ path: `/${name}`, sizeBytes: 1000, sha256: 'c'.repeat(64) });

export const ALL_LOADERS = namedLoaders('undionly.kpxe', 'ipxe.pxe', 'ipxe.efi', 'snponly.efi', 'ipxe-arm64.efi');

/** Every loader is there, and no machine is armed. */
export const NOBODY_ARMED = { rendered: NOTHING_RENDERED, artefacts: ALL_LOADERS } as const;

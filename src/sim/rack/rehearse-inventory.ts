import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { SeenDisk } from '../../core/node.ts';
import type { DiskRule, DocumentRef, Inventory, NodeSpec, ProfileSpec } from '../../core/spec.ts';
import { parseIpv4, renderIpv4 } from '../../protocols/ipv4.ts';
import { matchesDisk, parseDiskSize } from '../../talos/disk-rule.ts';
import { personalityOf } from '../bmc/personalities.ts';
import type { PersonalityName } from '../bmc/personality.ts';
import type { FirmwareName } from '../firmware/firmware-kinds.ts';
import type { SimMachineSpec } from '../machine/sim-host.ts';
import { createRandom, type Random } from '../run/random.ts';
import { generateHardware, personalityFor } from './generate-site.ts';
import type { PlannedMachine, PlannedNetwork, SimFile } from './planned-machine.ts';
import { BMC_PASSWORD_ENV, BMC_USER, type BmcAt } from './render-site-files.ts';

/** The operator's own rack on loopback: exactly his machines, in his places, at addresses of 127/8. */
export interface Rehearsal {
  /** In the order of the site's own, each with its manner of DHCP. */
  readonly networks: readonly PlannedNetwork[];
  readonly machines: readonly PlannedMachine[];
  readonly images: readonly {
    readonly version: string;
    readonly schematic: string;
    readonly arch: 'amd64' | 'arm64';
  }[];
  readonly files: (bmcOf: (name: string) => BmcAt | undefined) => readonly SimFile[];
}

const DEFAULT_VERSION = 'v1.13.9';
const HOST_BITS = 0xffff;
const PERSONALITIES: readonly PersonalityName[] = ['dell-idrac9-7', 'hpe-ilo6', 'supermicro-x11', 'openbmc'];

export interface RehearsalOptions {
  /** Where the inventory is, and what its references start from. */
  readonly folder: string;
  readonly seed: number;
  /** The schematic of machines for which none is written. */
  readonly vanilla: string;
  /** Segments of this computer, one for each network of the site; where there are fewer, networks share. */
  readonly segments: readonly [PlannedNetwork, ...PlannedNetwork[]];
  /** Of a machine whose configuration has no secrets: the file with made-up ones. */
  readonly below?: (node: NodeSpec) => string | undefined;
}

export function rehearseInventory(inventory: Inventory, options: RehearsalOptions): Rehearsal {
  const { folder, seed, vanilla, segments, below } = options;
  const { site, nodes } = inventory;
  const random = createRandom(`${seed}/rehearsal`);
  const addresses = assignAddresses(inventory, segments);
  const machines = nodes.map((node, i): PlannedMachine => {
    const personality = personalityFor(firmwareOf(node), i, PERSONALITIES);
    return {
      spec: hardwareOf(node, i + 1, personality, random.fork(node.name)),
      faults: node.bmc === undefined ? { noBmc: true } : {},
      isKnown: true,
      isOnAtStart: false,
      personality,
      bmcByTls: false,
      role: node.role === 'controlplane' ? 'controlplane' : 'worker',
      network: networkOf(inventory, node) % segments.length,
      ...given(addresses.get(node.name)),
    };
  });
  const images = nodes.map((node) => ({
    version: node.talos.version ?? site.talos.version ?? DEFAULT_VERSION,
    schematic: schematicOf(node) ?? site.talos.schematic ?? vanilla,
    arch: node.arch,
  }));
  return {
    networks: segments.map((segment, i) => ({ ...segment, dhcp: site.networks[i]?.dhcp ?? segment.dhcp })),
    machines,
    images,
    files: (bmcOf) => [
      { path: '_profiles.yaml', text: profilesText(inventory.profiles, folder) },
      ...nodes.map((node) => ({
        path: node.file,
        text: nodeText(node, { ip: addresses.get(node.name), below: below?.(node) }, folder, bmcOf(node.name)),
      })),
    ],
  };
}

function numberOf(text: string | undefined): number | undefined {
  const parsed = text === undefined ? undefined : parseIpv4(text);
  return parsed?.ok === true ? parsed.value : undefined;
}

function networkOf({ site }: Inventory, node: NodeSpec): number {
  const ip = numberOf(node.network.ip);
  if (ip === undefined) return 0;
  const index = site.networks.findIndex(({ subnet }) => {
    const [base, bits = '32'] = subnet.split('/');
    const first = numberOf(base) ?? 0;
    return Math.floor(ip / 2 ** (32 - Number(bits))) === Math.floor(first / 2 ** (32 - Number(bits)));
  });
  return Math.max(0, index);
}

const given = (ip: string | undefined) => (ip === undefined ? {} : { ip });

/** The last two bytes stay, so that `10.20.7.33` is found again as `127.77.7.33`; each network has a /16 of its own. */
function assignAddresses(inventory: Inventory, segments: RehearsalOptions['segments']): ReadonlyMap<string, string> {
  const taken = new Set<number>();
  const addresses = new Map<string, string>();
  for (const node of inventory.nodes) {
    const ip = numberOf(node.network.ip);
    if (ip === undefined) continue;
    const segment = segments[networkOf(inventory, node) % segments.length] ?? segments[0];
    const net = (127 * 256 + segment.net) * 65_536;
    const isOfPool = (host: number) =>
      net + host >= (numberOf(segment.pool.from) ?? 0) && net + host <= (numberOf(segment.pool.to) ?? 0);
    let host = ip & HOST_BITS;
    // .0.0 to .0.255 is for us, the relay and a rival; the last is a broadcast address in many eyes.
    while (host < 256 || host === HOST_BITS || taken.has(net + host) || isOfPool(host))
      host = (host + 0x4000 + (host < 256 ? 0 : 1)) & HOST_BITS;
    taken.add(net + host);
    addresses.set(node.name, renderIpv4(net + host));
  }
  return addresses;
}

const FIRMWARE_OF: Readonly<Record<'bios' | 'uefi' | 'http', FirmwareName>> = {
  bios: 'bios-plain',
  uefi: 'uefi',
  http: 'uefi-http',
};

function firmwareOf({ arch, firmware }: NodeSpec): FirmwareName {
  if (arch === 'arm64') return firmware === 'http' ? 'arm64-http' : 'arm64';
  return FIRMWARE_OF[firmware ?? 'uefi'];
}

/** What the inventory says of a machine is true of it; what it does not say is made up. */
function hardwareOf(node: NodeSpec, index: number, personality: PersonalityName, random: Random): SimMachineSpec {
  const { identity } = node;
  const { manufacturer, model } = personalityOf(personality);
  const made = generateHardware(
    node.name,
    index,
    identity.switchPort ?? `${node.place.rack ?? 'rack'}/${index}`,
    random,
  );
  const [first, ...rest] = identity.macs;
  return {
    ...made,
    macs: first === undefined ? made.macs : [first, ...rest],
    uuid: identity.uuid ?? made.uuid,
    serial: identity.serial ?? made.serial,
    boardSerial: identity.boardSerial ?? made.boardSerial,
    asset: identity.asset ?? made.asset,
    manufacturer,
    product: model,
    firmware: firmwareOf(node),
    bootOrder: 'diskFirst',
    circuit: identity.switchPort ?? made.circuit,
    disks: made.disks.flatMap((disk, i) => {
      const info = i === 0 ? diskFor(node.talos.disk, disk.info) : diskBeside(node.talos.disk, disk.info);
      return info === undefined ? [] : [{ ...disk, info }];
    }),
  };
}

/** The first disk is one that the rule means; sizes that are compared get what is just enough. */
function diskFor(rule: DiskRule | undefined, made: SeenDisk): SeenDisk {
  if (rule === undefined) return made;
  const plain = (text: string | undefined) => text?.replaceAll('*', 'SIM');
  const size = rule.size === undefined ? undefined : parseDiskSize(rule.size);
  const { serial, wwid, model, busPath, type, byId, path } = rule;
  const fits = size?.ok !== true ? made.sizeBytes : sizeFor(size.value.op, size.value.sizeBytes);
  return {
    ...made,
    sizeBytes: fits,
    ...(serial === undefined ? {} : { serial: plain(serial) ?? '' }),
    ...(wwid === undefined ? {} : { wwid: plain(wwid) ?? '' }),
    ...(model === undefined ? {} : { model: plain(model) ?? '' }),
    ...(busPath === undefined ? {} : { busPath: plain(busPath) ?? '' }),
    ...(type === undefined ? {} : { type }),
    ...(byId === undefined ? {} : { byId: [byId] }),
    ...(path === undefined ? {} : { name: path.replace(/^\/dev\//, '') }),
  };
}

/** What else may stand in such a machine; SATA has no wwid that begins like that of NVMe. */
const OTHERS: readonly ((made: SeenDisk) => SeenDisk)[] = [
  (made) => made,
  (made) => sata(made, 'ssd', 'SIM SATA 3840'),
  (made) => sata(made, 'hdd', 'SIM EXOS 3840'),
  (made) => ({ ...made, name: 'nvme7n1', model: 'SIM BOOT 64', sizeBytes: 64_023_257_088 }),
  (made) => ({ ...made, name: 'nvme7n1', model: 'SIM CD8 30720', sizeBytes: 30_725_970_923_520 }),
];

const sata = (made: SeenDisk, type: 'ssd' | 'hdd', model: string): SeenDisk => ({
  ...made,
  name: 'sda',
  type,
  model,
  wwid: `naa.5${made.wwid?.replace(/^eui\./, '').slice(1) ?? ''}`,
  busPath: '/pci0000:00/0000:00:17.0/ata1',
});

/** Where a rule means more than one disk the gate refuses the machine: none that we make up may be one of them. */
function diskBeside(rule: DiskRule | undefined, made: SeenDisk): SeenDisk | undefined {
  if (rule === undefined) return made;
  return OTHERS.map((other) => other(made)).find((disk) => !matchesDisk(rule, disk));
}

function sizeFor(op: '>=' | '<=' | '>' | '<' | '==', sizeBytes: number): number {
  if (op === '>') return sizeBytes + 1e9;
  return op === '<' ? sizeBytes - 1e9 : sizeBytes;
}

/** Extensions would be asked of an image factory on the Internet; here their list is its own schematic. */
function schematicOf({ talos }: NodeSpec): string | undefined {
  const { extensions = [], customization, schematic } = talos;
  if (extensions.length === 0 && customization === undefined) return schematic;
  const wish = customization === undefined ? extensions : { extensions, customization };
  return createHash('sha256').update(JSON.stringify(wish)).digest('hex');
}

function refText(ref: DocumentRef, folder: string): string {
  if (ref.from === 'file') return ref.path.startsWith('~/') ? ref.path : resolve(folder, ref.path);
  // The command was written to run beside the inventory, not beside its copy.
  return `exec:cd '${resolve(folder).replaceAll("'", "'\\''")}' && ${ref.command}`;
}

/** JSON is YAML, and quotes whatever must be quoted. */
function nodeText(
  node: NodeSpec,
  { ip, below }: { readonly ip: string | undefined; readonly below: string | undefined },
  folder: string,
  bmc: BmcAt | undefined,
): string {
  const { place, identity, network, talos } = node;
  const schematic = schematicOf(node);
  const own = talos.config === undefined ? undefined : refText(talos.config, folder);
  // A patch is merged into what stands below it, and wins.
  const patches = [
    ...(below === undefined || own === undefined ? [] : [own]),
    ...talos.patches.map((ref) => refText(ref, folder)),
  ];
  const values = {
    rack: place.rack,
    unit: place.unit,
    height: place.height,
    slot: place.slot,
    role: node.role,
    cluster: node.cluster,
    profile: node.profile,
    macs: identity.macs.length === 0 ? undefined : identity.macs,
    uuid: identity.uuid,
    serial: identity.serial,
    boardSerial: identity.boardSerial,
    asset: identity.asset,
    switchPort: identity.switchPort,
    bmc:
      bmc === undefined
        ? undefined
        : { url: bmc.url, username: BMC_USER, password: `env:${BMC_PASSWORD_ENV}`, fingerprint: bmc.fingerprint },
    ip,
    arch: node.arch,
    firmware: node.firmware,
    loader: node.loader,
    localBoot: node.localBoot,
    protected: node.protected,
    firmwareReboot: node.firmwareReboot,
    labels: node.labels,
    talos: {
      version: talos.version,
      schematic,
      kernelArgs: talos.kernelArgs.length === 0 ? undefined : talos.kernelArgs,
      kernelArgsReplace: talos.kernelArgsReplace || undefined,
      disk: talos.disk,
      config: below ?? own,
      patches: patches.length === 0 ? undefined : patches,
    },
    domain: network.domain,
  };
  return `${JSON.stringify(values, null, 2)}\n`;
}

const BUILT_IN: ReadonlySet<string> = new Set(['talos', 'talos-ram', 'inspect', 'local']);

function profilesText(profiles: Readonly<Record<string, ProfileSpec>>, folder: string): string {
  const own = Object.entries(profiles).filter(([name]) => !BUILT_IN.has(name));
  const written = own.map(([name, profile]) => {
    const entries = Object.entries(profile).map(([key, value]) => {
      const isRef = typeof value === 'object' && value !== null && 'from' in value;
      return [key, isRef ? refText(value as DocumentRef, folder) : value];
    });
    return [name, Object.fromEntries(entries)];
  });
  return `${JSON.stringify(Object.fromEntries(written), null, 2)}\n`;
}

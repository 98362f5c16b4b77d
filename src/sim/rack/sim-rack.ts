import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail, ok, type Result } from '../../core/result.ts';
import type { Inventory } from '../../core/spec.ts';
import { createSelfSigned } from '../bmc/self-signed.ts';
import { createSimBmc, type SimBmc } from '../bmc/sim-bmc.ts';
import type { MachineFaults } from '../machine/machine-faults.ts';
import { createSimMachine, type SimMachine, type SimNote } from '../machine/sim-machine.ts';
import { createRandom } from '../run/random.ts';
import { createSimClock, type SimClock } from '../run/sim-clock.ts';
import { createSimSwitch, type SimSwitch } from '../switch/sim-switch.ts';
import { assignFaults, parseFaults } from './assign-faults.ts';
import { makeDemoConfigs } from './demo-configs.ts';
import { type ImageSizes, type ImageWanted, type SimImage, writeFakeImages } from './fake-images.ts';
import { generateSite, generateStrangers } from './generate-site.ts';
import { pickPorts } from './pick-ports.ts';
import {
  DEMO_NETWORK,
  type PlannedMachine,
  type PlannedNetwork,
  REHEARSAL_NETWORK,
  RIVAL,
  type SimFile,
  type SimPortsOfSite,
} from './planned-machine.ts';
import { rehearseInventory } from './rehearse-inventory.ts';
import { BMC_PASSWORD_ENV, BMC_USER, type BmcAt, renderNodes, renderSite } from './render-site-files.ts';

export interface SimRackOptions {
  /** Files are written below it: `inventory/` and `images/`. */
  readonly folder: string;
  readonly nodes?: number;
  /** The operator's own machines instead of made-up ones. */
  readonly rehearse?: { readonly inventory: Inventory; readonly folder: string };
  readonly seed: number;
  readonly speed: number;
  /** `some`, `none`, or a list; see `parseFaults`. */
  readonly faults: string;
  readonly strangers?: number;
  readonly imageSizes?: ImageSizes;
  /** The servers' ports where they are settled already. */
  readonly ports?: SimPortsOfSite;
  readonly onNote?: (note: SimNote) => void;
  /** Port 50000 of each machine. */
  readonly api?: boolean;
}

/** A rack that is not there, complete with BMCs, switches, files for its inventory and images for its vault. */
export interface SimRack {
  readonly inventoryFolder: string;
  /** What the inventory's references need: the password of the BMCs. */
  readonly env: Readonly<Record<string, string>>;
  readonly images: readonly SimImage[];
  readonly ports: SimPortsOfSite;
  readonly machines: ReadonlyMap<string, SimMachine>;
  readonly bmcs: ReadonlyMap<string, SimBmc>;
  readonly clock: SimClock;
  /** The simulated BMC that stands for this machine's. */
  readonly bmcAt: (name: string) => BmcAt | undefined;
  /** Plugs the switches in and switches on what is on from the start; the servers listen by then. */
  start(): Promise<Result<void>>;
  /** The person at the rack, on a machine without BMC or with one that lies. */
  pressPower(name: string, choose?: 'network'): boolean;
  setFaults(name: string, faults: MachineFaults): void;
  stop(): Promise<void>;
}

/** The schematic without extensions: what the inventory takes when none is written. */
const VANILLA = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba';
/** In larger racks a machine hangs up when it has said nothing for so long (real milliseconds). */
const IDLE_MS = 20_000;
const KEEPS_CONNECTED = 250;

interface SitePlan {
  readonly machines: readonly PlannedMachine[];
  readonly network: PlannedNetwork;
  readonly images: readonly ImageWanted[];
  readonly files: (bmcOf: (name: string) => BmcAt | undefined) => readonly SimFile[];
}

function planSite(options: SimRackOptions): Result<SitePlan> {
  const { seed } = options;
  const wishes = parseFaults(options.faults);
  if (!wishes.ok) return wishes;
  if (options.rehearse !== undefined) {
    const { inventory, folder } = options.rehearse;
    const rehearsal = rehearseInventory(inventory, folder, seed, VANILLA);
    const machines = assignFaults(rehearsal.machines, wishes.value, seed);
    if (!machines.ok) return machines;
    return ok({ ...rehearsal, network: REHEARSAL_NETWORK, machines: machines.value });
  }
  const nodes = generateSite(options.nodes ?? 24, seed);
  const assigned = assignFaults(nodes, wishes.value, seed);
  if (!assigned.ok) return assigned;
  const strangers = generateStrangers(options.strangers ?? 2, seed);
  return ok({
    machines: [...assigned.value, ...strangers],
    network: DEMO_NETWORK,
    images: nodes.map(({ talosVersion, arch }) => ({ version: talosVersion, arch, schematic: VANILLA })),
    // As the machines should be, not as their faults make them.
    files: (bmcOf) => [...makeDemoConfigs(), ...renderNodes(nodes, bmcOf)],
  });
}

async function writeFiles(folder: string, files: readonly SimFile[]): Promise<void> {
  for (const { path, text } of files) {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
  }
}

export async function createSimRack(options: SimRackOptions): Promise<Result<SimRack>> {
  const plan = planSite(options);
  if (!plan.ok) return plan;
  const { network } = plan.value;
  const clock = createSimClock(options.speed);
  const ports = options.ports ?? (await pickPorts(network.server));
  const password = randomBytes(9).toString('base64url');
  const switches: SimSwitch[] = [];
  const built = await buildMachines(options, plan.value, { clock, password, switches, ports });
  const bmcAt = (name: string): BmcAt | undefined => {
    const bmc = built.bmcs.get(name);
    return bmc === undefined ? undefined : { url: bmc.url, fingerprint: bmc.fingerprint };
  };
  const inventoryFolder = join(options.folder, 'inventory');
  const site = renderSite(network, ports, options.rehearse?.inventory.site.site ?? 'demo');
  await writeFiles(inventoryFolder, [site, ...plan.value.files(bmcAt)]);
  const images = await writeFakeImages(join(options.folder, 'images'), plan.value.images, options.imageSizes);
  return ok({
    inventoryFolder,
    env: { [BMC_PASSWORD_ENV]: password },
    images,
    ports,
    machines: built.machines,
    bmcs: built.bmcs,
    clock,
    bmcAt,
    start: () => plugIn(options, plan.value, { clock, switches, ports, ...built }),
    pressPower(name, choose) {
      const machine = built.machines.get(name);
      machine?.pressPower(choose);
      return machine !== undefined;
    },
    setFaults(name, faults) {
      built.machines.get(name)?.setFaults(faults);
      built.bmcs.get(name)?.setFaults(faults.bmc ?? {});
    },
    async stop() {
      for (const machine of built.machines.values()) machine.powerOff();
      clock.stop();
      await Promise.all([...built.bmcs.values()].map((bmc) => bmc.close()));
      await Promise.all(switches.map((one) => one.close()));
    },
  });
}

interface Built {
  readonly machines: Map<string, SimMachine>;
  readonly bmcs: Map<string, SimBmc>;
}

interface Wiring {
  readonly clock: SimClock;
  readonly switches: SimSwitch[];
  readonly ports: SimPortsOfSite;
}

async function buildMachines(
  options: SimRackOptions,
  plan: SitePlan,
  wiring: Wiring & { readonly password: string },
): Promise<Built> {
  const { clock, switches, ports, password } = wiring;
  const machines = new Map<string, SimMachine>();
  const bmcs = new Map<string, SimBmc>();
  const certificate = plan.machines.some((one) => one.bmcByTls) ? createSelfSigned('bmc.sim', new Date()) : undefined;
  const random = createRandom(`${options.seed}/machines`);
  const isCrowd = plan.machines.length > KEEPS_CONNECTED;
  for (const [i, planned] of plan.machines.entries()) {
    const { spec, faults } = planned;
    const machine = createSimMachine({
      spec,
      clock,
      random: random.fork(spec.name),
      net: () => switches[0] ?? missingSwitch(),
      ports: () => ({ tftp: ports.tftp, proxyDhcp: ports.proxy }),
      faults,
      takeBoot: () => bmcs.get(spec.name)?.takeBoot() ?? { target: 'disk' },
      setProgress: (progress) => bmcs.get(spec.name)?.setProgress(progress),
      ...(options.onNote === undefined ? {} : { onNote: options.onNote }),
      ...(isCrowd ? { idleMs: IDLE_MS } : {}),
      api: options.api ?? !isCrowd,
    });
    machines.set(spec.name, machine);
    if (faults.noBmc === true) continue;
    bmcs.set(
      spec.name,
      await createSimBmc({
        personality: planned.personality,
        faults: faults.bmc ?? {},
        credentials: { username: BMC_USER, password },
        timeScale: 1 / options.speed,
        index: i + 1,
        power: planned.isOnAtStart ? 'On' : 'Off',
        identity: {
          serial: spec.serial,
          boardSerial: spec.boardSerial,
          uuid: spec.uuid,
          asset: spec.asset,
          macs: spec.macs,
          hostName: spec.name,
        },
        machine: { powerOn: machine.powerOn, powerOff: machine.powerOff },
        ...(planned.bmcByTls && certificate !== undefined ? { tls: certificate } : {}),
      }),
    );
  }
  return { machines, bmcs };
}

function missingSwitch(): never {
  throw new Error('a simulated machine was switched on before the rack was started');
}

async function plugIn(options: SimRackOptions, plan: SitePlan, parts: Wiring & Built): Promise<Result<void>> {
  const { clock, switches, ports, machines } = parts;
  const macs = plan.machines.filter((one) => one.faults.rivalDhcp === true).map((one) => one.spec.macs[0]);
  const made = await createSimSwitch({
    relayAddress: plan.network.relay,
    dhcpServer: { address: plan.network.server, port: ports.dhcp },
    clock,
    random: createRandom(`${options.seed}/switch`),
    ...(macs.length === 0 ? {} : { faults: { rival: { ...RIVAL, macs } } }),
  });
  if (!made.ok) return fail(made.error);
  switches.push(made.value);
  for (const planned of plan.machines) if (planned.isOnAtStart) machines.get(planned.spec.name)?.powerOn();
  return ok(undefined);
}

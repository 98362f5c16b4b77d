import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Played } from '../../core/played.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { SimBmc } from '../bmc/sim-bmc.ts';
import type { MachineFaults } from '../machine/machine-faults.ts';
import type { SimMachine } from '../machine/sim-machine.ts';
import { createRandom } from '../run/random.ts';
import { createSimClock, type SimClock } from '../run/sim-clock.ts';
import type { OfficeDhcp } from '../switch/office-dhcp.ts';
import { createSimSwitch, type SimSwitch } from '../switch/sim-switch.ts';
import { type BuiltMachines, buildMachines, type RackWiring } from './build-machines.ts';
import { claimSegments } from './claim-segment.ts';
import { type SimImage, writeFakeImages } from './fake-images.ts';
import { openOffice } from './open-office.ts';
import { pickPorts } from './pick-ports.ts';
import { planSite, type SimRackOptions, type SitePlan, segmentsWanted } from './plan-site.ts';
import { type PlannedNetwork, rivalIn, type SimFile, type SimPortsOfSite } from './planned-machine.ts';
import { BMC_PASSWORD_ENV, type BmcAt, renderSite } from './render-site-files.ts';

/** A rack that is not there, complete with BMCs, switches, files for its inventory and images for its vault. */
export interface SimRack {
  readonly inventoryFolder: string;
  /** What the inventory's references need: the password of the BMCs. */
  readonly env: Readonly<Record<string, string>>;
  readonly images: readonly SimImage[];
  readonly ports: SimPortsOfSite;
  /** Where our servers are. */
  readonly network: PlannedNetwork;
  readonly machines: ReadonlyMap<string, SimMachine>;
  readonly bmcs: ReadonlyMap<string, SimBmc>;
  readonly clock: SimClock;
  /** The simulated BMC that stands for this machine's. */
  readonly bmcAt: (name: string) => BmcAt | undefined;
  readonly notes: readonly string[];
  readonly played: Played;
  /** Plugs the switches in and switches on what is on from the start; the servers listen by then. */
  start(): Promise<Result<void>>;
  /** The person at the rack, on a machine without BMC or with one that lies. */
  pressPower(name: string, choose?: 'network'): boolean;
  /** The power cord is pulled and put in again: off, whatever its BMC was told. */
  unplug(name: string): void;
  setFaults(name: string, faults: MachineFaults): void;
  stop(): Promise<void>;
}

async function writeFiles(folder: string, files: readonly SimFile[]): Promise<void> {
  for (const { path, text } of files) {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, text);
  }
}

export async function createSimRack(options: SimRackOptions): Promise<Result<SimRack>> {
  const claimed = await claimSegments(segmentsWanted(options));
  const plan = planSite(options, claimed.networks);
  if (!plan.ok) {
    await claimed.release();
    return plan;
  }
  const [network] = claimed.networks;
  const clock = createSimClock(options.speed);
  const ports = options.ports ?? (await pickPorts(network.server));
  const password = randomBytes(9).toString('base64url');
  const switches: SimSwitch[] = [];
  const offices: OfficeDhcp[] = [];
  const built = await buildMachines(options, plan.value, { clock, password, switches, ports });
  const bmcAt = (name: string): BmcAt | undefined => {
    const bmc = built.bmcs.get(name);
    return bmc === undefined ? undefined : { url: bmc.url, fingerprint: bmc.fingerprint };
  };
  const inventoryFolder = join(options.folder, 'inventory');
  const name = options.rehearse?.inventory.site.site ?? 'demo';
  const { uplink, allowDiskPath } = options.rehearse?.inventory.site ?? {};
  const { talosconfig } = plan.value;
  const site = renderSite(plan.value.networks, ports, name, { talosconfig, uplink, allowDiskPath });
  await writeFiles(inventoryFolder, [site, ...plan.value.files(bmcAt)]);
  const images = await writeFakeImages(join(options.folder, 'images'), plan.value.images, options.imageSizes);
  return ok({
    inventoryFolder,
    env: { [BMC_PASSWORD_ENV]: password },
    images,
    ports,
    network,
    machines: built.machines,
    bmcs: built.bmcs,
    clock,
    bmcAt,
    notes: plan.value.notes,
    played: plan.value.played,
    start: () => plugIn(options, plan.value, { clock, switches, offices, ports, ...built }),
    pressPower(name, choose) {
      const machine = built.machines.get(name);
      machine?.pressPower(choose);
      return machine !== undefined;
    },
    unplug(name) {
      built.machines.get(name)?.powerOff();
      built.bmcs.get(name)?.loseMains();
    },
    setFaults(name, faults) {
      built.machines.get(name)?.setFaults(faults);
      built.bmcs.get(name)?.setFaults(faults.bmc ?? {});
    },
    async stop() {
      for (const machine of built.machines.values()) machine.powerOff();
      clock.stop();
      await Promise.all([...built.bmcs.values()].map((bmc) => bmc.close()));
      await Promise.all([...switches, ...offices].map((one) => one.close()));
      await claimed.release();
    },
  });
}

async function plugIn(
  options: SimRackOptions,
  plan: SitePlan,
  parts: RackWiring & BuiltMachines & { readonly offices: OfficeDhcp[] },
): Promise<Result<void>> {
  const { clock, switches, offices, ports, machines } = parts;
  for (const [i, network] of plan.networks.entries()) {
    const here = plan.machines.filter((one) => (one.network ?? 0) === i);
    const office = network.dhcp === 'authoritative' ? undefined : await openOffice(network, here, ports);
    if (office?.ok === false) return office;
    if (office !== undefined) offices.push(office.value);
    const macs = here.filter((one) => one.faults.rivalDhcp === true).map((one) => one.spec.macs[0]);
    const made = await createSimSwitch({
      relayAddress: network.relay,
      dhcpServer: { address: network.server, port: ports.dhcp },
      clock,
      random: createRandom(`${options.seed}/switch/${i}`),
      // Where the office has a server, that one is the rival.
      ...(macs.length === 0 || office !== undefined ? {} : { faults: { rival: { ...rivalIn(network), macs } } }),
      ...(office === undefined ? {} : { office: office.value.at }),
    });
    if (!made.ok) return fail(made.error);
    switches.push(made.value);
  }
  for (const planned of plan.machines) if (planned.isOnAtStart) machines.get(planned.spec.name)?.powerOn();
  return ok(undefined);
}

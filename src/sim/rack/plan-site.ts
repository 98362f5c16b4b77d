import type { Played } from '../../core/played.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Inventory } from '../../core/spec.ts';
import type { SimNote, SimWrite } from '../machine/sim-machine.ts';
import { assignFaults, type FaultWish, parseFaults } from './assign-faults.ts';
import { type ClaimedSegments, DEMO_NETWORK } from './claim-segment.ts';
import { completeConfigs } from './complete-configs.ts';
import { type ClusterAuthority, makeAuthority, makeDemoConfigs, makeTalosconfig, TALOSCONFIG } from './demo-configs.ts';
import type { ImageSizes, ImageWanted } from './fake-images.ts';
import { faultText } from './fault-words.ts';
import { generateSite, generateStrangers } from './generate-site.ts';
import type { PlannedMachine, PlannedNetwork, SimFile, SimPortsOfSite } from './planned-machine.ts';
import { rehearseInventory } from './rehearse-inventory.ts';
import { type BmcAt, renderNodes } from './render-site-files.ts';

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
  readonly onWrite?: (write: SimWrite) => void;
  /** Port 50000 of each machine. */
  readonly api?: boolean;
}

/** The schematic without extensions: what the inventory takes when none is written. */
const VANILLA = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba';

/** Who is in the rack, and what the operator has written down about it. */
export interface SitePlan {
  readonly machines: readonly PlannedMachine[];
  readonly networks: readonly PlannedNetwork[];
  readonly images: readonly ImageWanted[];
  /** Of the made-up cluster; an operator's own has its own, whose key is not ours to hold. */
  readonly authority?: ClusterAuthority;
  readonly talosconfig?: string;
  /** What the operator should know of it before he begins, for a log. */
  readonly notes: readonly string[];
  /** The same, for the screen. */
  readonly played: Played;
  readonly files: (bmcOf: (name: string) => BmcAt | undefined) => readonly SimFile[];
}

/** A segment for each network of the operator's, as long as his site is one that a computer can play. */
const MOST_SEGMENTS = 48;

/** How many segments of this computer the rack wants. */
export const segmentsWanted = ({ rehearse }: SimRackOptions): number =>
  Math.min(MOST_SEGMENTS, Math.max(1, rehearse?.inventory.site.networks.length ?? 1));

export function planSite(
  options: SimRackOptions,
  segments: ClaimedSegments['networks'] = [DEMO_NETWORK],
): Result<SitePlan> {
  const { seed } = options;
  const wishes = parseFaults(options.faults);
  if (!wishes.ok) return wishes;
  if (options.rehearse !== undefined) {
    return planRehearsal(options.rehearse, wishes.value, seed, segments);
  }
  const [network] = segments;
  const nodes = generateSite(options.nodes ?? 24, seed, network.net);
  const assigned = assignFaults(nodes, wishes.value, seed);
  if (!assigned.ok) return assigned;
  const authority = makeAuthority();
  const strangers = generateStrangers(options.strangers ?? 2, seed);
  return ok({
    machines: [...assigned.value, ...strangers],
    networks: [network],
    images: nodes.map(({ talosVersion, arch }) => ({ version: talosVersion, arch, schematic: VANILLA })),
    // As the machines should be, not as their faults make them.
    authority,
    talosconfig: TALOSCONFIG,
    notes: describeFaults(assigned.value),
    played: { faults: plantedIn(assigned.value), notes: [] },
    files: (bmcOf) => [...makeDemoConfigs(authority, network.net), ...renderNodes(nodes, bmcOf)],
  });
}

function planRehearsal(
  { inventory, folder }: NonNullable<SimRackOptions['rehearse']>,
  wishes: readonly FaultWish[],
  seed: number,
  segments: ClaimedSegments['networks'],
): Result<SitePlan> {
  const authority = makeAuthority();
  const completed = completeConfigs(inventory, folder, authority);
  const rehearsal = rehearseInventory(inventory, {
    folder,
    seed,
    segments,
    vanilla: VANILLA,
    below: completed.below,
  });
  const machines = assignFaults(rehearsal.machines, wishes, seed);
  if (!machines.ok) return machines;
  const madeUp = [...completed.notes, ...describeNetworks(inventory, segments), ...rehearsal.guesses];
  const notes = [...describeFaults(machines.value), ...madeUp];
  const played = { faults: plantedIn(machines.value), notes: madeUp };
  const plan = { ...rehearsal, machines: machines.value, notes, played };
  if (completed.files.length === 0) return ok(plan);
  // The made-up cluster is ours, so its machines answer its administrator.
  const files = (bmcOf: (name: string) => BmcAt | undefined) => [
    ...completed.files,
    makeTalosconfig(authority),
    ...rehearsal.files(bmcOf),
  ];
  return ok({ ...plan, authority, talosconfig: TALOSCONFIG, files });
}

const plantedIn = (machines: readonly PlannedMachine[]): Played['faults'] =>
  machines.flatMap(({ spec, wrong = [] }) => wrong.map((fault) => ({ node: spec.name, text: faultText(fault) })));

/** Of more machines nobody reads the names, and a list asked for so many of a fault. */
const MOST_NAMED = 40;

/** Nobody shall look for a fault of his own where one was put in. A line each: a screen cuts long ones. */
function describeFaults(machines: readonly PlannedMachine[]): readonly string[] {
  const faulty = machines.flatMap(({ spec, wrong = [] }) => (wrong.length === 0 ? [] : [{ name: spec.name, wrong }]));
  const named = faulty.slice(0, MOST_NAMED).map(({ name, wrong }) => `on purpose: ${name} has ${wrong.join(', ')}`);
  const more = faulty.length - named.length;
  return more === 0 ? named : [...named, `on purpose: ${more} more machines have faults of the list`];
}

/** What a rehearsal cannot know of a network, and plays. */
function describeNetworks({ site }: Inventory, segments: ClaimedSegments['networks']): readonly string[] {
  const played = site.networks.slice(0, segments.length).flatMap(({ dhcp, subnet }, i) => {
    const at = segments[i]?.subnet ?? '';
    if (dhcp === 'authoritative') return [];
    return dhcp === 'proxy'
      ? [
          `${subnet} (here ${at}) has another DHCP server: it is simulated and gives the addresses, we add the boot file`,
        ]
      : [`${subnet} (here ${at}) has no DHCP of ours: a simulated server gives addresses and names our boot files`];
  });
  const shared = site.networks.length - segments.length;
  return shared <= 0 ? played : [...played, `${shared} more networks share the segments of the first ones here`];
}

import type { Inventory, NodeSpec } from '../../core/spec.ts';
import type { PersonalityName } from '../bmc/personality.ts';
import { createRandom } from '../run/random.ts';
import { personalityFor } from './generate-site.ts';
import { describeGuesses, placeMachines } from './place-machines.ts';
import type { PlannedMachine, PlannedNetwork, SimFile } from './planned-machine.ts';
import { rehearseAddresses, type Segments } from './rehearse-addresses.ts';
import { firmwareOf, rehearseHardware } from './rehearse-hardware.ts';
import { renderRehearsedNode, renderRehearsedProfiles, schematicOf } from './render-rehearsed.ts';
import type { BmcAt } from './render-site-files.ts';

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
  /** What it had to guess, for the operator to know. */
  readonly guesses: readonly string[];
  readonly files: (bmcOf: (name: string) => BmcAt | undefined) => readonly SimFile[];
}

const DEFAULT_VERSION = 'v1.13.9';
const PERSONALITIES: readonly PersonalityName[] = ['dell-idrac9-7', 'hpe-ilo6', 'supermicro-x11', 'openbmc'];

export interface RehearsalOptions {
  /** Where the inventory is, and what its references start from. */
  readonly folder: string;
  readonly seed: number;
  /** The schematic of machines for which none is written. */
  readonly vanilla: string;
  readonly segments: Segments;
  /** Of a machine whose configuration has no secrets: the file with made-up ones. */
  readonly below?: (node: NodeSpec) => string | undefined;
}

const given = (ip: string | undefined) => (ip === undefined ? {} : { ip });

export function rehearseInventory(inventory: Inventory, options: RehearsalOptions): Rehearsal {
  const { folder, seed, vanilla, segments, below } = options;
  const { site, nodes } = inventory;
  const random = createRandom(`${seed}/rehearsal`);
  const places = placeMachines(inventory);
  const addresses = rehearseAddresses(nodes, places, segments);
  const machines = nodes.map((node, i): PlannedMachine => {
    const personality = personalityFor(firmwareOf(node), i, PERSONALITIES);
    return {
      spec: rehearseHardware(node, i + 1, personality, random.fork(node.name)),
      faults: node.bmc === undefined ? { noBmc: true } : {},
      isKnown: true,
      isOnAtStart: false,
      personality,
      bmcByTls: false,
      role: node.role === 'controlplane' ? 'controlplane' : 'worker',
      network: (places.get(node.name)?.network ?? 0) % segments.length,
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
    guesses: describeGuesses(inventory, places),
    files: (bmcOf) => [
      { path: '_profiles.yaml', text: renderRehearsedProfiles(inventory.profiles, folder) },
      ...nodes.map((node) => ({
        path: node.file,
        text: renderRehearsedNode(
          node,
          { ip: addresses.get(node.name), below: below?.(node) },
          folder,
          bmcOf(node.name),
        ),
      })),
    ],
  };
}

import type { BmcNames } from './bmc-names.ts';
import type { CauseCode } from './cause.ts';
import type { AllContested } from './contested.ts';
import type { ServiceState, WaveEntry } from './event.ts';
import type { HostBoot } from './host-boot.ts';
import { type IdentityIndex, indexIdentities } from './identity-index.ts';
import type { Actor, JobKind } from './job.ts';
import type { AllLeft, NodeState } from './node.ts';
import type { Played } from './played.ts';
import type { SeenDisk } from './seen.ts';
import type { SeenMachine } from './seen-talos.ts';
import { emptyShardMap, getIn, type ShardMap, setIn, valuesOf } from './shard-map.ts';
import type { Problem, UplinkSpec } from './spec.ts';
import type { TimeMs } from './time.ts';
import type { AllUnassigned } from './unassigned.ts';
import type { UnkeptOrder } from './unkept.ts';

/** All that is believed. One value, changed by `reduce` alone; screens, answers on the wire and the snapshot read it. */
export interface Fleet {
  readonly site: string;
  readonly simulated: boolean;
  /** What of it a demo makes up. */
  readonly played?: Played;
  readonly startedAt: TimeMs;
  readonly at: TimeMs;
  /** The host's clock was set in this run. */
  readonly clock?: { readonly aheadMs: number };
  /** Of the host in this run, as it was at that time. Absent in snapshots of older versions. */
  readonly boot?: HostBoot & { readonly at: TimeMs };
  /** The host slept in this run, until then. */
  readonly awakeAt?: TimeMs;
  readonly nodes: ShardMap<NodeState>;
  readonly index: IdentityIndex;
  readonly bmcNames: BmcNames;
  /** By MAC; several where a NIC stands in several networks, the one that was granted last at the end. */
  readonly leases: ShardMap<readonly Lease[]>;
  readonly addresses: ShardMap<string>;
  readonly strangers: ShardMap<Stranger>;
  readonly waves: Readonly<Record<string, Wave>>;
  readonly switches: Switches;
  readonly saving: Saving;
  readonly inventory: InventoryState;
  /** As the inventory declares it. */
  readonly uplink?: UplinkSpec;
  readonly rivals: Readonly<Record<string, Rival>>;
  /** These are absent in snapshots of older versions. */
  readonly unassigned?: AllUnassigned;
  readonly contested?: AllContested;
  readonly left?: AllLeft;
  readonly services: Readonly<Record<string, ServiceState>>;
  readonly fingerprints: Readonly<Record<string, string>>;
  /** BMC sessions that are open, address and location → address: after a crash the next start deletes them. */
  readonly bmcSessions: Readonly<Record<string, string>>;
  /** By cluster: what was asked once is known over restarts. Absent in snapshots of older versions. */
  readonly bootstraps?: Readonly<Record<string, Bootstrap>>;
  /** Offer variant that worked, per product name. */
  readonly modelVariants: Readonly<Record<string, number>>;
}

export interface Lease {
  readonly mac: string;
  readonly address: string;
  readonly until: TimeMs;
  readonly node?: string;
  readonly hostName?: string;
}

export interface Stranger {
  readonly mac: string;
  readonly firstAt: TimeMs;
  readonly lastAt: TimeMs;
  readonly asks: number;
  readonly asked: 'firmware' | 'ipxe' | 'os' | 'script';
  /** What it was offered to boot last, with discovery on. */
  readonly offered?: string;
  /** It asked for a boot script at some time, and had one: without `offered` it was sent to its disk. */
  readonly scripted?: true;
  /** Why it got no answer when it asked last. */
  readonly unserved?: string;
  /** As which machine of ours it named itself, while that one booted: it is another one. */
  readonly poses?: string;
  /** Or it is a NIC of that machine which nobody recorded. */
  readonly unproven?: true;
  readonly arch?: number;
  readonly vendorClass?: string;
  readonly uuid?: string;
  readonly serial?: string;
  /** Older versions did not note it. */
  readonly boardSerial?: string;
  readonly address?: string;
  readonly hostName?: string;
  readonly switchPort?: string;
  readonly talosVersion?: string;
  readonly disks?: readonly SeenDisk[];
  readonly machine?: SeenMachine;
  /** Of the certificate of its maintenance mode, when it was read. */
  readonly fingerprint?: string;
  /** The boot for discovery found Talos on one of its disks, and went no further. */
  readonly halted?: true;
  readonly ignored: boolean;
}

/** Its plan goes with the arming: thirty waves of the past with the plans of all their machines were tens of megabytes. */
export type WaveMember = Omit<WaveEntry, 'plan'> & Partial<Pick<WaveEntry, 'plan'>>;

export interface Wave {
  readonly id: string;
  readonly kind: JobKind;
  readonly entries: readonly WaveMember[];
  readonly canary: number;
  readonly width: number;
  readonly stopAfterFailures: number;
  readonly together?: true;
  readonly waitsForErased?: true;
  readonly letsEnd?: true;
  /** It, and each machine that it arms, waits for the disk. Absent in journals of older versions. */
  readonly savesFirst?: true;
  readonly saved?: true;
  readonly startedAt: TimeMs;
  readonly by: Actor;
  readonly state: 'running' | 'paused' | 'stopped' | 'cancelled' | 'done';
  readonly why?: string;
  readonly started: readonly string[];
  readonly ended: Readonly<
    Record<
      string,
      { readonly outcome: 'done' | 'failed' | 'cancelled' | 'expired'; readonly at: TimeMs; readonly code?: CauseCode }
    >
  >;
}

/** It may yet arm machines: by itself, or when it is resumed. */
export const isOpenWave = ({ state }: Wave): boolean => state !== 'done' && state !== 'cancelled';

export interface Switches {
  /** The panic key: every answer is `local` until it is released. */
  readonly panic?: { readonly since: TimeMs; readonly by: Actor };
  readonly discoveryUntil?: TimeMs;
  readonly glass?: { readonly until: TimeMs; readonly reason: string; readonly by: Actor };
}

/** etcd was told to begin a new cluster. */
export interface Bootstrap {
  readonly node: string;
  readonly askedAt: TimeMs;
  readonly by: Actor;
  readonly state: 'asked' | 'done' | 'failed';
  readonly endedAt?: TimeMs;
  readonly problem?: string;
  /** Why it was asked once more. */
  readonly reason?: string;
}

export type Saving =
  | { readonly is: 'ok' }
  | {
      readonly is: 'failing';
      readonly since: TimeMs;
      readonly reason: string;
      /** Orders that are obeyed, and lost when the program ends before it can save. */
      readonly unkept?: readonly UnkeptOrder[];
    };

export interface InventoryState {
  readonly loadedAt?: TimeMs;
  readonly hash?: string;
  readonly problems: readonly Problem[];
}

export interface Rival {
  readonly server: string;
  readonly mac: string;
  readonly iface: string;
  /** Empty while none of its offers was heard. */
  readonly offers: string;
  readonly bootFile?: string;
  /** When it sent its last NAK, while that is of late. */
  readonly refusedAt?: TimeMs;
  /** The machine whose REQUEST named it, while nothing of it was heard. */
  readonly namedBy?: string;
  /** When a machine named it last in its REQUEST. */
  readonly takenAt?: TimeMs;
  /** Nothing of it was heard but what anybody could have sent us. */
  readonly isFar?: true;
  /** It has an address of ours. */
  readonly isTwin?: true;
  readonly firstAt: TimeMs;
  readonly lastAt: TimeMs;
  readonly count: number;
}

/** Random MACs must not fill the memory: the oldest strangers make room. */
export const STRANGERS_KEPT = 1000;

export function emptyFleet(at: TimeMs): Fleet {
  return {
    site: '',
    simulated: false,
    startedAt: at,
    at,
    nodes: emptyShardMap(),
    index: indexIdentities([]),
    bmcNames: emptyShardMap(),
    leases: emptyShardMap(),
    addresses: emptyShardMap(),
    strangers: emptyShardMap(),
    waves: {},
    switches: {},
    saving: { is: 'ok' },
    inventory: { problems: [] },
    rivals: {},
    services: {},
    fingerprints: {},
    bmcSessions: {},
    modelVariants: {},
  };
}

export const nodeOf = (fleet: Fleet, name: string): NodeState | undefined => getIn(fleet.nodes, name);

export function putNode(fleet: Fleet, node: NodeState): Fleet {
  return { ...fleet, nodes: setIn(fleet.nodes, node.name, node) };
}

export function nodesOf(fleet: Fleet): NodeState[] {
  return [...valuesOf(fleet.nodes)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Who holds this address: by lease, or because the inventory gives it. */
export function nodeAtAddress(fleet: Fleet, address: string): NodeState | undefined {
  const name = getIn(fleet.addresses, address);
  return name === undefined ? undefined : nodeOf(fleet, name);
}

export function nodesWithMac(fleet: Fleet, mac: string): readonly string[] {
  return getIn(fleet.index.macs, mac) ?? [];
}

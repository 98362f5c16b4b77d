import { type Fleet, nodeAtAddress, nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { valuesOf } from '../core/shard-map.ts';
import { MINUTE_MS } from '../core/time.ts';

/** Random sources must not fill the memory. */
const ENTRIES_KEPT = 8192;
/** Machines behind one NAT; a rack has fewer. */
const SHARERS_KEPT = 256;
/** Of one machine: NICs, VLANs and addresses of its containers. */
const ADDRESSES_KEPT = 32;
/** Two machines that both spoke from one address within this time share it; else the later one has it now. */
const SHARED_WITHIN_MS = 10 * MINUTE_MS;

/**
 * Which machine an address is. Leases and the inventory know it where the addresses are ours; beside another DHCP server
 * it is what the machines themselves told, in DHCP and in the query of the boot script.
 */
export interface AddressBook {
  /** It asks from here now: what it had before may be another's soon. */
  readonly learn: (address: string, node: string) => void;
  /** It says itself that it has this one too. */
  readonly learnAlso: (address: string, node: string) => void;
  /** Undefined also where several machines speak from it now, as behind a NAT: a guess would blame the wrong one. */
  readonly nodeAt: (fleet: Fleet, address: string) => NodeState | undefined;
  /** The machines that spoke from there lately, or the one that has it by lease. */
  readonly knownAt: (fleet: Fleet, address: string) => readonly string[];
  /** Does this machine speak from there, perhaps beside others? */
  readonly isKnownAt: (fleet: Fleet, address: string, node: string) => boolean;
}

export function createAddressBook(fleet: Fleet): AddressBook {
  /** The last one learned stands last. */
  const names = new Map<string, Set<string>>();
  const addressesOf = new Map<string, Set<string>>();
  const learnAlso = (address: string, node: string): void => {
    const own = addressesOf.get(node) ?? new Set();
    addressesOf.set(node, own.add(address));
    if (own.size > ADDRESSES_KEPT) forget(names, own, node, own.values().next().value ?? '');
    const sharers = names.get(address) ?? new Set();
    sharers.delete(node);
    sharers.add(node);
    if (sharers.size > SHARERS_KEPT) sharers.delete(sharers.values().next().value ?? '');
    names.delete(address);
    names.set(address, sharers);
    const oldest = names.size > ENTRIES_KEPT ? names.keys().next().value : undefined;
    if (oldest !== undefined) names.delete(oldest);
  };
  const learn = (address: string, node: string): void => {
    const own = addressesOf.get(node);
    for (const before of own ?? []) if (own !== undefined && before !== address) forget(names, own, node, before);
    learnAlso(address, node);
  };
  for (const node of valuesOf(fleet.nodes)) if (node.seen.address !== undefined) learn(node.seen.address, node.name);
  return {
    learn,
    learnAlso,
    nodeAt: (now, address) => nodeAtAddress(now, address) ?? onlyOne(now, names.get(address)),
    knownAt: (now, address) => {
      const leased = nodeAtAddress(now, address);
      return leased === undefined ? sharersOf(now, names.get(address)).map(({ name }) => name) : [leased.name];
    },
    isKnownAt: (now, address, node) => {
      const leased = nodeAtAddress(now, address);
      return leased === undefined ? names.get(address)?.has(node) === true : leased.name === node;
    },
  };
}

function forget(names: Map<string, Set<string>>, own: Set<string>, node: string, address: string): void {
  own.delete(address);
  const sharers = names.get(address);
  sharers?.delete(node);
  if (sharers?.size === 0) names.delete(address);
}

function onlyOne(fleet: Fleet, sharers: ReadonlySet<string> | undefined): NodeState | undefined {
  const [first, ...others] = sharersOf(fleet, sharers);
  return others.length > 0 ? undefined : first;
}

/** Those that were heard of lately; where none was, the one that asked from there last. */
function sharersOf(fleet: Fleet, sharers: ReadonlySet<string> | undefined): readonly NodeState[] {
  if (sharers === undefined) return [];
  const known = [...sharers].flatMap((name) => nodeOf(fleet, name) ?? []);
  const fresh = known.filter(({ seen }) => fleet.at - (seen.lastAt ?? 0) < SHARED_WITHIN_MS);
  return fresh.length > 0 ? fresh : known.slice(-1);
}

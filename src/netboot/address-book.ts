import { type Fleet, nodeAtAddress, nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { valuesOf } from '../core/shard-map.ts';

/** Random sources must not fill the memory. */
const ENTRIES_KEPT = 8192;

/**
 * Which machine an address is. Leases and the inventory know it where the addresses are ours; beside another DHCP server
 * it is what the machines themselves told, in DHCP and in the query of the boot script.
 */
export interface AddressBook {
  readonly learn: (address: string, node: string) => void;
  readonly nodeAt: (fleet: Fleet, address: string) => NodeState | undefined;
}

export function createAddressBook(fleet: Fleet): AddressBook {
  const names = new Map<string, string>();
  const learn = (address: string, node: string): void => {
    names.delete(address);
    names.set(address, node);
    const oldest = names.size > ENTRIES_KEPT ? names.keys().next().value : undefined;
    if (oldest !== undefined) names.delete(oldest);
  };
  for (const node of valuesOf(fleet.nodes)) if (node.seen.address !== undefined) learn(node.seen.address, node.name);
  return {
    learn,
    nodeAt: (now, address) => {
      const leased = nodeAtAddress(now, address);
      if (leased !== undefined) return leased;
      const name = names.get(address);
      return name === undefined ? undefined : nodeOf(now, name);
    },
  };
}

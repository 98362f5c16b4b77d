import type { TimeMs } from '../core/time.ts';
import { type BootNet, isInNet } from './boot-site.ts';

export interface Slot {
  /** Who has it; `!key` for who declined it; empty for who stands there without having it from us. */
  readonly key: string;
  /** `used`: a machine of the inventory stands there by a MAC of its own. `foreign`: anybody else does. */
  readonly state: 'offered' | 'leased' | 'declined' | 'foreign' | 'used';
  readonly at: TimeMs;
  readonly until: TimeMs;
  /** Undefined: a stranger's. */
  readonly node: string | undefined;
  /** The subnet that it is of. */
  readonly net: string;
  /** Of `foreign` and `used`: who answers there, where that was seen. */
  readonly mac?: string;
  /** Until then that may be who was there before. */
  readonly doubtedUntil?: TimeMs;
  /** Under which ids it was offered, where a relay stood in our place. */
  readonly ids?: readonly number[];
}

/** The addresses of a pool that are not simply free. Every question is one look-up by hash. */
export interface PoolSlots {
  readonly get: (address: number) => Slot | undefined;
  readonly live: (address: number, at: TimeMs) => Slot | undefined;
  /** What this key has in this network, or had last. */
  readonly addressIn: (net: BootNet, key: string) => number | undefined;
  /** All that it has, in whichever networks: a NIC may stand in several, by VLANs. */
  readonly addressesOf: (key: string) => readonly number[];
  /** In `net` a key has one address: what it had there before ends here. What it has in other networks stays. */
  readonly put: (address: number, slot: Slot, net?: BootNet) => void;
  readonly drop: (address: number) => void;
  /** Does this node hold any, with whichever NIC? */
  readonly isHeldFor: (node: string, at: TimeMs) => boolean;
  /** What strangers hold or declined in a subnet, oldest first. */
  readonly strangers: (net: string) => ReadonlySet<number>;
  /** What of a subnet is kept back, or was, because of an unknown machine. */
  readonly foreign: (net: string) => ReadonlySet<number>;
  /** Where this MAC was seen, without having that from us. */
  readonly usedBy: (mac: string) => ReadonlySet<number>;
  readonly declined: (net: string, at: TimeMs) => readonly Slot[];
  readonly entries: () => Iterable<readonly [number, Slot]>;
}

const isGiven = ({ state }: Slot): boolean => state === 'offered' || state === 'leased';

const isHeldBy = (old: Slot | undefined, slot: Slot): boolean =>
  old !== undefined && old.key === slot.key && old.node === slot.node && isGiven(old) && isGiven(slot);

type Table = Map<string, Set<number>>;

function addTo(table: Table, name: string, address: number): void {
  const known = table.get(name);
  if (known === undefined) table.set(name, new Set([address]));
  else known.add(address);
}

function removeFrom(table: Table, name: string, address: number): void {
  const known = table.get(name);
  if (known?.delete(address) === true && known.size === 0) table.delete(name);
}

const NONE: ReadonlySet<number> = new Set();
const NOTHING: readonly number[] = [];

/** Nearly every key has one. */
function remember(byKey: Map<string, number[]>, key: string, address: number): void {
  const known = byKey.get(key);
  if (known === undefined) byKey.set(key, [address]);
  else known.push(address);
}

function forget(byKey: Map<string, number[]>, key: string, address: number): void {
  const known = byKey.get(key);
  const place = known?.indexOf(address) ?? -1;
  if (known === undefined || place === -1) return;
  if (known.length === 1) byKey.delete(key);
  else known.splice(place, 1);
}

export function createPoolSlots(): PoolSlots {
  const slots = new Map<number, Slot>();
  const byKey = new Map<string, number[]>();
  const byNode: Table = new Map();
  const strangers: Table = new Map();
  const declined: Table = new Map();
  const foreign: Table = new Map();
  const used: Table = new Map();

  const drop = (address: number): void => {
    const slot = slots.get(address);
    if (slot === undefined) return;
    slots.delete(address);
    removeFrom(declined, slot.net, address);
    removeFrom(foreign, slot.net, address);
    if (slot.state === 'used') removeFrom(used, slot.mac ?? '', address);
    forget(byKey, slot.key, address);
    if (slot.node === undefined) removeFrom(strangers, slot.net, address);
    else removeFrom(byNode, slot.node, address);
  };

  const addressIn = (net: BootNet, key: string): number | undefined => {
    for (const address of byKey.get(key) ?? NOTHING) if (isInNet(net, address)) return address;
    return undefined;
  };

  const live = (address: number, at: TimeMs): Slot | undefined => {
    const slot = slots.get(address);
    return slot !== undefined && slot.until > at ? slot : undefined;
  };

  return {
    get: (address) => slots.get(address),
    live,
    addressIn,
    addressesOf: (key) => byKey.get(key) ?? NOTHING,
    drop,
    put: (address, slot, net) => {
      // An offer that is taken, a lease that is renewed: nothing moves. Strangers stand in the order of their last word.
      if (slot.node !== undefined && isHeldBy(slots.get(address), slot)) {
        slots.set(address, slot);
        return;
      }
      drop(address);
      const before = net === undefined ? undefined : addressIn(net, slot.key);
      if (before !== undefined) drop(before);
      slots.set(address, slot);
      if (slot.state === 'declined') addTo(declined, slot.net, address);
      if (slot.state === 'foreign') addTo(foreign, slot.net, address);
      if (slot.state === 'used') addTo(used, slot.mac ?? '', address);
      // What a stranger keeps from others by a DECLINE counts as what it holds.
      if (slot.node === undefined && slot.state !== 'foreign') addTo(strangers, slot.net, address);
      if (!isGiven(slot)) return;
      remember(byKey, slot.key, address);
      if (slot.node !== undefined) addTo(byNode, slot.node, address);
    },
    isHeldFor: (node, at) => {
      for (const address of byNode.get(node) ?? NONE) if (live(address, at) !== undefined) return true;
      return false;
    },
    strangers: (net) => strangers.get(net) ?? NONE,
    foreign: (net) => foreign.get(net) ?? NONE,
    usedBy: (mac) => used.get(mac) ?? NONE,
    declined: (net, at) => [...(declined.get(net) ?? NONE)].flatMap((address) => live(address, at) ?? []),
    entries: () => slots.entries(),
  };
}

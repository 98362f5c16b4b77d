import type { TimeMs } from '../core/time.ts';

export interface Slot {
  /** Who has it; `!key` for who declined it; empty for an unknown machine. */
  readonly key: string;
  readonly state: 'offered' | 'leased' | 'declined' | 'foreign';
  readonly at: TimeMs;
  readonly until: TimeMs;
  /** Undefined: a stranger's. */
  readonly node: string | undefined;
}

/** The addresses of a pool that are not simply free. Every question is one look-up by hash. */
export interface PoolSlots {
  readonly get: (address: number) => Slot | undefined;
  readonly live: (address: number, at: TimeMs) => Slot | undefined;
  readonly addressOf: (key: string) => number | undefined;
  /** One key has one address: a lease elsewhere ends here. */
  readonly put: (address: number, slot: Slot) => void;
  readonly drop: (address: number) => void;
  /** Addresses that this node holds with all its NICs. */
  readonly heldByNode: (node: string, at: TimeMs) => number;
  /** Strangers' addresses, longest held first. */
  readonly strangers: () => ReadonlySet<number>;
  readonly declinedBy: (key: string, at: TimeMs) => number;
  readonly entries: () => Iterable<readonly [number, Slot]>;
}

const isGiven = ({ state }: Slot): boolean => state === 'offered' || state === 'leased';

const isHeldBy = (old: Slot | undefined, slot: Slot): boolean =>
  old !== undefined && old.key === slot.key && old.node === slot.node && isGiven(old) && isGiven(slot);

export function createPoolSlots(): PoolSlots {
  const slots = new Map<number, Slot>();
  const byKey = new Map<string, number>();
  const strangers = new Set<number>();
  const byNode = new Map<string, Set<number>>();
  const declined = new Set<number>();

  const drop = (address: number): void => {
    const slot = slots.get(address);
    if (slot === undefined) return;
    slots.delete(address);
    strangers.delete(address);
    declined.delete(address);
    if (byKey.get(slot.key) === address) byKey.delete(slot.key);
    const held = slot.node === undefined ? undefined : byNode.get(slot.node);
    if (held?.delete(address) === true && held.size === 0 && slot.node !== undefined) byNode.delete(slot.node);
  };

  const live = (address: number, at: TimeMs): Slot | undefined => {
    const slot = slots.get(address);
    return slot !== undefined && slot.until > at ? slot : undefined;
  };

  return {
    get: (address) => slots.get(address),
    live,
    addressOf: (key) => byKey.get(key),
    drop,
    put: (address, slot) => {
      // An offer that is taken, a lease that is renewed: nothing moves. Strangers stand in the order of their last word.
      if (slot.node !== undefined && isHeldBy(slots.get(address), slot)) {
        slots.set(address, slot);
        return;
      }
      drop(address);
      const before = byKey.get(slot.key);
      if (before !== undefined) drop(before);
      slots.set(address, slot);
      if (slot.state === 'declined') declined.add(address);
      if (!isGiven(slot)) return;
      byKey.set(slot.key, address);
      if (slot.node === undefined) strangers.add(address);
      else byNode.set(slot.node, (byNode.get(slot.node) ?? new Set()).add(address));
    },
    heldByNode: (node, at) => {
      let count = 0;
      for (const address of byNode.get(node) ?? []) if (live(address, at) !== undefined) count += 1;
      return count;
    },
    strangers: () => strangers,
    declinedBy: (key, at) => {
      let count = 0;
      for (const address of declined) if (live(address, at)?.key === `!${key}`) count += 1;
      return count;
    },
    entries: () => slots.entries(),
  };
}

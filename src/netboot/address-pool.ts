import type { Fleet } from '../core/fleet.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { type BootNet, isHostOf, isInNet } from './boot-site.ts';

/** An offer is held this long: OVMF waits 3.7 s before it takes one, retransmissions come at 4, 12 and 28 s. */
const OFFER_MS = 60_000;
const QUARANTINE_MS = 10 * 60_000;
/** A machine that declines everything must not empty the pool (a broken ARP proxy, or malice). */
const MAX_DECLINED_PER_KEY = 4;
/** Random MACs with one known UUID: a machine has only so many NICs. */
const MAX_PER_NODE = 8;
/** Discovery may use this part of a pool; the inventory's machines always find the rest. */
const STRANGER_SHARE = 4;
/** An unclaimed offer to a stranger may be taken away after this, when the share is full. */
const RECYCLE_AFTER_MS = 10_000;

export type SlotState = 'offered' | 'leased' | 'declined' | 'foreign';

interface Slot {
  readonly key: string;
  readonly state: SlotState;
  readonly at: TimeMs;
  readonly until: TimeMs;
  /** Undefined: a stranger's. */
  readonly node: string | undefined;
}

export interface PoolAsk {
  readonly net: BootNet;
  /** Who asks: its MAC, for InfiniBand its client identifier. */
  readonly key: string;
  readonly node: string | undefined;
  /** The inventory's address for this machine, if it lies in this network. */
  readonly fixed: number | undefined;
  /** Option 50, or ciaddr. */
  readonly wish: number | undefined;
  readonly at: TimeMs;
}

/** What an answer does to the pool. Applied by whoever sends the answer, so that deciding stays free of effects. */
export type PoolChange =
  | { readonly do: 'offer'; readonly address: number; readonly ask: PoolAsk }
  | { readonly do: 'lease'; readonly address: number; readonly ask: PoolAsk; readonly until: TimeMs }
  | { readonly do: 'free'; readonly address: number; readonly key: string }
  | { readonly do: 'dropOffer'; readonly key: string }
  | { readonly do: 'decline'; readonly address: number; readonly key: string; readonly at: TimeMs };

/** What deciding reads. Nothing here changes the pool. */
export interface PoolView {
  readonly choose: (ask: PoolAsk) => number | undefined;
  /** May this client have this very address? `why` for the log when not. */
  readonly mayHave: (ask: PoolAsk, address: number) => { readonly ok: boolean; readonly why: string };
  readonly heldBy: (key: string, at: TimeMs) => { readonly address: number; readonly leased: boolean } | undefined;
}

export interface AddressPool extends PoolView {
  readonly apply: (change: PoolChange) => void;
  /** Takes leases and inventory addresses over from the fleet; costs nothing while the inventory is the same. */
  readonly sync: (fleet: Fleet, at: TimeMs) => void;
  /** Somebody that we do not know uses this address (ARP, a packet from it): it is not offered. */
  readonly markForeign: (address: number, at: TimeMs) => void;
  readonly counts: (at: TimeMs) => { readonly offered: number; readonly leased: number; readonly declined: number };
}

/**
 * Every look-up is by hash; the search for a free address goes on where the last one ended, so 10,000 leases cost what
 * 100 do. Memory is bounded by the pools: an address has one slot, a key one address.
 */
export function createAddressPool(): AddressPool {
  const slots = new Map<number, Slot>();
  const byKey = new Map<string, number>();
  const cursors = new Map<BootNet, number>();
  const reserved = new Map<number, string>();
  /** Oldest first; with `perNode` the two quotas. */
  const strangers = new Map<number, BootNet>();
  const perNode = new Map<string, Set<number>>();
  let syncedIndex: unknown;

  const live = (address: number, at: TimeMs): Slot | undefined => {
    const slot = slots.get(address);
    return slot !== undefined && slot.until > at ? slot : undefined;
  };

  const drop = (address: number): void => {
    const slot = slots.get(address);
    if (slot === undefined) return;
    slots.delete(address);
    strangers.delete(address);
    if (byKey.get(slot.key) === address) byKey.delete(slot.key);
    if (slot.node !== undefined) perNode.get(slot.node)?.delete(address);
  };

  const put = (address: number, slot: Slot, net: BootNet | undefined): void => {
    drop(address);
    const before = byKey.get(slot.key);
    if (before !== undefined && before !== address) drop(before);
    slots.set(address, slot);
    if (slot.key !== '') byKey.set(slot.key, address);
    if (slot.node === undefined && net !== undefined) strangers.set(address, net);
    if (slot.node !== undefined) perNode.set(slot.node, (perNode.get(slot.node) ?? new Set()).add(address));
  };

  const blocker = (ask: PoolAsk, address: number): string | undefined => {
    if (!isHostOf(ask.net, address)) return 'it is no host address of this network';
    const owner = reserved.get(address);
    if (owner !== undefined && owner !== ask.node) return `the inventory gives it to ${owner}`;
    const slot = live(address, ask.at);
    if (slot === undefined || slot.key === ask.key) return undefined;
    if (slot.state === 'declined') return 'it was declined a short time ago';
    return slot.state === 'foreign' ? 'an unknown machine uses it' : `it is ${slot.state} to ${slot.key}`;
  };

  const inPool = (net: BootNet, address: number): boolean =>
    net.pool !== undefined && address >= net.pool.first && address <= net.pool.last;

  const overQuota = (ask: PoolAsk): boolean => {
    if (ask.node !== undefined) {
      const held = perNode.get(ask.node);
      if (held === undefined || held.size < MAX_PER_NODE) return false;
      for (const address of held) if (live(address, ask.at) === undefined) drop(address);
      return held.size >= MAX_PER_NODE;
    }
    return strangers.size >= strangerLimit(ask.net) && recyclable(ask.at) === undefined;
  };

  const recyclable = (at: TimeMs): number | undefined => {
    for (const address of strangers.keys()) {
      const slot = slots.get(address);
      if (slot === undefined || slot.until <= at) return address;
      if (slot.state === 'offered' && at - slot.at > RECYCLE_AFTER_MS) return address;
      if (slot.state === 'offered') return undefined;
    }
    return undefined;
  };

  const search = (ask: PoolAsk): number | undefined => {
    const { net } = ask;
    if (net.pool === undefined) return undefined;
    const size = net.pool.last - net.pool.first + 1;
    const start = cursors.get(net) ?? 0;
    for (let step = 0; step < size; step += 1) {
      const address = net.pool.first + ((start + step) % size);
      if (!slots.has(address) && blocker(ask, address) === undefined) return address;
    }
    for (let step = 0; step < size; step += 1) {
      const address = net.pool.first + ((start + step) % size);
      if (blocker(ask, address) === undefined) return address;
    }
    return undefined;
  };

  const choose = (ask: PoolAsk): number | undefined => {
    if (ask.fixed !== undefined && blocker(ask, ask.fixed) === undefined) return ask.fixed;
    const held = byKey.get(ask.key);
    if (held !== undefined && (inPool(ask.net, held) || held === ask.fixed) && blocker(ask, held) === undefined)
      return held;
    if (overQuota(ask)) return undefined;
    const { wish } = ask;
    if (wish !== undefined && inPool(ask.net, wish) && blocker(ask, wish) === undefined) return wish;
    return search(ask);
  };

  const declinedBy = (key: string, at: TimeMs): number => {
    let count = 0;
    for (const slot of slots.values())
      if (slot.state === 'declined' && slot.until > at && slot.key === `!${key}`) count += 1;
    return count;
  };

  const apply = (change: PoolChange): void => {
    switch (change.do) {
      case 'offer':
      case 'lease': {
        const { ask, address } = change;
        const { net, key, node, at } = ask;
        const old = slots.get(address);
        // A renewed offer must not turn a lease into something that ends in a minute.
        if (change.do === 'offer' && old?.key === key && old.state === 'leased' && old.until > at) return;
        if (old === undefined && node === undefined && strangers.size >= strangerLimit(net)) {
          const oldest = recyclable(at);
          if (oldest !== undefined) drop(oldest);
        }
        const state = change.do === 'offer' ? 'offered' : 'leased';
        put(address, { key, node, state, at, until: change.do === 'offer' ? at + OFFER_MS : change.until }, net);
        if (inPool(net, address) && net.pool !== undefined) cursors.set(net, address - net.pool.first + 1);
        return;
      }
      case 'free':
        if (slots.get(change.address)?.key === change.key) drop(change.address);
        return;
      case 'dropOffer': {
        const held = byKey.get(change.key);
        if (held !== undefined && slots.get(held)?.state === 'offered') drop(held);
        return;
      }
      case 'decline': {
        if (slots.get(change.address)?.key !== change.key) return;
        drop(change.address);
        if (declinedBy(change.key, change.at) >= MAX_DECLINED_PER_KEY) return;
        const slot: Slot = {
          key: `!${change.key}`,
          node: undefined,
          state: 'declined',
          at: change.at,
          until: change.at + QUARANTINE_MS,
        };
        slots.set(change.address, slot);
      }
    }
  };

  const sync = (fleet: Fleet, at: TimeMs): void => {
    // Leases come from nowhere else than this pool: only a start and a reload bring anything new.
    if (syncedIndex === fleet.index) return;
    syncedIndex = fleet.index;
    reserved.clear();
    for (const { name, spec } of valuesOf(fleet.nodes)) {
      const address = spec.network.ip === undefined ? undefined : parseIpv4(spec.network.ip);
      if (address?.ok === true) reserved.set(address.value, name);
    }
    for (const lease of valuesOf(fleet.leases)) {
      const address = parseIpv4(lease.address);
      if (!address.ok || lease.until <= at || slots.get(address.value)?.key === lease.mac) continue;
      put(address.value, { key: lease.mac, node: lease.node, state: 'leased', at, until: lease.until }, undefined);
    }
  };

  return {
    choose,
    mayHave: (ask, address) => {
      const why = blocker(ask, address);
      return why === undefined ? { ok: true, why: 'free, or its own' } : { ok: false, why };
    },
    heldBy: (key, at) => {
      const address = byKey.get(key);
      const slot = address === undefined ? undefined : live(address, at);
      if (address === undefined || slot === undefined) return undefined;
      return { address, leased: slot.state === 'leased' };
    },
    apply,
    sync,
    markForeign: (address, at) => {
      if (live(address, at) !== undefined || reserved.has(address)) return;
      drop(address);
      slots.set(address, { key: '', node: undefined, state: 'foreign', at, until: at + QUARANTINE_MS });
    },
    counts: (at) => {
      const counts = { offered: 0, leased: 0, declined: 0 };
      for (const slot of slots.values()) {
        if (slot.until > at && slot.state !== 'foreign') counts[slot.state] += 1;
      }
      return counts;
    },
  };
}

function strangerLimit(net: BootNet): number {
  return net.pool === undefined ? 0 : Math.max(1, Math.floor((net.pool.last - net.pool.first + 1) / STRANGER_SHARE));
}

export const isFixedIn = (net: BootNet, address: number | undefined): address is number =>
  address !== undefined && isInNet(net, address);

import type { Fleet } from '../core/fleet.ts';
import type { TimeMs } from '../core/time.ts';
import { applyPoolChange, type PoolChange, QUARANTINE_MS, takeOver } from './apply-pool-change.ts';
import type { BootNet, BootSite } from './boot-site.ts';
import { chooseAddress, whyNotFixed, whyTaken } from './choose-address.ts';
import { liveKeptBy, markSeen, type Sighting, standsThere, takeBack } from './mark-seen.ts';
import { createPoolSlots, type Slot } from './pool-slots.ts';
import type { PoolAsk, PoolState } from './pool-state.ts';
import { countPools, type PoolUse } from './pool-use.ts';
import { quietAddresses } from './quiet-addresses.ts';
import { takenFromOwners } from './taken-addresses.ts';
import { type Asker, createUnansweredClients } from './unanswered-clients.ts';
import { upcomingOf } from './upcoming-addresses.ts';

/** What deciding reads. Nothing here changes the pool. */
export interface PoolView {
  readonly choose: (ask: PoolAsk) => number | undefined;
  /** May this client have this very address? `why` for the log when not. */
  readonly mayHave: (ask: PoolAsk, address: number) => { readonly ok: boolean; readonly why: string };
  /** Why it does not have the inventory's address; undefined where another NIC of this machine has it. */
  readonly whyNotFixed: (ask: PoolAsk) => string | undefined;
  /** Undefined: this key does not have this address. */
  readonly heldBy: (key: string, address: number, at: TimeMs) => Held | undefined;
  /** Has it been seen at this address, without a lease of ours? */
  readonly isSeenAt: (ask: PoolAsk, address: number) => boolean;
  /** Was what it has offered to it under this id? */
  readonly wasNamed: (key: string, serverId: number) => boolean;
  /** What it has in this network. */
  readonly heldIn: (net: BootNet, key: string, at: TimeMs) => number | undefined;
  /** Has it a lease, in whichever network? */
  readonly hasLease: (key: string, at: TimeMs) => boolean;
  /** When it took or renewed last what it has leased. */
  readonly leasedAt: (key: string, at: TimeMs) => TimeMs | undefined;
  /** Since when it has been left without an answer. */
  readonly unansweredSince: (asker: Asker) => TimeMs | undefined;
  /** In whose name it has what it has, in whichever network. */
  readonly nodeOf: (key: string, at: TimeMs) => string | undefined;
  /** Has this node an address from us, with whichever NIC? */
  readonly isHeldFor: (node: string, at: TimeMs) => boolean;
}

export interface Held {
  readonly leased: boolean;
  readonly node: string | undefined;
}

export interface AddressPool extends PoolView {
  readonly apply: (change: PoolChange) => void;
  /** Takes leases and inventory addresses over from the fleet; costs nothing while the inventory is the same. */
  readonly sync: (fleet: Fleet, site: BootSite, at: TimeMs) => void;
  /** Somebody stands where he has nothing from us: for a while it is offered to nobody else. False: it is no news. */
  readonly markSeen: (seen: Omit<Sighting, 'forMs'> & { readonly forMs?: number }) => boolean;
  /** What of this network is kept from others because this MAC answers there. */
  readonly keptBy: (net: BootNet, mac: string, at: TimeMs) => readonly number[];
  /** That is believed no more: what was kept back by it is free. */
  readonly takeBack: (net: BootNet, mac: string) => readonly number[];
  /** Of this network, what machines of the inventory do not get because somebody else is there, or was. */
  readonly takenFromOwners: (net: BootNet, at: TimeMs) => readonly number[];
  /** Where nobody is expected in this network. */
  readonly quiet: (net: BootNet, count: number) => readonly number[];
  /** Who has this address or had it last. */
  readonly slotAt: (address: number) => Slot | undefined;
  /** The addresses that will be offered next, so that they can be looked at before; then those that were somebody's. */
  readonly upcoming: (net: BootNet, count: number, at: TimeMs) => readonly number[];
  /** All of a network that were looked at lately: no other is given because somebody wishes it. */
  readonly looked: (net: BootNet, addresses: ReadonlySet<number>) => void;
  readonly uses: (site: BootSite, at: TimeMs) => readonly PoolUse[];
  readonly counts: (at: TimeMs) => { readonly offered: number; readonly leased: number; readonly declined: number };
}

/**
 * Every look-up is by hash; the search for a free address goes on where the last one ended, so 10,000 leases cost what
 * 100 do. Memory is bounded by the pools: an address has one slot, a key one address in each network.
 */
export function createAddressPool(): AddressPool {
  const state: PoolState = {
    slots: createPoolSlots(),
    cursors: new Map(),
    reserved: new Map(),
    kept: new Map(),
    looked: new Map(),
    unanswered: createUnansweredClients(),
  };
  const { slots } = state;
  let synced: unknown;
  return {
    choose: (ask) => chooseAddress(state, ask),
    mayHave: (ask, address) => {
      const why = whyTaken(state, ask, address);
      return why === undefined ? { ok: true, why: 'free, or its own' } : { ok: false, why };
    },
    whyNotFixed: (ask) => whyNotFixed(state, ask),
    heldBy: (key, address, at) => {
      const slot = slots.live(address, at);
      return slot?.key === key ? { leased: slot.state === 'leased', node: slot.node } : undefined;
    },
    isSeenAt: (ask, address) => standsThere(slots.live(address, ask.at), ask),
    wasNamed: (key, id) => slots.addressesOf(key).some((address) => slots.get(address)?.ids?.includes(id) === true),
    heldIn: (net, key, at) => {
      const address = slots.addressIn(net, key);
      return address === undefined || slots.live(address, at) === undefined ? undefined : address;
    },
    hasLease: (key, at) => slots.addressesOf(key).some((address) => slots.live(address, at)?.state === 'leased'),
    leasedAt: (key, at) => {
      for (const address of slots.addressesOf(key)) {
        const slot = slots.live(address, at);
        if (slot?.state === 'leased') return slot.at;
      }
      return undefined;
    },
    unansweredSince: state.unanswered.since,
    nodeOf: (key, at) => {
      for (const address of slots.addressesOf(key)) {
        const node = slots.live(address, at)?.node;
        if (node !== undefined) return node;
      }
      return undefined;
    },
    isHeldFor: slots.isHeldFor,
    apply: (change) => applyPoolChange(state, change),
    sync: (fleet, site, at) => {
      // Leases come from nowhere else than this pool: only a start and a reload bring anything new.
      if (synced === fleet.index) return;
      synced = fleet.index;
      takeOver(state, fleet, site, at);
    },
    markSeen: (seen) => markSeen(slots, { forMs: QUARANTINE_MS, ...seen }),
    keptBy: (net, mac, at) => liveKeptBy(slots, net, mac, at),
    takeBack: (net, mac) => takeBack(slots, net, mac),
    takenFromOwners: (net, at) => takenFromOwners(state, net, at),
    quiet: (net, count) => quietAddresses(state, net, count),
    slotAt: slots.get,
    upcoming: (net, count, at) => upcomingOf(state, net, count, at),
    looked: ({ spec }, addresses) => {
      state.looked.set(spec.subnet, addresses);
    },
    uses: (site, at) => countPools(state, site.nets, at),
    counts: (at) => {
      const counts = { offered: 0, leased: 0, declined: 0 };
      for (const [, slot] of slots.entries()) {
        if (slot.until > at && slot.state !== 'foreign' && slot.state !== 'used') counts[slot.state] += 1;
      }
      return counts;
    },
  };
}

import type { Fleet } from '../core/fleet.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { type BootNet, type BootSite, isHostOf, netOfAddress } from './boot-site.ts';
import { createPoolSlots, type PoolSlots, type Slot } from './pool-slots.ts';

/** An offer is held this long: OVMF waits 3.7 s before it takes one, retransmissions come at 4, 12 and 28 s. */
const OFFER_MS = 60_000;
const QUARANTINE_MS = 10 * 60_000;
/** A machine that declines everything must not empty the pool (a broken ARP proxy, or malice). */
const MAX_DECLINED = 4;
/** Strangers may use one part in four of a pool; the inventory's machines always find the rest. */
const STRANGER_SHARE = 4;
/** An unclaimed offer to a stranger may be taken away after this, when the share is full. */
const RECYCLE_AFTER_MS = 10_000;

export interface PoolAsk {
  readonly net: BootNet;
  /** Who asks: its MAC, for InfiniBand its client identifier. */
  readonly key: string;
  /** Whose NIC that is by the record; undefined: a stranger's, whatever it says of itself. */
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
  | {
      readonly do: 'decline';
      readonly net: BootNet;
      readonly address: number;
      readonly key: string;
      readonly at: TimeMs;
    };

/** What deciding reads. Nothing here changes the pool. */
export interface PoolView {
  readonly choose: (ask: PoolAsk) => number | undefined;
  /** May this client have this very address? `why` for the log when not. */
  readonly mayHave: (ask: PoolAsk, address: number) => { readonly ok: boolean; readonly why: string };
  readonly heldBy: (key: string, at: TimeMs) => Held | undefined;
  /** Has this node an address from us, with whichever NIC? */
  readonly isHeldFor: (node: string, at: TimeMs) => boolean;
}

export interface Held {
  readonly address: number;
  readonly leased: boolean;
  readonly node: string | undefined;
}

export interface AddressPool extends PoolView {
  readonly apply: (change: PoolChange) => void;
  /** Takes leases and inventory addresses over from the fleet; costs nothing while the inventory is the same. */
  readonly sync: (fleet: Fleet, site: BootSite, at: TimeMs) => void;
  /** Somebody with this MAC uses an address that is not its own: it is not offered for a while. False: it is no news. */
  readonly markForeign: (address: number, mac: string, at: TimeMs) => boolean;
  /** The addresses that will be offered next, so that they can be looked at before. */
  readonly upcoming: (net: BootNet, count: number, at: TimeMs) => readonly number[];
  /** All of a network that were looked at lately: no other is given because somebody wishes it. */
  readonly looked: (net: BootNet, addresses: ReadonlySet<number>) => void;
  readonly counts: (at: TimeMs) => { readonly offered: number; readonly leased: number; readonly declined: number };
}

interface State {
  readonly slots: PoolSlots;
  /** Where the last search of a subnet ended. */
  readonly cursors: Map<string, number>;
  /** Addresses that the inventory gives, and to whom. */
  readonly reserved: Map<number, string>;
  /** By subnet; no entry where nobody looks. */
  readonly looked: Map<string, ReadonlySet<number>>;
}

/**
 * Every look-up is by hash; the search for a free address goes on where the last one ended, so 10,000 leases cost what
 * 100 do. Memory is bounded by the pools: an address has one slot, a key one address.
 */
export function createAddressPool(): AddressPool {
  const state: State = { slots: createPoolSlots(), cursors: new Map(), reserved: new Map(), looked: new Map() };
  const { slots } = state;
  let synced: unknown;
  return {
    choose: (ask) => choose(state, ask),
    mayHave: (ask, address) => {
      const why = whyTaken(state, ask, address);
      return why === undefined ? { ok: true, why: 'free, or its own' } : { ok: false, why };
    },
    heldBy: (key, at) => {
      const address = slots.addressOf(key);
      const slot = address === undefined ? undefined : slots.live(address, at);
      if (address === undefined || slot === undefined) return undefined;
      return { address, leased: slot.state === 'leased', node: slot.node };
    },
    isHeldFor: slots.isHeldFor,
    apply: (change) => apply(state, change),
    sync: (fleet, site, at) => {
      // Leases come from nowhere else than this pool: only a start and a reload bring anything new.
      if (synced === fleet.index) return;
      synced = fleet.index;
      takeOver(state, fleet, site, at);
    },
    markForeign: (address, mac, at) => {
      // Whoever had it from us last may stand in the neighbour table long after.
      if (slots.live(address, at) !== undefined || slots.get(address)?.key === mac) return false;
      slots.put(address, { key: '', node: undefined, net: '', state: 'foreign', at, until: at + QUARANTINE_MS });
      return true;
    },
    upcoming: (net, count, at) => {
      const found: number[] = [];
      const ask: PoolAsk = { net, key: '', node: undefined, fixed: undefined, wish: undefined, at };
      for (const address of fromCursor(state, net)) {
        if (found.length >= count) break;
        if (slots.get(address) === undefined && whyTaken(state, ask, address) === undefined) found.push(address);
      }
      return found;
    },
    looked: ({ spec }, addresses) => {
      state.looked.set(spec.subnet, addresses);
    },
    counts: (at) => {
      const counts = { offered: 0, leased: 0, declined: 0 };
      for (const [, slot] of slots.entries()) if (slot.until > at && slot.state !== 'foreign') counts[slot.state] += 1;
      return counts;
    },
  };
}

const inPool = (net: BootNet, address: number): boolean =>
  net.pool !== undefined && address >= net.pool.first && address <= net.pool.last;

function whyTaken({ slots, reserved }: State, ask: PoolAsk, address: number): string | undefined {
  if (!isHostOf(ask.net, address)) return 'it is no host address of this network';
  const owner = reserved.get(address);
  if (owner !== undefined && owner !== ask.node) return `the inventory gives it to ${owner}`;
  const slot = slots.live(address, ask.at);
  if (slot === undefined || slot.key === ask.key) return undefined;
  if (slot.state === 'declined') return 'it was declined a short time ago';
  return slot.state === 'foreign' ? 'an unknown machine uses it' : `it is ${slot.state} to ${slot.key}`;
}

/** The inventory's address, else what it had, else what it wishes, else the next free one. */
function choose(state: State, ask: PoolAsk): number | undefined {
  const { fixed, wish, net } = ask;
  const free = (address: number) => whyTaken(state, ask, address) === undefined;
  if (fixed !== undefined && free(fixed)) return fixed;
  const held = state.slots.addressOf(ask.key);
  if (held !== undefined && (inPool(net, held) || held === fixed) && free(held)) return held;
  if (isOverQuota(state, ask)) return undefined;
  const looked = state.looked.get(net.spec.subnet);
  if (wish !== undefined && inPool(net, wish) && looked?.has(wish) !== false && free(wish)) return wish;
  return search(state, ask);
}

function* fromCursor({ cursors }: State, { pool, spec }: BootNet): Generator<number> {
  if (pool === undefined) return;
  const size = pool.last - pool.first + 1;
  const start = cursors.get(spec.subnet) ?? 0;
  for (let step = 0; step < size; step += 1) yield pool.first + ((start + step) % size);
}

/** Addresses that nobody had come first: whoever comes back after its lease finds its own one again. */
function search(state: State, ask: PoolAsk): number | undefined {
  const { pool, spec } = ask.net;
  if (pool === undefined) return undefined;
  const size = pool.last - pool.first + 1;
  const start = state.cursors.get(spec.subnet) ?? 0;
  let second: number | undefined;
  for (let step = 0; step < size; step += 1) {
    const address = pool.first + ((start + step) % size);
    const slot = state.slots.get(address);
    if (slot !== undefined && (second !== undefined || slot.until > ask.at)) continue;
    if (whyTaken(state, ask, address) !== undefined) continue;
    if (slot === undefined) return address;
    second = address;
  }
  return second;
}

/** A machine has as many NICs as the record says: only strangers can be too many. */
const isOverQuota = (state: State, { net, node, at }: PoolAsk): boolean =>
  node === undefined && isShareFull(state, net) && recyclable(state, net, at) === undefined;

const isShareFull = ({ slots }: State, net: BootNet): boolean =>
  slots.strangers(net.spec.subnet).size >= strangerLimit(net);

function strangerLimit(net: BootNet): number {
  return net.pool === undefined ? 0 : Math.max(1, Math.floor((net.pool.last - net.pool.first + 1) / STRANGER_SHARE));
}

/** The oldest stranger's address that can be taken away: run out, or offered and not claimed. */
function recyclable({ slots }: State, net: BootNet, at: TimeMs): number | undefined {
  for (const address of slots.strangers(net.spec.subnet)) {
    const slot = slots.get(address);
    if (slot === undefined || slot.until <= at) return address;
    if (slot.state === 'offered') return at - slot.at > RECYCLE_AFTER_MS ? address : undefined;
  }
  return undefined;
}

function apply(state: State, change: PoolChange): void {
  const { slots } = state;
  switch (change.do) {
    case 'offer':
    case 'lease':
      give(state, change);
      return;
    case 'free':
      free(state, change.address, change.key);
      return;
    case 'dropOffer': {
      const held = slots.addressOf(change.key);
      if (held !== undefined && slots.get(held)?.state === 'offered') slots.drop(held);
      return;
    }
    case 'decline':
      decline(state, change);
  }
}

/** Free for everybody, and a machine that comes back finds it as after the end of its lease. */
function free({ slots }: State, address: number, key: string): void {
  const old = slots.get(address);
  if (old?.key !== key) return;
  if (old.node === undefined) slots.drop(address);
  else slots.put(address, { ...old, until: old.at });
}

/** It keeps an address from everybody: four for one machine, and no more in one network than strangers may hold. */
function decline({ slots }: State, { net, address, key, at }: Extract<PoolChange, { readonly do: 'decline' }>): void {
  const old = slots.get(address);
  if (old?.key !== key) return;
  slots.drop(address);
  const slot: Slot = { ...old, key: `!${key}`, state: 'declined', at, until: at + QUARANTINE_MS };
  const before = slots.declined(slot.net, at);
  const own = before.filter((one) => (slot.node === undefined ? one.key === slot.key : one.node === slot.node));
  if (own.length >= MAX_DECLINED || before.length >= Math.max(MAX_DECLINED, strangerLimit(net))) return;
  slots.put(address, slot);
}

function give(state: State, change: Extract<PoolChange, { readonly do: 'offer' | 'lease' }>): void {
  const { slots, cursors } = state;
  const { ask, address } = change;
  const { net, key, node, at } = ask;
  const old = slots.get(address);
  // An offer to who has a lease must not turn it into something that ends in a minute.
  if (change.do === 'offer' && old?.key === key && old.state === 'leased' && old.until > at) return;
  if (node === undefined && old?.key !== key && isShareFull(state, net)) {
    const oldest = recyclable(state, net, at);
    if (oldest !== undefined) slots.drop(oldest);
  }
  const until = change.do === 'offer' ? at + OFFER_MS : change.until;
  const given = change.do === 'offer' ? 'offered' : 'leased';
  slots.put(address, { key, node, net: net.spec.subnet, state: given, at, until });
  if (net.pool !== undefined && inPool(net, address)) cursors.set(net.spec.subnet, address - net.pool.first + 1);
}

function takeOver({ slots, reserved }: State, fleet: Fleet, site: BootSite, at: TimeMs): void {
  reserved.clear();
  for (const { name, spec } of valuesOf(fleet.nodes)) {
    const address = spec.network.ip === undefined ? undefined : parseIpv4(spec.network.ip);
    if (address?.ok === true) reserved.set(address.value, name);
  }
  for (const lease of valuesOf(fleet.leases)) {
    const address = parseIpv4(lease.address);
    if (!address.ok || lease.until <= at || slots.get(address.value)?.key === lease.mac) continue;
    const net = netOfAddress(site, address.value)?.spec.subnet ?? '';
    slots.put(address.value, { key: lease.mac, node: lease.node, net, state: 'leased', at, until: lease.until });
  }
}

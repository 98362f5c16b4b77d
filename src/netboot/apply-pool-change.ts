import type { Fleet } from '../core/fleet.ts';
import { leasesOf } from '../core/lease.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { type BootNet, type BootSite, netOfAddress } from './boot-site.ts';
import { countKept } from './count-kept.ts';
import type { Slot } from './pool-slots.ts';
import { inPool, isShareFull, type PoolAsk, type PoolState, recyclable, strangerLimit } from './pool-state.ts';
import type { Asker } from './unanswered-clients.ts';

/** An offer is held this long: OVMF waits 3.7 s before it takes one, retransmissions come at 4, 12 and 28 s. */
const OFFER_MS = 60_000;
export const QUARANTINE_MS = 10 * 60_000;
/** A machine that declines everything must not empty the pool (a broken ARP proxy, or malice). */
const MAX_DECLINED = 4;

/** What an answer does to the pool. Applied by whoever sends the answer, so that deciding stays free of effects. */
export type PoolChange =
  | {
      readonly do: 'offer';
      readonly address: number;
      readonly ask: PoolAsk;
      /** Under which id, where a relay stands in our place. */
      readonly serverId?: number | undefined;
    }
  | {
      readonly do: 'lease';
      readonly address: number;
      readonly ask: PoolAsk;
      readonly until: TimeMs;
      readonly serverId?: number | undefined;
    }
  | { readonly do: 'free'; readonly address: number; readonly key: string }
  | { readonly do: 'dropOffer'; readonly net: BootNet; readonly key: string }
  /** The first server of its network is to answer it; and it did, or we do. */
  | { readonly do: 'leave'; readonly asker: Asker }
  | { readonly do: 'served'; readonly key: string }
  | {
      readonly do: 'decline';
      readonly net: BootNet;
      readonly address: number;
      readonly key: string;
      readonly at: TimeMs;
    };

export function applyPoolChange(state: PoolState, change: PoolChange): void {
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
      const held = slots.addressIn(change.net, change.key);
      if (held !== undefined && slots.get(held)?.state === 'offered') slots.drop(held);
      return;
    }
    case 'leave':
      state.unanswered.note(change.asker);
      return;
    case 'served':
      state.unanswered.forget(change.key);
      return;
    case 'decline':
      decline(state, change);
  }
}

/** Free for everybody, and a machine that comes back finds it as after the end of its lease. */
function free({ slots }: PoolState, address: number, key: string): void {
  const old = slots.get(address);
  if (old?.key !== key) return;
  if (old.node === undefined) slots.drop(address);
  else slots.put(address, { ...old, until: old.at });
}

/** It keeps an address from everybody: four for one machine, and no more in one network than strangers may hold. */
function decline(
  { slots }: PoolState,
  { net, address, key, at }: Extract<PoolChange, { readonly do: 'decline' }>,
): void {
  const old = slots.get(address);
  if (old?.key !== key) return;
  slots.drop(address);
  const slot: Slot = { ...old, key: `!${key}`, state: 'declined', at, until: at + QUARANTINE_MS };
  const before = slots.declined(slot.net, at);
  const own = before.filter((one) => (slot.node === undefined ? one.key === slot.key : one.node === slot.node));
  if (own.length >= MAX_DECLINED || before.length >= Math.max(MAX_DECLINED, strangerLimit(net))) return;
  slots.put(address, slot);
}

function give(state: PoolState, change: Extract<PoolChange, { readonly do: 'offer' | 'lease' }>): void {
  const { slots, cursors } = state;
  const { ask, address } = change;
  const { net, key, node, at } = ask;
  if (change.do === 'lease' && net.spec.answerAfterSeconds !== undefined) state.unanswered.forget(key);
  const old = slots.get(address);
  // An offer to who has a lease must not turn it into something that ends in a minute.
  const ids = idsOf(old, change);
  if (change.do === 'offer' && old?.key === key && old.state === 'leased' && old.until > at) {
    if (ids !== undefined && ids !== old.ids) slots.put(address, { ...old, ids });
    return;
  }
  if (node === undefined && old?.key !== key && isShareFull(state, ask)) {
    const oldest = recyclable(state, net, at);
    if (oldest !== undefined) slots.drop(oldest);
  }
  const until = change.do === 'offer' ? at + OFFER_MS : change.until;
  const given = change.do === 'offer' ? 'offered' : 'leased';
  const slot: Slot = { key, node, net: net.spec.subnet, state: given, at, until };
  slots.put(address, ids === undefined ? slot : { ...slot, ids }, net);
  if (net.pool !== undefined && inPool(net, address)) cursors.set(net.spec.subnet, address - net.pool.first + 1);
}

/** Relays that stand in our place on one network; each packet names one. */
const IDS_KEPT = 4;

function idsOf(
  old: Slot | undefined,
  { ask, serverId }: Extract<PoolChange, { readonly do: 'offer' | 'lease' }>,
): Slot['ids'] {
  const before = old?.key === ask.key ? old.ids : undefined;
  if (serverId === undefined || before?.includes(serverId) === true) return before;
  return [...(before ?? []).slice(1 - IDS_KEPT), serverId];
}

/** Leases and addresses of the inventory, at a start and after a reload. */
export function takeOver(state: PoolState, fleet: Fleet, site: BootSite, at: TimeMs): void {
  const { slots, reserved } = state;
  reserved.clear();
  for (const { name, spec } of valuesOf(fleet.nodes)) {
    const address = spec.network.ip === undefined ? undefined : parseIpv4(spec.network.ip);
    if (address?.ok === true) reserved.set(address.value, name);
  }
  countKept(state, fleet, site);
  for (const lease of leasesOf(fleet)) {
    const address = parseIpv4(lease.address);
    if (!address.ok || lease.until <= at || slots.get(address.value)?.key === lease.mac) continue;
    const net = netOfAddress(site, address.value)?.spec.subnet ?? '';
    slots.put(address.value, { key: lease.mac, node: lease.node, net, state: 'leased', at, until: lease.until });
  }
}

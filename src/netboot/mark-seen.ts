import type { TimeMs } from '../core/time.ts';
import type { BootNet } from './boot-site.ts';
import type { PoolSlots, Slot } from './pool-slots.ts';
import type { PoolAsk } from './pool-state.ts';

/** In place of a MAC: several answer there, each at its time. */
const SEVERAL = 'several';

/** Somebody answers at an address that it has not from us. */
export interface Sighting {
  readonly net: BootNet;
  readonly address: number;
  /** Undefined: it is behind a relay, where no MAC is seen. */
  readonly mac: string | undefined;
  /** The machine of the inventory that has this MAC, where it is one. */
  readonly node?: string | undefined;
  readonly at: TimeMs;
  readonly forMs: number;
  /** It was not asked for: until then it may be who was there before. */
  readonly doubtedUntil?: TimeMs | undefined;
}

/**
 * A machine of the inventory that stands at an address by a MAC of its own had it from a server before us, maybe from us:
 * it is kept for it. One where others stand as well is nobody's for a while. False: it is no news.
 */
export function markSeen(slots: PoolSlots, seen: Sighting): boolean {
  const { net, address, mac, node, at, forMs, doubtedUntil } = seen;
  const old = slots.get(address);
  const live = slots.live(address, at);
  if (live !== undefined && !isAnother(live, seen)) return false;
  // Whoever had it from us last may stand in the neighbour table long after.
  if (old !== undefined && old.key === mac && mac !== undefined) return false;
  const isShared = live !== undefined && live.mac !== mac;
  const kept = isShared ? undefined : node;
  const slot: Slot = {
    key: '',
    node: kept,
    net: net.spec.subnet,
    state: kept === undefined ? 'foreign' : 'used',
    at,
    until: at + forMs,
  };
  const who = isShared ? SEVERAL : mac;
  const doubt = doubtedUntil === undefined ? {} : { doubtedUntil };
  slots.put(address, who === undefined ? slot : { ...slot, mac: who, ...doubt });
  return kept === undefined || old?.state !== 'used' || old.node !== kept;
}

const isSeen = (slot: Slot | undefined, mac: string): boolean =>
  slot !== undefined && (slot.state === 'foreign' || slot.state === 'used') && slot.mac === mac;

/** What of a network is kept back, or was, because this MAC answers there. */
function keptBy(slots: PoolSlots, { spec }: BootNet, mac: string): readonly number[] {
  const all = [...slots.foreign(spec.subnet), ...slots.usedBy(mac)];
  return all.filter((address) => isSeen(slots.get(address), mac) && slots.get(address)?.net === spec.subnet);
}

/** What it keeps from others now. */
export const liveKeptBy = (slots: PoolSlots, net: BootNet, mac: string, at: TimeMs): readonly number[] =>
  keptBy(slots, net, mac).filter((address) => slots.live(address, at) !== undefined);

/** It answers for all, so nothing is known by that. Who else was met at one of these is there still. */
export function takeBack(slots: PoolSlots, net: BootNet, mac: string): readonly number[] {
  const kept = keptBy(slots, net, mac);
  for (const address of kept) slots.drop(address);
  return kept;
}

/** Of a live slot: does this say something else of who is there? */
function isAnother(live: Slot, { mac, node }: Sighting): boolean {
  // Its NICs answer for each other.
  if (live.state === 'used') return live.node !== node;
  // The inventory names by now whose MAC that is.
  return live.state === 'foreign' && node !== undefined && live.mac === mac;
}

/**
 * Does this machine of the inventory stand there itself? A MAC that only its BMC has told counts as well. Behind a relay
 * who renews an address is the one that answers at it. Who begins waits until nobody else can be there.
 */
export function standsThere(slot: Slot | undefined, { key, node, renews, at }: PoolAsk): boolean {
  if (slot === undefined || node === undefined) return false;
  if (renews !== true && slot.doubtedUntil !== undefined && at < slot.doubtedUntil) return false;
  if (slot.state === 'used') return slot.node === node;
  if (slot.state !== 'foreign') return false;
  return slot.mac === undefined ? renews === true : slot.mac === key;
}

import type { TimeMs } from '../core/time.ts';
import { type BootNet, isHostOf } from './boot-site.ts';
import { standsThere } from './mark-seen.ts';
import { inPool, isShareFull, type PoolAsk, type PoolState, recyclable } from './pool-state.ts';

/** Why this client cannot have this address; undefined: it may. */
export function whyTaken({ slots, reserved }: PoolState, ask: PoolAsk, address: number): string | undefined {
  if (!isHostOf(ask.net, address)) return 'it is no host address of this network';
  const owner = reserved.get(address);
  if (owner !== undefined && owner !== ask.node) return `the inventory gives it to ${owner}`;
  const slot = slots.live(address, ask.at);
  if (slot === undefined || slot.key === ask.key || standsThere(slot, ask)) return undefined;
  if (slot.state === 'declined') return 'it was declined a short time ago';
  if (slot.state === 'used') return `${slot.node} uses it`;
  return slot.state === 'foreign' ? 'an unknown machine uses it' : `it is ${slot.state} to ${slot.key}`;
}

/** Who has the inventory's address of this client, where that is not this machine; undefined: none but itself. */
export function whyNotFixed(state: PoolState, ask: PoolAsk): string | undefined {
  const { fixed, node, at } = ask;
  if (fixed === undefined) return undefined;
  const slot = state.slots.live(fixed, at);
  // Another NIC of its.
  if (slot?.state !== 'declined' && slot?.node !== undefined && slot.node === node) return undefined;
  const why = whyTaken(state, ask, fixed);
  if (why === undefined) return 'that is free by now, and it gets it when it asks anew';
  if (slot?.state === 'declined') return `${why}, and is free again at ${clockOf(slot.until)} UTC at the latest`;
  const holder = slot?.node === undefined || slot.state === 'used' ? slot?.mac : slot.node;
  return holder === undefined ? why : `${why} (${holder})`;
}

const clockOf = (at: TimeMs): string => new Date(at).toISOString().slice(11, 19);

/** The inventory's address, else what it had, else what it wishes, else where it stands, else the next free one. */
export function chooseAddress(state: PoolState, ask: PoolAsk): number | undefined {
  const { fixed, wish, net } = ask;
  const free = (address: number) => whyTaken(state, ask, address) === undefined;
  if (fixed !== undefined && free(fixed)) return fixed;
  const held = state.slots.addressIn(net, ask.key);
  if (held !== undefined && (inPool(net, held) || held === fixed) && free(held)) return held;
  if (isOverQuota(state, ask)) return undefined;
  if (wish !== undefined && inPool(net, wish) && isLookedAt(state, ask, wish) && free(wish)) return wish;
  const stands = whereItStands(state, ask);
  if (stands !== undefined && free(stands)) return stands;
  return search(state, ask) ?? unclaimed(state, ask);
}

/** Who else may be there is known; of who renews, or was seen there itself, it need not be. */
function isLookedAt({ looked, slots }: PoolState, ask: PoolAsk, wish: number): boolean {
  if (looked.get(ask.net.spec.subnet)?.has(wish) !== false) return true;
  return ask.node !== undefined && (ask.renews === true || standsThere(slots.get(wish), ask));
}

/** Where its own MAC was seen. At several addresses it has more than one, and which is no lease of its cannot be told. */
function whereItStands({ slots }: PoolState, { net, key, node, at }: PoolAsk): number | undefined {
  if (node === undefined) return undefined;
  const seen = slots.usedBy(key);
  if (seen.size === 0) return undefined;
  const [only, ...more] = [...seen].filter((one) => inPool(net, one) && slots.live(one, at) !== undefined);
  return more.length === 0 ? only : undefined;
}

/** Where nothing else is free a machine of the inventory has what a stranger was offered and did not take. */
function unclaimed(state: PoolState, { net, node, at }: PoolAsk): number | undefined {
  const address = node === undefined ? undefined : recyclable(state, net, at);
  return address !== undefined && inPool(net, address) ? address : undefined;
}

/** A machine has as many NICs as the record says: only strangers can be too many. */
const isOverQuota = (state: PoolState, ask: PoolAsk): boolean => {
  const { net, node, at } = ask;
  return node === undefined && isShareFull(state, ask) && recyclable(state, net, at) === undefined;
};

/** The pool once around, from where the last search ended. */
export function* fromCursor({ cursors }: PoolState, { pool, spec }: BootNet): Generator<number> {
  if (pool === undefined) return;
  const size = pool.last - pool.first + 1;
  const start = cursors.get(spec.subnet) ?? 0;
  for (let step = 0; step < size; step += 1) yield pool.first + ((start + step) % size);
}

/** Addresses that nobody had come first: whoever comes back after its lease finds its own one again. */
function search(state: PoolState, ask: PoolAsk): number | undefined {
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

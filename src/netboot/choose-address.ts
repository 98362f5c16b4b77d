import { type BootNet, isHostOf } from './boot-site.ts';
import { inPool, isShareFull, type PoolAsk, type PoolState, recyclable } from './pool-state.ts';

/** Why this client cannot have this address; undefined: it may. */
export function whyTaken({ slots, reserved }: PoolState, ask: PoolAsk, address: number): string | undefined {
  if (!isHostOf(ask.net, address)) return 'it is no host address of this network';
  const owner = reserved.get(address);
  if (owner !== undefined && owner !== ask.node) return `the inventory gives it to ${owner}`;
  const slot = slots.live(address, ask.at);
  if (slot === undefined || slot.key === ask.key) return undefined;
  if (slot.state === 'declined') return 'it was declined a short time ago';
  return slot.state === 'foreign' ? 'an unknown machine uses it' : `it is ${slot.state} to ${slot.key}`;
}

/** The inventory's address, else what it had, else what it wishes, else the next free one. */
export function chooseAddress(state: PoolState, ask: PoolAsk): number | undefined {
  const { fixed, wish, net } = ask;
  const free = (address: number) => whyTaken(state, ask, address) === undefined;
  if (fixed !== undefined && free(fixed)) return fixed;
  const held = state.slots.addressIn(net, ask.key);
  if (held !== undefined && (inPool(net, held) || held === fixed) && free(held)) return held;
  if (isOverQuota(state, ask)) return undefined;
  const looked = state.looked.get(net.spec.subnet);
  if (wish !== undefined && inPool(net, wish) && looked?.has(wish) !== false && free(wish)) return wish;
  return search(state, ask) ?? unclaimed(state, ask);
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

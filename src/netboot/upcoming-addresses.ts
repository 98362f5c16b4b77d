import type { TimeMs } from '../core/time.ts';
import type { BootNet } from './boot-site.ts';
import { fromCursor, whyTaken } from './choose-address.ts';
import type { Slot } from './pool-slots.ts';
import { type PoolAsk, type PoolState, poolSize } from './pool-state.ts';

/** Of addresses that were somebody's, those that were given last: they stand behind the cursor. */
const BEHIND = 512;
/** So long before an address may be given again where somebody stood it is asked for: what was answered before is old. */
const BEFORE_FREE_MS = 60_000;

/**
 * What is given next, in that order: addresses that nobody had, then those whose lease has run out. Who had one may have
 * gone and another may sit there, and who comes back gets its own one again before all others.
 */
export function upcomingOf(state: PoolState, net: BootNet, count: number, at: TimeMs): readonly number[] {
  // As it will be when what is held now is free.
  const ask: PoolAsk = {
    net,
    key: '',
    node: undefined,
    fixed: undefined,
    wish: undefined,
    at: Number.POSITIVE_INFINITY,
  };
  const found: number[] = [];
  for (const address of fromCursor(state, net)) {
    if (found.length >= count) break;
    if (state.slots.get(address) === undefined && whyTaken(state, ask, address) === undefined) found.push(address);
  }
  for (const address of behindCursor(state, net)) {
    const slot = state.slots.get(address);
    if (slot !== undefined && isSoonFree(slot, at) && whyTaken(state, ask, address) === undefined) found.push(address);
  }
  return found;
}

function* behindCursor({ cursors }: PoolState, net: BootNet): Generator<number> {
  const { pool, spec } = net;
  if (pool === undefined) return;
  const size = poolSize(net);
  const start = cursors.get(spec.subnet) ?? 0;
  for (let step = 1; step <= Math.min(size, BEHIND); step += 1) yield pool.first + ((start + size - step) % size);
}

const isSoonFree = ({ state, until }: Slot, at: TimeMs): boolean =>
  until <= at || ((state === 'foreign' || state === 'used') && until - at <= BEFORE_FREE_MS);

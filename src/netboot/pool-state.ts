import type { TimeMs } from '../core/time.ts';
import { type BootNet, isHostOf } from './boot-site.ts';
import type { PoolSlots } from './pool-slots.ts';
import type { UnansweredClients } from './unanswered-clients.ts';

/** Strangers may always use one part in four of a pool; the inventory's machines find the rest. */
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
  /** `wish` is the address that it has and speaks from. */
  readonly renews?: boolean;
  /** Strangers are to boot now: an operator switched discovery on. */
  readonly isDiscovering?: boolean;
}

export interface PoolState {
  readonly slots: PoolSlots;
  /** Where the last search of a subnet ended. */
  readonly cursors: Map<string, number>;
  /** Addresses that the inventory gives, and to whom. */
  readonly reserved: Map<number, string>;
  /** By subnet: of its pool what no stranger ever gets, because machines of the inventory may come for it. */
  readonly kept: Map<string, number>;
  /** By subnet; no entry where nobody looks. */
  readonly looked: Map<string, ReadonlySet<number>>;
  readonly unanswered: UnansweredClients;
}

export const inPool = (net: BootNet, address: number): boolean =>
  net.pool !== undefined && address >= net.pool.first && address <= net.pool.last;

/** Of who had its address before us, or before the pool was another one. */
export function outsidePool({ spec: { pool, subnet } }: BootNet): string {
  const where =
    pool === undefined ? `of ${subnet}, which has no pool` : `outside of the pool (${pool.from}-${pool.to})`;
  return `${where}: it keeps that while it renews it, and gets ${pool === undefined ? 'none' : 'another one'} when it asks anew`;
}

/** An address of the pool that a machine can get: not our own, the gateway's or the relay's. */
export const isGivable = (net: BootNet, address: number): boolean => inPool(net, address) && isHostOf(net, address);

/** While discovery is on a pool is theirs but for what the machines of the inventory may come for. */
export function isShareFull(state: PoolState, { net, at, isDiscovering }: PoolAsk): boolean {
  const { subnet } = net.spec;
  const held = state.slots.strangers(subnet).size;
  if (held < strangerLimit(net)) return false;
  if (isDiscovering !== true) return true;
  const left = poolSize(net) - (state.kept.get(subnet) ?? 0) - held;
  return state.slots.foreign(subnet).size >= left && countForeign(state, net, at) >= left;
}

/** What unknown machines use of a pool now. Outside of it, at a machine's own `ip`, they take nothing from it. */
function countForeign({ slots }: PoolState, net: BootNet, at: TimeMs): number {
  let count = 0;
  for (const address of slots.foreign(net.spec.subnet)) {
    if (inPool(net, address) && slots.live(address, at) !== undefined) count += 1;
  }
  return count;
}

export const poolSize = ({ pool }: BootNet): number => (pool === undefined ? 0 : pool.last - pool.first + 1);

export function strangerLimit(net: BootNet): number {
  return net.pool === undefined ? 0 : Math.max(1, Math.floor(poolSize(net) / STRANGER_SHARE));
}

/** The oldest stranger's address that can be taken away: run out, or offered and not claimed. */
export function recyclable({ slots }: PoolState, net: BootNet, at: TimeMs): number | undefined {
  for (const address of slots.strangers(net.spec.subnet)) {
    const slot = slots.get(address);
    if (slot === undefined || slot.until <= at) return address;
    if (slot.state === 'offered') return at - slot.at > RECYCLE_AFTER_MS ? address : undefined;
  }
  return undefined;
}

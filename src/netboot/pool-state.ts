import type { TimeMs } from '../core/time.ts';
import type { BootNet } from './boot-site.ts';
import type { PoolSlots } from './pool-slots.ts';

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

export interface PoolState {
  readonly slots: PoolSlots;
  /** Where the last search of a subnet ended. */
  readonly cursors: Map<string, number>;
  /** Addresses that the inventory gives, and to whom. */
  readonly reserved: Map<number, string>;
  /** By subnet; no entry where nobody looks. */
  readonly looked: Map<string, ReadonlySet<number>>;
}

export const inPool = (net: BootNet, address: number): boolean =>
  net.pool !== undefined && address >= net.pool.first && address <= net.pool.last;

export const isShareFull = ({ slots }: PoolState, net: BootNet): boolean =>
  slots.strangers(net.spec.subnet).size >= strangerLimit(net);

export function strangerLimit(net: BootNet): number {
  return net.pool === undefined ? 0 : Math.max(1, Math.floor((net.pool.last - net.pool.first + 1) / STRANGER_SHARE));
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

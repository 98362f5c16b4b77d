import type { TimeMs } from '../core/time.ts';
import type { BootNet } from './boot-site.ts';
import type { Slot } from './pool-slots.ts';
import { inPool, isGivable, type PoolState } from './pool-state.ts';

/** Of a pool each address is in one of these. `reserved`: kept for a machine of the inventory that has it not from us now. */
export type PoolAddressState = Exclude<Slot['state'], 'used'> | 'free' | 'reserved';

export interface PoolUse {
  readonly subnet: string;
  readonly addresses: Readonly<Record<PoolAddressState, number>>;
}

type Counting = { -readonly [State in PoolAddressState]: number };

/** How full the pools are. Once over what is not simply free, so that a pool of 65,000 costs what its leases do. */
export function countPools({ slots, reserved }: PoolState, nets: readonly BootNet[], at: TimeMs): readonly PoolUse[] {
  const counted = nets
    .filter((net) => net.pool !== undefined && net.spec.dhcp === 'authoritative')
    .map((net) => ({ net, addresses: unused(net) }));
  const move = (address: number, state: PoolAddressState): void => {
    const one = counted.find(({ net }) => isGivable(net, address));
    if (one === undefined) return;
    one.addresses.free -= 1;
    one.addresses[state] += 1;
  };
  for (const [address, slot] of slots.entries())
    if (slot.until > at) move(address, slot.state === 'used' ? 'reserved' : slot.state);
  for (const address of reserved.keys()) if (slots.live(address, at) === undefined) move(address, 'reserved');
  return counted.map(({ net, addresses }) => ({ subnet: net.spec.subnet, addresses }));
}

/** All free but those that are never handed out: our own, the gateway's, the relay's. */
function unused(net: BootNet): Counting {
  const size = net.pool === undefined ? 0 : net.pool.last - net.pool.first + 1;
  const own = new Set([net.server, net.gateway, net.relay].filter((one) => one !== undefined && inPool(net, one)));
  return { free: size - own.size, reserved: 0, offered: 0, leased: 0, declined: 0, foreign: 0 };
}

import type { TimeMs } from '../core/time.ts';
import { type BootNet, isInNet } from './boot-site.ts';
import type { PoolState } from './pool-state.ts';

/** Addresses of machines of the inventory that these do not get, because somebody else is there, or was. */
export function takenFromOwners({ slots, reserved }: PoolState, net: BootNet, at: TimeMs): readonly number[] {
  const { subnet } = net.spec;
  if (slots.foreign(subnet).size === 0 && slots.declined(subnet, at).length === 0) return [];
  return [...reserved.keys()].filter((address) => {
    const state = isInNet(net, address) ? slots.live(address, at)?.state : undefined;
    return state === 'foreign' || state === 'declined';
  });
}

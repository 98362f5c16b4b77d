import { type BootNet, isHostOf } from './boot-site.ts';
import { inPool, type PoolState } from './pool-state.ts';

/** So far it is searched from each place. */
const NEAR = 16;

/** Addresses of a network where nobody is expected, spread over it: of no pool, no file and no lease. */
export function quietAddresses(state: PoolState, net: BootNet, count: number): readonly number[] {
  const isQuiet = (address: number): boolean =>
    isHostOf(net, address) && !inPool(net, address) && !state.reserved.has(address) && !state.slots.get(address);
  const apart = Math.floor((net.last - net.first) / (count + 1));
  const found = new Set<number>();
  for (let place = 1; place <= count; place += 1) {
    for (let step = 0; step < NEAR; step += 1) {
      const address = net.first + place * apart + step;
      if (found.has(address) || !isQuiet(address)) continue;
      found.add(address);
      break;
    }
  }
  return [...found];
}

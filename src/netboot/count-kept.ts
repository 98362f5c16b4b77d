import type { Fleet } from '../core/fleet.ts';
import { valuesOf } from '../core/shard-map.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { type BootSite, netOfAddress } from './boot-site.ts';
import { inPool, type PoolState } from './pool-state.ts';

/**
 * What of each pool the machines of the inventory may come for: one address for each of their NICs, but for the one that
 * has an `ip` of its own in a network where we give addresses. Such a machine asks for none elsewhere.
 */
export function countKept({ kept, reserved }: PoolState, fleet: Fleet, site: BootSite): void {
  kept.clear();
  const nets = site.nets.filter((net) => net.pool !== undefined && net.spec.dhcp === 'authoritative');
  const add = (subnet: string, count: number): void => {
    kept.set(subnet, (kept.get(subnet) ?? 0) + count);
  };
  let everywhere = 0;
  for (const { spec } of valuesOf(fleet.nodes)) {
    const nics = Math.max(1, spec.identity.macs.length);
    const address = spec.network.ip === undefined ? undefined : parseIpv4(spec.network.ip);
    const home = address?.ok === true ? netOfAddress(site, address.value)?.spec : undefined;
    if (home?.dhcp === 'authoritative') add(home.subnet, nics - 1);
    else everywhere += nics;
  }
  for (const net of nets) {
    const never = new Set([net.server, net.gateway, net.relay]);
    let inside = 0;
    for (const address of never) if (address !== undefined && inPool(net, address)) inside += 1;
    for (const address of reserved.keys()) if (inPool(net, address)) inside += 1;
    add(net.spec.subnet, everywhere + inside);
  }
}

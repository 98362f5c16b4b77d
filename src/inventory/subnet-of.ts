import type { SiteSpec, SubnetSpec } from '../core/spec.ts';
import { contains, parseCidr, parseIpv4 } from './ipv4.ts';

/** The network of the site that an address is in. Subnets do not overlap: the check of the site sees to it. */
export function subnetOf(site: SiteSpec, ip: string): SubnetSpec | undefined {
  const address = parseIpv4(ip);
  if (address === undefined) return undefined;
  return site.networks.find((network) => {
    const cidr = parseCidr(network.subnet);
    return cidr.ok && contains(cidr.value, address);
  });
}

import type { SiteSpec, SubnetSpec } from '../core/spec.ts';
import { contains, parseCidr, parseIpv4 } from './ipv4.ts';

/** The network of the site that an address is in. Subnets do not overlap: the check of the site sees to it. */
export function subnetOf(site: SiteSpec, ip: string): SubnetSpec | undefined {
  return site.networks.find((network) => isOfSubnet(network, ip));
}

export function isOfSubnet({ subnet }: SubnetSpec, ip: string): boolean {
  const address = parseIpv4(ip);
  const cidr = parseCidr(subnet);
  return address !== undefined && cidr.ok && contains(cidr.value, address);
}

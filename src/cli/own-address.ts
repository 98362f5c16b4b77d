import { fail, ok, type Result } from '../core/result.ts';
import type { NodeSpec, SiteSpec, SubnetSpec } from '../core/spec.ts';
import { isOfSubnet, subnetOf } from '../inventory/subnet-of.ts';
import { interfacesHere } from '../servers/interfaces-here.ts';

/** Our own address on a network: as written, else that of its interface in the subnet, else the first that this has. */
export function ownAddress(net: SubnetSpec): string | undefined {
  if (net.address !== undefined) return net.address;
  const found = net.interface === undefined ? undefined : interfacesHere()?.[net.interface];
  const own = (found ?? []).filter((one) => one.family === 'IPv4').map((one) => one.address);
  return own.find((address) => isOfSubnet(net, address)) ?? own[0];
}

/** The one address at which all is served where no network has an interface: everything comes by relays, or over loopback. */
export function relayedAddress({ networks }: SiteSpec): string | undefined {
  if (networks.some((net) => net.interface !== undefined)) return undefined;
  const own = new Set(networks.map(ownAddress));
  const [address] = own.size === 1 ? own : [];
  return address;
}

/** Our address as one machine reaches it: on the network of its own address, else on the first that has DHCP. */
export function serverFor(site: SiteSpec, spec: NodeSpec): Result<string> {
  const own = spec.network.ip === undefined ? undefined : subnetOf(site, spec.network.ip);
  const net = own ?? site.networks.find((one) => one.dhcp !== 'off') ?? site.networks[0];
  if (net === undefined)
    return fail('the site has no `networks:` in _site.yaml, so machines cannot reach this program');
  const address = ownAddress(net);
  if (address === undefined && interfacesHere() === undefined)
    return fail('our own addresses cannot be read now: too many open files? Try again');
  return address === undefined
    ? fail(
        `no address of our own on ${net.subnet} (${net.interface ?? net.relay ?? '?'}): give the interface one, or write \`address:\``,
      )
    : ok(address);
}

/** Without `:80`: old firmware and some BMCs stumble over it. */
export function httpBaseFor(site: SiteSpec, spec: NodeSpec): Result<string> {
  const address = serverFor(site, spec);
  const { http } = site.ports;
  return address.ok ? ok(`http://${address.value}${http === 80 ? '' : `:${http}`}`) : address;
}

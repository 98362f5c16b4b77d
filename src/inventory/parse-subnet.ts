import type { SubnetSpec } from '../core/spec.ts';
import { parseLeaseSeconds } from './duration.ts';
import { given } from './given.ts';
import { type Cidr, contains, isHostAddress, parseCidr, parseIpv4, renderCidr } from './ipv4.ts';
import { parseDhcpOptions } from './parse-dhcp-options.ts';
import { isAddress, isHost } from './parse-network.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';
import type { SiteShape, SubnetShape } from './site-shape.ts';

/** One network of the site, with what its checks need at hand. */
interface Net {
  readonly value: SubnetShape;
  readonly cidr: Cidr;
  error(key: string, message: string): void;
  warn(key: string, message: string): void;
}

const LEASE_SECONDS = 12 * 3600;
/** More than this many addresses in one segment is a mistyped prefix. */
const WIDEST_PREFIX = 8;

/** First and last address, both handed out. The server's and the gateway's are left out by the DHCP server itself. */
function parsePool(net: Net): SubnetSpec['pool'] {
  const text = net.value.pool;
  if (text === undefined) return undefined;
  const [from = '', to = '', ...more] = text.split(/\s*(?:-|,|\.\.)\s*/);
  const first = parseIpv4(from);
  const last = parseIpv4(to);
  if (first === undefined || last === undefined || more.length > 0) {
    net.error('pool', `pool: ${quote(text)} is no range; expected 10.77.0.100-10.77.0.199`);
  } else if (first > last) net.error('pool', `pool: ${from} comes after ${to}; write ${to}-${from}`);
  else if (!contains(net.cidr, first) || !contains(net.cidr, last)) {
    net.error('pool', `pool: ${text} is outside ${renderCidr(net.cidr)}`);
  } else if (!isHostAddress(net.cidr, first) || !isHostAddress(net.cidr, last)) {
    net.error('pool', `pool: ${text} holds the network or broadcast address of ${renderCidr(net.cidr)}`);
  } else {
    for (const key of ['address', 'gateway'] as const) {
      const taken = parseIpv4(net.value[key] ?? '');
      if (taken !== undefined && taken >= first && taken <= last) {
        net.warn('pool', `pool: holds the ${key} ${net.value[key]}, which is never handed out`);
      }
    }
    return { from, to };
  }
  return undefined;
}

/** A relay's own address may lie outside of the subnet that it serves: some switches relay from a loopback. */
function checkAddresses(net: Net): void {
  for (const key of ['address', 'gateway'] as const) {
    const text = net.value[key];
    if (text === undefined) continue;
    const address = parseIpv4(text);
    if (address === undefined) net.error(key, `${key}: ${quote(text)} is no IPv4 address; expected 10.77.0.1`);
    // Whom a relay reaches us by is an address of ours, and of another subnet than the one behind it.
    else if (key === 'address' && net.value.relay !== undefined) continue;
    else if (!isHostAddress(net.cidr, address)) net.error(key, `${key}: ${text} is no host of ${renderCidr(net.cidr)}`);
  }
  const { relay, interface: port, dhcp, pool, dns = [], ntp = [], domain } = net.value;
  if (relay !== undefined && parseIpv4(relay) === undefined) {
    net.error(
      'relay',
      `relay: ${quote(relay)} is no IPv4 address; expected that of the relay in this subnet, 10.20.0.1`,
    );
  }
  // On an interface of ours it is that of the interface; which of ours a relay far away forwards to is known to nobody else.
  if (relay !== undefined && net.value.address === undefined) {
    net.error('relay', `relay: needs \`address:\` beside it, the address of this host that the relay forwards to`);
  }
  if (relay === undefined && port === undefined) {
    net.error('', 'a network needs interface: eth1, or relay: 10.20.0.1 for a subnet behind a relay');
  } else if (relay !== undefined && port !== undefined) {
    net.error('relay', 'interface and relay exclude each other: a subnet is here or behind a relay');
  }
  if (net.value.dedicated === true && port === undefined) {
    net.warn('dedicated', 'dedicated: not used behind a relay; router advertisements do not pass it');
  }
  if (net.value.snooping === true && port === undefined) {
    net.warn('snooping', 'snooping: not used behind a relay; what a relay says of the port is believed anyway');
  }
  if (pool !== undefined && (dhcp === 'proxy' || dhcp === 'off')) {
    net.warn('pool', `pool: not used with dhcp: ${dhcp}`);
  }
  for (const text of dns) if (!isAddress(text)) net.error('dns', `dns: ${quote(text)} is no address such as 10.77.0.1`);
  // DHCP option 42 carries addresses only.
  for (const text of ntp) if (!isAddress(text)) net.error('ntp', `ntp: ${quote(text)} is no address such as 10.77.0.1`);
  if (domain !== undefined && !isHost(domain)) net.error('domain', `domain: ${quote(domain)} is no domain name`);
}

function parseRoutes(net: Net): SubnetSpec['routes'] {
  return (net.value.routes ?? []).flatMap(({ to = '', via = '' }) => {
    const target = to === 'default' ? parseCidr('0.0.0.0/0') : parseCidr(to);
    const hop = parseIpv4(via);
    if (!target.ok) net.error('routes', `routes.to: ${quote(to)}: ${target.error}`);
    else if (hop === undefined || !contains(net.cidr, hop)) {
      net.error('routes', `routes.via: ${quote(via)} is no address in ${renderCidr(net.cidr)}`);
    } else return [{ to: renderCidr(target.value), via }];
    return [];
  });
}

export function parseSubnet(reading: Reading<SiteShape>, index: number): SubnetSpec | undefined {
  const { report, at } = reading;
  const value = reading.value.networks?.[index] ?? {};
  const spot = (key: string) => at('networks', index, ...(key === '' ? [] : [key]));
  const cidr = parseCidr(value.subnet ?? '');
  if (!cidr.ok || cidr.value.prefix < WIDEST_PREFIX) {
    const why = cidr.ok ? `a /${cidr.value.prefix} is too wide` : cidr.error;
    if (!reading.isBroken('networks', index, 'subnet')) {
      report.error(
        spot('subnet'),
        value.subnet === undefined ? 'a network needs subnet: 10.77.0.0/24' : `subnet: ${why}`,
      );
    }
    return undefined;
  }
  const net: Net = {
    value,
    cidr: cidr.value,
    error: (key, message) => report.error(spot(key), message),
    warn: (key, message) => report.warn(spot(key), message),
  };
  checkAddresses(net);
  const pool = parsePool(net);
  const leaseSeconds = value.lease === undefined ? LEASE_SECONDS : parseLeaseSeconds(value.lease);
  if (leaseSeconds === undefined) net.error('lease', `lease: ${quote(value.lease)}; expected 2m to 365d, such as 12h`);
  return given({
    interface: value.interface,
    relay: value.relay,
    address: value.address,
    // Without a pool there is nothing to hand out: the harmless role beside a DHCP server that already exists.
    dhcp: value.dhcp ?? (value.pool === undefined ? 'proxy' : 'authoritative'),
    subnet: renderCidr(cidr.value),
    pool,
    gateway: value.gateway,
    dns: value.dns ?? [],
    ntp: value.ntp ?? [],
    domain: value.domain,
    routes: parseRoutes(net),
    leaseSeconds: leaseSeconds ?? LEASE_SECONDS,
    options: parseDhcpOptions(value.options, (name, text) =>
      report.error(at('networks', index, 'options', name), text),
    ),
    answerAfterSeconds: value.answerAfter === 0 ? undefined : value.answerAfter,
    dedicated: value.dedicated ?? false,
    snooping: value.snooping === true ? true : undefined,
  });
}

/** Two networks that overlap would make an address belong to both. */
export function checkNetworks({ report, at }: Reading<SiteShape>, networks: readonly (SubnetSpec | undefined)[]): void {
  for (const [index, network] of networks.entries()) {
    const own = parseCidr(network?.subnet ?? '');
    for (const earlier of networks.slice(0, index)) {
      const other = parseCidr(earlier?.subnet ?? '');
      if (!own.ok || !other.ok || own.value.first > other.value.last || own.value.last < other.value.first) continue;
      report.error(at('networks', index, 'subnet'), `subnet: ${network?.subnet} overlaps ${earlier?.subnet}`);
    }
  }
}

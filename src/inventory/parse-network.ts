import ipaddr from 'ipaddr.js';
import type { BondSpec, NetworkSpec, SiteSpec, SubnetSpec } from '../core/spec.ts';
import { given } from './given.ts';
import { cidrAround, contains, isHostAddress, parseCidr, parseIpv4, prefixOfNetmask, renderCidr } from './ipv4.ts';
import type { MachineShape } from './machine-shape.ts';
import { parseDhcpOptions } from './parse-dhcp-options.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';
import { subnetOf } from './subnet-of.ts';

type MachineReading = Reading<MachineShape>;

/** RFC 1123 names, and addresses of both families. */
export const isHost = (text: string): boolean =>
  ipaddr.IPv6.isValid(text) ||
  parseIpv4(text) !== undefined ||
  (/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text) &&
    !/^[0-9.]+$/.test(text));

export const isAddress = (text: string): boolean => ipaddr.IPv6.isValid(text) || parseIpv4(text) !== undefined;

function parseAddress(reading: MachineReading, key: 'ip' | 'gateway'): number | undefined {
  const raw = reading.value[key]?.replace(/\/\d+$/, '');
  if (raw === undefined) return undefined;
  const address = parseIpv4(raw);
  if (address === undefined) {
    reading.report.error(reading.at(key), `${key}: ${quote(raw)} is no IPv4 address; expected 10.77.0.33`);
  }
  return address;
}

/** From `prefix`, `netmask`, `ip: 10.77.0.33/24`, or the site's network that the address is in. */
function parsePrefix(reading: MachineReading, site: SiteSpec): number | undefined {
  const { value, report, at } = reading;
  const ofMask = value.netmask === undefined ? undefined : prefixOfNetmask(value.netmask);
  if (value.netmask !== undefined && (ofMask === undefined || ofMask === 0)) {
    report.error(at('netmask'), `netmask: ${quote(value.netmask)} is no netmask; expected 255.255.255.0`);
  }
  if (value.prefix !== undefined && ofMask !== undefined && value.prefix !== ofMask) {
    report.error(at('prefix'), `prefix: ${value.prefix} and netmask ${value.netmask} differ; keep one`);
  }
  const suffix = /\/(\d{1,2})$/.exec(value.ip ?? '')?.[1];
  if (suffix !== undefined && (Number(suffix) > 32 || Number(suffix) < 1)) {
    report.error(at('ip'), `ip: /${suffix} is no prefix; expected 10.77.0.33/24`);
    return undefined;
  }
  const own = value.prefix ?? ofMask ?? (suffix === undefined ? undefined : Number(suffix));
  if (own !== undefined || value.ip === undefined) return own;
  const subnet = parseCidr(subnetOf(site, value.ip)?.subnet ?? '');
  return subnet.ok ? subnet.value.prefix : undefined;
}

/** `dns0` and `dns1` are the article's keys; merging has left either them or `dns`. */
function parseServers(reading: MachineReading): { dns: readonly string[]; ntp: readonly string[] } {
  const { value, report, at } = reading;
  const check = (key: 'dns' | 'dns0' | 'dns1' | 'ntp', path: (string | number)[], text: string) => {
    const good = key === 'ntp' ? isHost(text) : isAddress(text);
    const expected = key === 'ntp' ? 'a host such as pool.ntp.org' : 'an address such as 10.77.0.1';
    if (!good) report.error(at(...path), `${key}: ${quote(text)} is none; expected ${expected}`);
    return good;
  };
  const pair = (['dns0', 'dns1'] as const).flatMap((key) => {
    const text = value[key];
    return text !== undefined && check(key, [key], text) ? [text] : [];
  });
  const listed = (key: 'dns' | 'ntp') => value[key]?.filter((text, index) => check(key, [key, index], text));
  return { dns: listed('dns') ?? pair, ntp: listed('ntp') ?? [] };
}

function parseBond(reading: MachineReading): BondSpec | undefined {
  const { value, report, at } = reading;
  const bond = value.bond;
  if (bond === undefined) return undefined;
  if ((bond.links ?? []).length === 0 && !reading.isBroken('bond', 'links')) {
    report.error(at('bond'), 'bond has no links; write links: [eth0, eth1]');
  }
  const options = { ...(bond.mode === undefined ? {} : { mode: bond.mode }), ...bond.options };
  return given({ name: bond.name ?? 'bond0', links: bond.links ?? [], options, mtu: bond.mtu });
}

/** An address that no network of the site holds is fine where the machine brings its own netmask: production VLANs. */
function checkPlace(reading: MachineReading, site: SiteSpec, ip: number, prefix: number | undefined): void {
  const { value, report, at } = reading;
  const text = value.ip?.replace(/\/\d+$/, '') ?? '';
  if (prefix === undefined) {
    const known = site.networks.map((network) => network.subnet).join(', ');
    if (known === '') report.warn(at('ip'), `ip: no prefix is known for ${text}; write netmask: 255.255.255.0`);
    else report.error(at('ip'), `ip: ${text} is in no network of the site (${known}); correct it, or write netmask:`);
    return;
  }
  const cidr = cidrAround(ip, prefix);
  if (!isHostAddress(cidr, ip)) {
    const which = ip === cidr.first ? 'network' : 'broadcast';
    report.error(at('ip'), `ip: ${text} is the ${which} address of ${renderCidr(cidr)}`);
  }
  const network = subnetOf(site, text);
  if (network === undefined) return;
  if (network.subnet !== renderCidr(cidr)) {
    report.warn(
      at('ip'),
      `ip: ${text}/${prefix} is not the site's network ${network.subnet}; check netmask and prefix`,
    );
  }
  const [from, to] = [parseIpv4(network.pool?.from ?? ''), parseIpv4(network.pool?.to ?? '')];
  if (from !== undefined && to !== undefined && ip >= from && ip <= to) {
    const pool = `${network.pool?.from}-${network.pool?.to}`;
    report.warn(at('ip'), `ip: ${text} is inside the dynamic pool ${pool}; choose one outside, or shorten the pool`);
  }
  if (text === network.address) report.error(at('ip'), `ip: ${text} is the address of crashcart itself`);
  else checkRouter(reading, network, text);
}

/** DHCP here gives neither to anybody; where it is another server's, a router may well be a machine on record. */
function checkRouter({ report, at }: MachineReading, network: SubnetSpec, text: string): void {
  const key = (['gateway', 'relay'] as const).find((one) => network[one] === text);
  if (key === undefined) return;
  const is = `ip: ${text} is the ${key} of ${network.subnet}`;
  if (network.dhcp === 'authoritative')
    report.error(at('ip'), `${is}, which no machine gets; correct it, or \`${key}:\` in _site.yaml`);
  else report.warn(at('ip'), `${is}; correct one of them, unless this machine is that router`);
}

/** The article's own example has a machine that is its gateway, so that is worth a word but no error. */
function checkGateway(reading: MachineReading, ip: number, prefix: number | undefined, gateway: number): void {
  const { value, report, at } = reading;
  if (gateway === ip) {
    report.warn(at('ip'), `ip: ${value.ip} is also the gateway`);
  } else if (prefix !== undefined && !contains(cidrAround(ip, prefix), gateway)) {
    report.error(at('gateway'), `gateway: ${value.gateway} is outside ${renderCidr(cidrAround(ip, prefix))}`);
  }
}

/** The site's network that a static address is in: whoever has no DHCP needs its gateway, DNS and NTP from there. */
function sharedWith(
  { value }: MachineReading,
  site: SiteSpec,
  ip: number,
  prefix: number | undefined,
): SubnetSpec | undefined {
  const net = subnetOf(site, value.ip?.replace(/\/\d+$/, '') ?? '');
  return net !== undefined && prefix !== undefined && net.subnet === renderCidr(cidrAround(ip, prefix))
    ? net
    : undefined;
}

export function parseNetwork(reading: MachineReading, site: SiteSpec): NetworkSpec {
  const { value, report, at } = reading;
  const ip = parseAddress(reading, 'ip');
  const gateway = parseAddress(reading, 'gateway');
  const prefix = parsePrefix(reading, site);
  if (ip !== undefined) {
    checkPlace(reading, site, ip, prefix);
    if (gateway !== undefined) checkGateway(reading, ip, prefix, gateway);
  }
  if (value.domain !== undefined && !isHost(value.domain)) {
    report.error(at('domain'), `domain: ${quote(value.domain)} is no domain name; expected lab.example`);
  }
  const { dns, ntp } = parseServers(reading);
  const net = ip === undefined ? undefined : sharedWith(reading, site, ip, prefix);
  const asked = (key: 'dns' | 'dns0' | 'dns1' | 'ntp') => value[key] !== undefined || reading.isBroken(key);
  const ownDns = asked('dns') || asked('dns0') || asked('dns1');
  const shared = (['dns', 'ntp'] as const).filter(
    (key) => !(key === 'dns' ? ownDns : asked('ntp')) && (net?.[key].length ?? 0) > 0,
  );
  const inherits =
    value.gateway === undefined && !reading.isBroken('gateway') && net?.gateway !== value.ip?.replace(/\/\d+$/, '');
  return given({
    ip: ip === undefined ? undefined : value.ip?.replace(/\/\d+$/, ''),
    prefix,
    gateway: inherits ? net?.gateway : gateway === undefined ? undefined : value.gateway,
    vlan: value.vlan,
    bond: parseBond(reading),
    interface: value.interface,
    dns: ownDns ? dns : (net?.dns ?? []),
    ntp: asked('ntp') ? ntp : (net?.ntp ?? []),
    ofNetwork: shared.length === 0 ? undefined : shared,
    domain: value.domain,
    options: parseDhcpOptions(value.options, (name, text) => report.error(at('options', name), text)),
  });
}

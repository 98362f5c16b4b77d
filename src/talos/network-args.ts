import { isIP, isIPv6 } from 'node:net';
import type { BondSpec, NodeSpec } from '../core/spec.ts';
import { kernelBondOption } from './bond-options.ts';

/** `ip=`, `vlan=` and `bond=` as Talos reads them (its own syntax, close to nfsroot.txt and dracut.cmdline). */
export function renderNetworkArgs(spec: NodeSpec): string[] {
  const { network } = spec;
  const parent = network.bond?.name ?? network.interface ?? '';
  const device = network.vlan === undefined ? parent : `${parent}.${network.vlan}`;
  const args: string[] = [];
  if (network.ip !== undefined && network.prefix !== undefined) args.push(renderStatic(spec, device));
  // Talos asks for a lease on physical links by itself, on links that these arguments create only when told.
  else if (network.vlan !== undefined || network.bond !== undefined) args.push(`ip=${device}:dhcp`);
  // The created link is always `<parent>.<id>`, whatever name stands here.
  if (network.vlan !== undefined) args.push(`vlan=${device}:${parent}`);
  if (network.bond !== undefined) args.push(renderBond(network.bond));
  return args;
}

/**
 * `ip=<client>:<server>:<gw>:<netmask>:<hostname>:<device>:<autoconf>:<dns0>:<dns1>:<ntp0>`.
 * Talos parses the last three as addresses and drops the whole line when one is a name, so names are left out.
 * The article's inventory (`kernelArgsReplace`) gets the article's line to the letter, its NTP name included.
 */
function renderStatic({ name, network, identity, talos }: NodeSpec, device: string): string {
  const { ip = '', prefix = 0, gateway = '' } = network;
  const mask = isIPv6(ip) ? String(prefix) : netmaskOf(prefix);
  const literal = (list: readonly string[]) => (talos.kernelArgsReplace ? list : list.filter((one) => isIP(one) > 0));
  const [dns0 = '', dns1 = ''] = literal(network.dns);
  const [ntp = ''] = literal(network.ntp);
  const link = device === '' ? macDevice(identity.macs) : device;
  const fields = [bracketed(ip), '', bracketed(gateway), mask, name, link, '', bracketed(dns0), bracketed(dns1)];
  return `ip=${[...fields, bracketed(ntp)].join(':').replace(/:+$/, '')}`;
}

/** Without a device Talos takes the first link by name, which need not be the one that booted. */
function macDevice(macs: readonly string[]): string {
  const [mac] = macs;
  return mac === undefined ? '' : `enx${mac.replaceAll(':', '')}`;
}

function renderBond({ name, links, options, mtu }: BondSpec): string {
  const pairs = Object.entries(options).map(([key, value]) => `${kernelBondOption(key)}=${value}`);
  const fields = [name, links.join(','), pairs.join(','), mtu === undefined ? '' : String(mtu)];
  return `bond=${fields.join(':').replace(/:+$/, '')}`;
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

function netmaskOf(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

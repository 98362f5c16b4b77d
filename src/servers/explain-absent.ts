import { readdirSync } from 'node:fs';
import type { SubnetSpec } from '../core/spec.ts';
import { parseSubnetText } from '../netboot/boot-site.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { interfacesHere } from './interfaces-here.ts';
import { linkTrouble } from './link-state.ts';

/** More of them would hide what is said. */
const MOST_NAMED = 8;

/** Why a network of the site is not served yet, as a sentence. `address`: ours on it, where one is known. */
export function explainAbsent(net: SubnetSpec, address: string | undefined): string {
  const { interface: iface, subnet } = net;
  if (iface === undefined)
    return `${address ?? '?'} is no address of this machine, machines behind the relay ${net.relay ?? '?'} are not served: give it to an interface, or correct address: in _site.yaml`;
  if (!isInterfaceThere(iface))
    return `interface ${iface} is not there, machines of ${subnet} are not served until it comes; this machine has ${othersThan(iface)}`;
  const what = address === undefined ? 'has no IPv4 address' : `does not have the address ${address}`;
  const down = linkTrouble(iface) !== undefined ? ' and is down (is the cable in?)' : '';
  const give = `ip addr add ${address ?? 'ADDRESS'}/${subnet.split('/')[1] ?? '24'} dev ${iface}`;
  const other = interfacesHere()?.[iface]?.find((one) => one.family === 'IPv4' && isIn(subnet, one.address));
  const correct = other === undefined ? '' : `, or write address: ${other.address} in _site.yaml, which it has now`;
  return `${iface} ${what}${down}, machines of ${subnet} are not served: ${give}${correct}`;
}

/** One without a carrier has no addresses that Node would list; where the kernel lists none, what is named is believed. */
export function isInterfaceThere(iface: string): boolean {
  const names = namesThere();
  return names === undefined || names.includes(iface) || interfacesHere()?.[iface] !== undefined;
}

function namesThere(): readonly string[] | undefined {
  try {
    return readdirSync('/sys/class/net');
  } catch {
    return undefined;
  }
}

function othersThan(iface: string): string {
  const others = (namesThere() ?? []).filter((one) => one !== 'lo' && one !== iface);
  if (others.length === 0) return 'none but lo';
  const more = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  return others.slice(0, MOST_NAMED).join(', ') + more;
}

/** Another one cannot be written as that of this network. */
function isIn(subnet: string, text: string): boolean {
  const net = parseSubnetText(subnet);
  const address = parseIpv4(text);
  if (!net.ok || !address.ok) return false;
  const spare = 2 ** (32 - net.value.prefix);
  return Math.floor(address.value / spare) === Math.floor(net.value.first / spare);
}

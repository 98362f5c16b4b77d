import type { Rival } from './fleet.ts';

/** `10.0.0.9 on eth1 (52:54:…)`; heard through a relay, neither the interface nor the MAC of a server is known. */
export function describeRival({ server, iface, mac }: Pick<Rival, 'server' | 'iface' | 'mac'>): string {
  const where = iface === '' ? '' : ` on ${iface}`;
  return `${server}${where}${mac === '' ? '' : ` (${mac})`}`;
}

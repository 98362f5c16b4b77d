import type { Rival } from './fleet.ts';

/** `10.0.0.9 on eth1 (52:54:…)`; heard through a relay, neither the interface nor the MAC of a server is known. */
export function describeRival({ server, iface, mac }: Pick<Rival, 'server' | 'iface' | 'mac'>): string {
  const where = iface === '' ? '' : ` on ${iface}`;
  return `${server}${where}${mac === '' ? '' : ` (${mac})`}`;
}

type Told = Pick<Rival, 'offers' | 'bootFile' | 'refusedAt' | 'namedBy'> & { readonly refuses?: true };

/** What it does, as it stands behind its name, the worst first: `refuses (NAK) what we give and offers 10.0.0.50`. */
export function rivalDoes({ offers, bootFile, refuses, refusedAt, namedBy }: Told): string {
  if (namedBy !== undefined) return `is named by the REQUEST of ${namedBy}; what it offers was not heard`;
  const offer = offers === '' ? [] : [`offers ${offers}${bootFile === undefined ? '' : `, boot file ${bootFile}`}`];
  const isRefusing = refuses === true || refusedAt !== undefined;
  return [...(isRefusing ? ['refuses (NAK) what we give'] : []), ...offer].join(' and ');
}

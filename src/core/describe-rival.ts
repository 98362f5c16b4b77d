import type { EventOf } from './event.ts';
import type { Rival } from './fleet.ts';

/** `10.0.0.9 on eth1 (52:54:…)`; heard through a relay, neither the interface nor the MAC of a server is known. */
export function describeRival({
  server,
  iface,
  mac,
  isTwin,
}: Pick<Rival, 'server' | 'iface' | 'mac' | 'isTwin'>): string {
  const where = iface === '' ? '' : ` on ${iface}`;
  return `${isTwin === true ? 'at our own address ' : ''}${server}${where}${mac === '' ? '' : ` (${mac})`}`;
}

/** `52:54:… has our own address 10.0.0.1 too, and offered it boot file pxelinux.0`. */
export function twinText({
  server,
  twin,
  ack,
  refused,
  bootFile,
}: Omit<EventOf<'dhcp.rivalAnswered'>, 'time'>): string {
  const what = bootFile === undefined ? 'an address' : `boot file ${bootFile}`;
  const did = refused === true ? 'refused (NAK) its address' : `${ack ? 'acknowledged' : 'offered'} it ${what}`;
  return `another host, ${twin}, has our own address ${server}, and ${did}`;
}

type Told = Pick<Rival, 'offers' | 'bootFile' | 'refusedAt' | 'namedBy'> & { readonly refuses?: true };

/** What it does, as it stands behind its name, the worst first: `refuses (NAK) what we give and offers 10.0.0.50`. */
export function rivalDoes({ offers, bootFile, refuses, refusedAt, namedBy }: Told): string {
  if (namedBy !== undefined) return `is named by the REQUEST of ${namedBy}; what it offers was not heard`;
  const offer = offers === '' ? [] : [`offers ${offers}${bootFile === undefined ? '' : `, boot file ${bootFile}`}`];
  const isRefusing = refuses === true || refusedAt !== undefined;
  return [...(isRefusing ? ['refuses (NAK) what we give'] : []), ...offer].join(' and ');
}

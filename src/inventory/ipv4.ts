import { fail, ok, type Result } from '../core/result.ts';

/** IPv4 as numbers, so that subnets, pools and overlaps are comparisons. */

const PART = '(0|[1-9][0-9]{0,2})';
const DOTTED = new RegExp(`^${PART}\\.${PART}\\.${PART}\\.${PART}$`);

/** Strict: four decimal parts. A leading zero is octal to some programs and decimal to others, so it is refused. */
export function parseIpv4(text: string): number | undefined {
  const match = DOTTED.exec(text);
  if (match === null) return undefined;
  let address = 0;
  for (let index = 1; index <= 4; index += 1) {
    const part = Number(match[index]);
    if (part > 255) return undefined;
    address = address * 256 + part;
  }
  return address;
}

export const renderIpv4 = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

export interface Cidr {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

export function cidrAround(address: number, prefix: number): Cidr {
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix };
}

export const renderCidr = (cidr: Cidr): string => `${renderIpv4(cidr.first)}/${cidr.prefix}`;

export const contains = (cidr: Cidr, address: number): boolean => address >= cidr.first && address <= cidr.last;

/** `10.77.0.0/24`; `10.77.0.5/24` is refused with the network that it is in. */
export function parseCidr(text: string): Result<Cidr> {
  const match = /^([^/]+)\/(\d{1,2})$/.exec(text);
  const address = parseIpv4(match?.[1] ?? '');
  const prefix = Number(match?.[2]);
  if (address === undefined || prefix > 32) return fail('expected a subnet such as 10.77.0.0/24');
  const cidr = cidrAround(address, prefix);
  if (cidr.first !== address) return fail(`this is an address in a subnet; the subnet is ${renderCidr(cidr)}`);
  return ok(cidr);
}

/** `255.255.255.0` to 24; undefined for a mask with holes. */
export function prefixOfNetmask(text: string): number | undefined {
  const mask = parseIpv4(text);
  if (mask === undefined) return undefined;
  const hosts = 2 ** 32 - mask;
  return Number.isInteger(Math.log2(hosts)) ? 32 - Math.log2(hosts) : undefined;
}

/** Network and broadcast address belong to no machine; a /31 and a /32 have neither (RFC 3021). */
export function isHostAddress(cidr: Cidr, address: number): boolean {
  return contains(cidr, address) && (cidr.prefix >= 31 || (address !== cidr.first && address !== cidr.last));
}

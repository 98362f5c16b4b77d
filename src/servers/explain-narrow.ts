import { readFileSync } from 'node:fs';
import type { SubnetSpec } from '../core/spec.ts';
import { type BootSite, parseSubnetText } from '../netboot/boot-site.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { type Interfaces, interfacesHere } from './interfaces-here.ts';
import { servedNets } from './server-parts.ts';

/** First and last address. */
type Span = readonly [first: number, last: number];

export interface Narrow {
  readonly what: string;
  readonly advice: string;
}

/**
 * An interface with a longer prefix than its network: who is outside of it hears our broadcasts, and whatever is sent to
 * him alone leaves by another way or by none. A wider one reaches them all.
 */
export function explainNarrow(
  { interface: iface, subnet }: SubnetSpec,
  address: string,
  all: Interfaces,
  readRoutes: () => string = readTable,
): Narrow | undefined {
  const own = (all[iface ?? ''] ?? []).flatMap((one) => (one.family === 'IPv4' ? [one.cidr ?? ''] : []));
  const [has] = own.filter((cidr) => cidr.startsWith(`${address}/`));
  const [wanted] = spansOf(subnet);
  if (iface === undefined || has === undefined || wanted === undefined) return undefined;
  const spans = own.flatMap(spansOf);
  // An address of /32 with a route to the network beside it is a way as well.
  if (isCovered(wanted, spans) || isCovered(wanted, [...spans, ...routedSpans(readRoutes(), iface)])) return undefined;
  const prefix = subnet.split('/')[1] ?? '24';
  const [at] = spansOf(`${address}/32`);
  if (at !== undefined && !isCovered(at, [wanted]))
    return {
      what: `${iface} has ${has}, which is not in ${subnet}: machines of that network are not reached by it, and get no boot files`,
      advice: `correct subnet: or interface: in _site.yaml, or give ${iface} an address of ${subnet}`,
    };
  return {
    what: `${iface} has ${has} and the network is ${subnet}: machines outside of ${networkOf(has)} are not reached by it, and get no boot files`,
    advice: `ip addr replace ${address}/${prefix} dev ${iface}, or correct subnet: in _site.yaml`,
  };
}

/** Of all networks that are served, as sentences. Undefined: nobody can tell now. */
export function findNarrow(site: BootSite): readonly string[] | undefined {
  const all = interfacesHere();
  if (all === undefined) return undefined;
  const found = servedNets(site).flatMap(({ spec, serverText }) => explainNarrow(spec, serverText, all) ?? []);
  return found.map(({ what, advice }) => `${what}: ${advice}`);
}

function spansOf(cidr: string): readonly Span[] {
  const net = parseSubnetText(cidr);
  return net.ok ? [around(net.value.first, 2 ** (32 - net.value.prefix))] : [];
}

function around(address: number, size: number): Span {
  const first = Math.floor(address / size) * size;
  return [first, first + size - 1];
}

function networkOf(cidr: string): string {
  const [[first] = [0]] = spansOf(cidr);
  return `${renderIpv4(first)}/${cidr.split('/')[1] ?? '32'}`;
}

function isCovered([first, last]: Span, spans: readonly Span[]): boolean {
  let next = first;
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) if (from <= next && to >= next) next = to + 1;
  return next > last;
}

const RTF_UP = 1;
const IS_WORD = /^[0-9a-f]{8}$/i;

/** What the kernel sends out of this interface without a router between. */
function routedSpans(table: string, iface: string): readonly Span[] {
  return table.split('\n').flatMap((line) => {
    const [name, to = '', via = '', flags = '', , , , mask = ''] = line.split('\t').map((field) => field.trim());
    const isDirect = via === '00000000' && (Number.parseInt(flags, 16) & RTF_UP) !== 0;
    if (name !== iface || !isDirect || !IS_WORD.test(to) || !IS_WORD.test(mask)) return [];
    return [around(numberOf(to), 2 ** 32 - numberOf(mask))];
  });
}

/** The kernel prints in the order of the machine, which is little-endian everywhere that counts. */
const numberOf = (hex: string): number => Buffer.from(hex, 'hex').readUInt32LE();

function readTable(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}

import type { DhcpOptionSpec } from '../core/spec.ts';
import { parseIpv4 } from './ipv4.ts';
import { nearestName } from './nearest-name.ts';
import { quote } from './report.ts';

/** DHCP options that are nobody's business but the operator's, by the name of their code or by its number. */

type Kind = 'addresses' | 'text' | 'seconds';

/** PXELINUX reads 209 to 211 (RFC 5071), phones and some switches 150, which is the address of a TFTP server. */
const ROWS: Readonly<Record<string, readonly [code: number, kind: Kind]>> = {
  timeOffset: [2, 'seconds'],
  logServers: [7, 'addresses'],
  rootPath: [17, 'text'],
  tftpServers: [150, 'addresses'],
  configFile: [209, 'text'],
  pathPrefix: [210, 'text'],
  rebootSeconds: [211, 'seconds'],
  wpad: [252, 'text'],
};

/** What the answers themselves are made of. Where the site has a key for it, that is the way. */
const OWN: Readonly<Record<number, string>> = {
  1: 'subnet',
  3: 'gateway',
  6: 'dns',
  15: 'domain',
  42: 'ntp',
  51: 'lease',
  66: 'loaders',
  67: 'loaders',
  119: 'domain',
  121: 'routes',
};
const RESERVED: ReadonlySet<number> = new Set([
  0, 12, 26, 28, 43, 50, 52, 53, 54, 55, 57, 58, 59, 60, 61, 77, 82, 93, 94, 97, 175, 255,
]);

export function parseDhcpOptions(
  options: Readonly<Record<string, readonly string[]>> | undefined,
  error: (name: string, message: string) => void,
): readonly DhcpOptionSpec[] | undefined {
  if (options === undefined) return undefined;
  const parsed = new Map<number, DhcpOptionSpec>();
  for (const [name, values] of Object.entries(options)) {
    const row = rowOf(name);
    if (typeof row === 'string') {
      error(name, `options.${name}: ${row}`);
      continue;
    }
    const bytes = bytesOf(values, row[1]);
    if (typeof bytes === 'string') error(name, `options.${name}: ${bytes}`);
    else if (bytes.length === 0 || bytes.length > 255) error(name, `options.${name}: needs 1 to 255 bytes`);
    else if (parsed.has(row[0])) error(name, `options.${name}: option ${row[0]} is written twice`);
    else parsed.set(row[0], { code: row[0], hex: bytes.toString('hex') });
  }
  return [...parsed.values()];
}

function rowOf(name: string): readonly [code: number, kind: Kind | undefined] | string {
  if (Object.hasOwn(ROWS, name)) return ROWS[name] ?? [0, 'text'];
  if (!/^\d{1,3}$/.test(name)) {
    const near = nearestName(name, Object.keys(ROWS));
    return `no such option; ${near === undefined ? `known: ${Object.keys(ROWS).join(', ')}, or a number` : `did you mean "${near}"?`}`;
  }
  const code = Number(name);
  const key = OWN[code];
  if (key !== undefined) return `the answer is made of \`${key}:\`; write it there`;
  if (RESERVED.has(code) || code > 254) return 'it belongs to the protocol, and is not chosen by hand';
  return [code, Object.values(ROWS).find((row) => row[0] === code)?.[1]];
}

/** A reason where it does not fit. Without a kind: `hex:…`, IPv4 addresses, or text. */
function bytesOf(values: readonly string[], kind: Kind | undefined): Buffer | string {
  const [first = '', ...more] = values;
  if (first.startsWith('hex:')) {
    const digits = first.slice(4).replace(/[\s:]/g, '');
    return more.length === 0 && /^([0-9a-f]{2})+$/i.test(digits)
      ? Buffer.from(digits, 'hex')
      : 'hex: needs pairs of digits';
  }
  if (kind === 'seconds') return secondsOf(first, more.length > 0);
  const parts = values.flatMap((one) => one.split(/[\s,]+/)).filter((one) => one !== '');
  const addresses = parts.map(parseIpv4);
  const allAddresses = addresses.length > 0 && addresses.every((one) => one !== undefined);
  if (kind === 'addresses' || (kind === undefined && allAddresses)) {
    const wrong = parts[addresses.indexOf(undefined)];
    if (wrong !== undefined || !allAddresses) return `${quote(wrong ?? '')} is no IPv4 address; expected 10.77.0.1`;
    const bytes = Buffer.alloc(4 * addresses.length);
    for (const [index, address] of addresses.entries()) bytes.writeUInt32BE(address ?? 0, 4 * index);
    return bytes;
  }
  return more.length === 0 ? Buffer.from(first, 'utf8') : 'one text is expected, not a list';
}

function secondsOf(text: string, isList: boolean): Buffer | string {
  const seconds = Number(text);
  if (isList || !/^-?\d+$/.test(text) || Math.abs(seconds) > 0x7fffffff)
    return `${quote(text)} is no number of seconds`;
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(seconds);
  return bytes;
}

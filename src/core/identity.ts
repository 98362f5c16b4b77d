import type { BmcSpec, IdentitySpec } from './spec.ts';

/** Hardware names as one spelling each. A placeholder that a vendor forgot to fill in is no identity at all. */

const PLACEHOLDERS = new Set([
  '',
  'n/a',
  'na',
  'none',
  'null',
  'not available',
  'not specified',
  'unknown',
  'default string',
  'to be filled by o.e.m.',
  'to be filled by o.e.m',
  'system serial number',
  'system product name',
  'base board serial number',
  'chassis serial number',
  'free form asset tag',
  'no asset tag',
  'no asset information',
  'asset-1234567890',
  'empty',
]);

/** Trimmed text, or undefined for a placeholder, a run of one character or `0123456789…`. */
export function realName(raw: string | undefined | null): string | undefined {
  if (raw === undefined || raw === null) return undefined;
  const text = raw.trim();
  if (PLACEHOLDERS.has(text.toLowerCase())) return undefined;
  if (/^(.)\1*$/.test(text) || /^0?123456789/.test(text)) return undefined;
  return text;
}

/** `aa:bb:cc:dd:ee:ff`, or undefined for what is no usable unicast Ethernet address. */
export function normaliseMac(raw: string | undefined | null): string | undefined {
  const text = raw?.trim() ?? '';
  if (
    !/^[0-9a-f]{2}([:-]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text) &&
    !/^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/i.test(text)
  ) {
    return undefined;
  }
  const hex = text.replace(/[^0-9a-f]/gi, '').toLowerCase();
  if (/^(0{12}|f{12})$/.test(hex)) return undefined;
  return hex.match(/../g)?.join(':');
}

/** Lower-case dashed UUID, or undefined for zero, all ones, one repeated digit, or the zero-prefixed MAC of some BMCs. */
export function normaliseUuid(raw: string | undefined | null): string | undefined {
  const uuid = raw !== undefined && raw !== null && isDashed(raw) ? raw : dashed(raw);
  if (uuid === undefined || uuid.startsWith('00000000-0000-0000-0000') || isOneDigit(uuid)) return undefined;
  // The value that unprogrammed AMI boards share.
  return uuid === '03000200-0400-0500-0006-000700080009' ? undefined : uuid;
}

/** Most are in the one spelling already: found without a pattern, for every packet with option 97 comes through here. */
function isDashed(text: string): boolean {
  if (text.length !== 36) return false;
  for (let at = 0; at < 36; at += 1) {
    const code = text.charCodeAt(at);
    const digit = (code >= 48 && code <= 57) || (code >= 97 && code <= 102);
    if (at === 8 || at === 13 || at === 18 || at === 23 ? code !== 45 : !digit) return false;
  }
  return true;
}

function dashed(raw: string | undefined | null): string | undefined {
  const hex = (raw ?? '').trim().replace(/[{}-]/g, '').toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function isOneDigit(uuid: string): boolean {
  const first = uuid.charCodeAt(0);
  for (let at = 1; at < uuid.length; at += 1) {
    const code = uuid.charCodeAt(at);
    if (code !== first && code !== 45) return false;
  }
  return true;
}

/** SMBIOS keeps the first three fields little-endian; some firmware and BMCs print them unswapped. */
export function swapUuid(uuid: string): string {
  // By position: this runs for every packet that carries option 97.
  const byte = (at: number) => uuid.slice(at, at + 2);
  const low = `${byte(6)}${byte(4)}${byte(2)}${byte(0)}`;
  return `${low}-${byte(11)}${byte(9)}-${byte(16)}${byte(14)}${uuid.slice(18)}`;
}

/** Where `swapUuid` takes each of the first 18 characters from; the others stay. */
const SWAPPED_FROM: readonly number[] = [6, 7, 4, 5, 2, 3, 0, 1, 8, 11, 12, 9, 10, 13, 16, 17, 14, 15];

/** One spelling for both byte orders, for look-ups: the lesser of the two. */
export function canonicalUuid(raw: string | undefined | null): string | undefined {
  const uuid = normaliseUuid(raw);
  if (uuid === undefined) return undefined;
  for (let at = 0; at < SWAPPED_FROM.length; at += 1) {
    const difference = uuid.charCodeAt(at) - uuid.charCodeAt(SWAPPED_FROM[at] ?? at);
    if (difference !== 0) return difference < 0 ? uuid : swapUuid(uuid);
  }
  return uuid;
}

export function sameUuid(a: string | undefined, b: string | undefined): boolean {
  const left = canonicalUuid(a);
  return left !== undefined && left === canonicalUuid(b);
}

export function sameName(a: string | undefined, b: string | undefined): boolean {
  const left = realName(a);
  return left !== undefined && left.toLowerCase() === realName(b)?.toLowerCase();
}

/** What an inventory says of who it is, in one text: files that say the same have the same. */
export const identityKey = ({ macs, uuid, serial, boardSerial, asset, switchPort }: IdentitySpec): string =>
  JSON.stringify([[...macs].sort(), uuid, serial, boardSerial, asset, switchPort]);

/** A machine as its file names it. */
export interface Named {
  readonly identity: IdentitySpec;
  readonly bmc?: BmcSpec;
}

/**
 * What an operator confirms with its name. Where no MAC is written its BMC tells them, and another BMC tells those of another
 * machine; one with MACs of its own is the same behind a BMC that has got another address.
 */
export const confirmedKey = ({ identity, bmc }: Named): string =>
  identity.macs.length > 0 ? identityKey(identity) : `${identityKey(identity)} ${bmcPlace(bmc) ?? ''}`;

/** Another password, or another protocol, is the same BMC. */
export const bmcPlace = (bmc: BmcSpec | undefined): string | undefined =>
  bmc === undefined
    ? undefined
    : `${bmc.url.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '')} ${bmc.system ?? ''}`.trim().toLowerCase();

/**
 * The names that one machine alone has, each of which is enough to know it again; those of two kinds never look alike. The
 * serial of one with a board serial is that of its chassis, and its neighbours have it too.
 */
export function ownNamesOf({ macs, uuid, serial, boardSerial }: IdentitySpec): readonly string[] {
  const own = canonicalUuid(uuid);
  const board = realName(boardSerial)?.toLowerCase();
  const written = board === undefined ? realName(serial)?.toLowerCase() : undefined;
  return [
    ...macs.map((mac) => `mac ${mac}`),
    ...(own === undefined ? [] : [`uuid ${own}`]),
    ...(board === undefined ? [] : [`board ${board}`]),
    ...(written === undefined ? [] : [`serial ${written}`]),
  ];
}

/** Of a machine that has no such name: what is written on it, and where it is. Whoever takes its place has these too. */
export function lesserNamesOf({ identity: { asset, switchPort }, bmc }: Named): readonly string[] {
  const label = realName(asset)?.toLowerCase();
  const place = bmcPlace(bmc);
  return [
    ...(label === undefined ? [] : [`asset ${label}`]),
    ...(place === undefined ? [] : [`bmc ${place}`]),
    ...(switchPort === undefined ? [] : [`port ${switchPort}`]),
  ];
}

/** The best that there are. */
export function namesOf(named: Named): readonly string[] {
  const own = ownNamesOf(named.identity);
  return own.length > 0 ? own : lesserNamesOf(named);
}

/** One name in common: a file whose other names were corrected means the same machine still. */
export function sameMachine(a: Named, b: Named): boolean {
  const [own, others] = [ownNamesOf(a.identity), ownNamesOf(b.identity)];
  if (own.length > 0 && others.length > 0) return own.some((name) => others.includes(name));
  const lesser = lesserNamesOf(b);
  return lesserNamesOf(a).some((name) => lesser.includes(name));
}

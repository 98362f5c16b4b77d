import { readFileSync } from 'node:fs';

export type ReadText = (path: string) => string | undefined;

export type LinkState =
  | 'up'
  /** It was taken down here: `ip link set … down`. */
  | 'off'
  /** No carrier, or none of what it stands on. */
  | 'noLink'
  /** Loopback, tunnels and some drivers know no link, and others are on their way to one. */
  | 'unknown';

const IFF_UP = 1;

export function linkStateOf(iface: string, readText: ReadText = readHere): LinkState {
  const state = readText(`/sys/class/net/${iface}/operstate`)?.trim();
  if (state === 'up') return 'up';
  if (state !== 'down' && state !== 'lowerlayerdown') return 'unknown';
  const flags = Number(readText(`/sys/class/net/${iface}/flags`)?.trim() ?? Number.NaN);
  return Number.isInteger(flags) && (flags & IFF_UP) === 0 ? 'off' : 'noLink';
}

/** Undefined: nothing is known to be wrong with it. */
export function linkTrouble(iface: string, readText: ReadText = readHere): string | undefined {
  const state = linkStateOf(iface, readText);
  if (state === 'off') return `${iface} is switched off (ip link set ${iface} up)`;
  return state === 'noLink' ? `${iface} has no link (is the cable in?)` : undefined;
}

function readHere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

import type { EventOf } from './event.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** Somebody else is at an address of a machine, or speaks in its name from one that is none of its own. */
export interface Contested {
  readonly node: string;
  readonly address: string;
  /** `declined`: the machine itself found it in use. `script`: its boot script was fetched from there; `refused`: it was not given. */
  readonly how: 'inventory' | 'lease' | 'declined' | 'script' | 'refused';
  /** The MAC that answers there, where it was seen. */
  readonly mac?: string;
  /** The machine whose MAC that is, where it is one of ours. */
  readonly usedBy?: string;
  /** Its network has no pool, so it gets no other one. Older versions did not say. */
  readonly isOnly?: true;
  readonly at: TimeMs;
}

/** By node and how. */
export type AllContested = Readonly<Record<string, Contested>>;

/** The fleet, as far as it is told here. */
interface Known {
  readonly contested?: AllContested;
}

const KEPT = 256;
/** It is looked at again within this; what is older is over. */
const SHOWN_FOR_MS = 11 * MINUTE_MS;

export function contest(known: AllContested | undefined, event: EventOf<'address.contested'>): AllContested {
  const { type: _type, time: at, ...facts } = event;
  const key = `${event.node} ${event.how}`;
  const { [key]: _before, ...others } = known ?? {};
  const kept = Object.entries(others).slice(1 - KEPT);
  return { ...Object.fromEntries(kept), [key]: { ...facts, at } };
}

/** What is said of who answers at an address, and not of who asks from one. */
const ANSWERS_THERE = ['inventory', 'lease', 'declined'] as const;

const keysOf = (node: string): readonly string[] => ANSWERS_THERE.map((how) => `${node} ${how}`);

/** Is it told that somebody else is at this `ip:` of its? */
export const isContested = ({ contested }: Known, node: string, address: string): boolean =>
  keysOf(node).some((key) => contested?.[key]?.address === address);

export function uncontest(
  known: AllContested | undefined,
  { node, address }: EventOf<'address.uncontested'>,
): AllContested {
  const over = keysOf(node);
  const left = Object.entries(known ?? {}).filter(([key, one]) => !over.includes(key) || one.address !== address);
  return Object.fromEntries(left);
}

export function contestedNow({ contested }: Known, at: TimeMs): readonly Contested[] {
  return Object.values(contested ?? {}).filter((one) => at - one.at < SHOWN_FOR_MS);
}

/** In words, what is wrong with the addresses of this machine; undefined: nothing is known. */
export function contestedText(fleet: Known, node: string, at: TimeMs): string | undefined {
  if (fleet.contested === undefined) return undefined;
  const own = contestedNow(fleet, at).filter((one) => one.node === node);
  return own.length === 0 ? undefined : own.map(describeContested).join('; ');
}

export function describeContested({ node, address, how, mac, usedBy, isOnly }: Omit<Contested, 'at'>): string {
  switch (how) {
    case 'inventory':
      return `its ip ${address} is used by ${usedBy === undefined ? '' : `${usedBy}, `}${mac ?? 'somebody else'}, which is no MAC of ${node}: ${isOnly === true ? 'it gets no address until that one is gone, as its network has no pool' : 'it gets another address by DHCP, but its kernel arguments and configuration name this one'}; find that machine, or correct \`ip:\``;
    case 'lease':
      return `${mac ?? 'somebody else'} answers at ${address}, which ${node} has from us: two machines use one address; find the other one`;
    case 'declined':
      return `it declined ${address}, because somebody else answers there; find that machine`;
    case 'script':
      return `its boot script was fetched from ${address}, which is no address that it has from us: find out who asks there in its name`;
    case 'refused':
      return `its boot script was asked for from ${address}, which is no address that ${node} is known by, and did not go out: find out who asks there in its name; if it is ${node} itself, write that address as its \`ip:\``;
  }
}

import type { EventBody, EventOf } from './event.ts';
import { type Fleet, type Lease, nodeOf } from './fleet.ts';
import { isInSubnet } from './in-subnet.ts';
import type { NodeState } from './node.ts';
import { deleteIn, getIn, setIn, valuesOf } from './shard-map.ts';

/** What an event grants. `subnet`: the network of its address; what its MAC has in others stays. */
export type Granted = Lease & { readonly subnet?: string };

const NONE: readonly Lease[] = [];

export const leasesOfMac = (fleet: Pick<Fleet, 'leases'>, mac: string): readonly Lease[] =>
  getIn(fleet.leases, mac) ?? NONE;

export function* leasesOf(fleet: Fleet): Generator<Lease> {
  for (const leases of valuesOf(fleet.leases)) yield* leases;
}

export function countLeases(fleet: Fleet): number {
  let count = 0;
  for (const leases of valuesOf(fleet.leases)) count += leases.length;
  return count;
}

/** An address is somebody's for a time. */
export function grantLease(fleet: Fleet, granted: Granted): Fleet {
  const { mac, address, until, node, hostName } = granted;
  const lease: { -readonly [K in keyof Lease]: Lease[K] } = { mac, address, until };
  if (node !== undefined) lease.node = node;
  if (hostName !== undefined) lease.hostName = hostName;
  let { addresses } = fleet;
  const kept: Lease[] = [];
  for (const old of leasesOfMac(fleet, mac)) {
    if (old.address === address) continue;
    if (staysBeside(old, granted)) kept.push(old);
    else addresses = withoutLease(fleet, addresses, old);
  }
  kept.push(lease);
  // An address that a stranger holds now is nobody else's, whatever the inventory wishes.
  addresses = node === undefined ? deleteIn(addresses, address) : setIn(addresses, address, node);
  return { ...fleet, leases: setIn(fleet.leases, mac, kept), addresses };
}

/** Who moves within a network leaves its address there. Older versions knew one lease of a MAC, whatever its networks. */
const staysBeside = (old: Lease, { subnet }: Granted): boolean =>
  subnet !== undefined && !isInSubnet(old.address, subnet);

/** What a machine took from us, as its evidence says it. */
export function leaseIn(event: EventBody): Granted | undefined {
  if (!('leasedUntil' in event) || event.leasedUntil === undefined || event.address === undefined) return undefined;
  const { node, mac, address, leasedUntil: until, subnet, hostName } = event;
  const lease: { -readonly [K in keyof Granted]: Granted[K] } = { mac, address, until, node };
  if (subnet !== undefined) lease.subnet = subnet;
  if (hostName !== undefined) lease.hostName = hostName;
  return lease;
}

/** Whoever took an address from us is there. */
export function seenAt(node: NodeState, mac: string, address: string): NodeState {
  if (node.seen.address === address && node.seen.elsewhere === undefined) return node;
  const { elsewhere: _left, ...seen } = node.seen;
  return { ...node, seen: { ...seen, address, mac } };
}

/** It found somebody else there, gave it back, or let it end and runs nowhere that we know: the next one there is not it. */
function notAt(node: NodeState, declined: string): NodeState {
  const { address, ...seen } = node.seen;
  return address === declined ? { ...node, seen } : node;
}

/**
 * Where it is, for a person to read. Nothing is sent by this: what a REQUEST to another server names was given by nobody
 * that we know, and may be another machine's.
 */
export const shownAddress = ({ seen, spec }: Pick<NodeState, 'seen' | 'spec'>): string | undefined =>
  seen.elsewhere ?? seen.address ?? spec.network.ip;

export function endLease(fleet: Fleet, event: EventOf<'lease.ended'>): Fleet {
  const leases = leasesOfMac(fleet, event.mac);
  const old = leases.find(({ address }) => address === event.address);
  if (old === undefined) return fleet;
  const left = leases.filter((one) => one !== old);
  const node = old.node === undefined ? undefined : nodeOf(fleet, old.node);
  const known = node === undefined || (event.why === 'expired' && runsOn(node)) ? node : notAt(node, old.address);
  return {
    ...fleet,
    ...(known === node || known === undefined ? {} : { nodes: setIn(fleet.nodes, known.name, known) }),
    ...uncontested(fleet, old),
    leases: left.length === 0 ? deleteIn(fleet.leases, event.mac) : setIn(fleet.leases, event.mac, left),
    addresses: withoutLease(fleet, fleet.addresses, old),
  };
}

/** A system may have made its address its own; it is seen there by what it tells. */
const runsOn = ({ phase }: NodeState): boolean => phase.is === 'running' || phase.is === 'ready';

/** Nobody shares what it does not have. */
function uncontested({ contested }: Fleet, { node, address }: Lease): Pick<Fleet, 'contested'> {
  const key = `${node} lease`;
  if (contested?.[key]?.address !== address) return {};
  const { [key]: _over, ...rest } = contested;
  return { contested: rest };
}

/** The address goes back to the machine to which the inventory gives it, if there is one. */
function withoutLease({ index }: Fleet, addresses: Fleet['addresses'], old: Lease): Fleet['addresses'] {
  const holder = getIn(addresses, old.address);
  if (holder !== undefined && holder !== old.node) return addresses;
  const [owner] = getIn(index.addresses, old.address) ?? [];
  return owner === undefined ? deleteIn(addresses, old.address) : setIn(addresses, old.address, owner);
}

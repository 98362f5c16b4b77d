import type { EventBody, EventOf } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import type { NodeState } from './node.ts';
import { deleteIn, getIn, setIn } from './shard-map.ts';

/** An address is somebody's for a time. */
export function grantLease(fleet: Fleet, granted: Lease): Fleet {
  const { mac, address, until, node, hostName } = granted;
  const old = getIn(fleet.leases, mac);
  const lease: { -readonly [K in keyof Lease]: Lease[K] } = { mac, address, until };
  if (node !== undefined) lease.node = node;
  if (hostName !== undefined) lease.hostName = hostName;
  let { addresses } = fleet;
  if (old !== undefined && old.address !== address) addresses = withoutLease(fleet, old);
  // An address that a stranger holds now is nobody else's, whatever the inventory wishes.
  addresses = node === undefined ? deleteIn(addresses, address) : setIn(addresses, address, node);
  return { ...fleet, leases: setIn(fleet.leases, mac, lease), addresses };
}

/** What a machine took from us, as its evidence says it. */
export function leaseIn(event: EventBody): Lease | undefined {
  if (!('leasedUntil' in event) || event.leasedUntil === undefined || event.address === undefined) return undefined;
  const { node, mac, address, leasedUntil: until, hostName } = event;
  return hostName === undefined ? { mac, address, until, node } : { mac, address, until, node, hostName };
}

/** Whoever took an address from us is there. */
export function seenAt(node: NodeState, mac: string, address: string): NodeState {
  if (node.seen.address === address && node.seen.elsewhere === undefined) return node;
  const { elsewhere: _left, ...seen } = node.seen;
  return { ...node, seen: { ...seen, address, mac } };
}

/**
 * Where it is, for a person to read. Nothing is sent by this: what a REQUEST to another server names was given by nobody
 * that we know, and may be another machine's.
 */
export const shownAddress = ({ seen, spec }: Pick<NodeState, 'seen' | 'spec'>): string | undefined =>
  seen.elsewhere ?? seen.address ?? spec.network.ip;

export function endLease(fleet: Fleet, event: EventOf<'lease.ended'>): Fleet {
  const old = getIn(fleet.leases, event.mac);
  if (old === undefined || old.address !== event.address) return fleet;
  return { ...fleet, leases: deleteIn(fleet.leases, event.mac), addresses: withoutLease(fleet, old) };
}

/** The address goes back to the machine to which the inventory gives it, if there is one. */
function withoutLease(fleet: Fleet, old: Lease): Fleet['addresses'] {
  const holder = getIn(fleet.addresses, old.address);
  if (holder !== undefined && holder !== old.node) return fleet.addresses;
  const [owner] = getIn(fleet.index.addresses, old.address) ?? [];
  return owner === undefined ? deleteIn(fleet.addresses, old.address) : setIn(fleet.addresses, old.address, owner);
}

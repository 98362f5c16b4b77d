import { indexBmcNames } from './bmc-names.ts';
import { identityChange } from './disarmed.ts';
import type { EventOf } from './event.ts';
import { type Fleet, type Lease, nodeOf, nodesWithMac } from './fleet.ts';
import { identityKey, sameMachine } from './identity.ts';
import { indexIdentities } from './identity-index.ts';
import { endJob, type JobEnd } from './job-end.ts';
import { leftBy, returnedBy } from './left-inventory.ts';
import { EVIDENCE_KEPT, type NodeState, newNode } from './node.ts';
import type { Reduced } from './reduced.ts';
import { deleteIn, entriesOf, getIn, setIn, shardMapOf, valuesOf } from './shard-map.ts';
import type { IdentitySpec, NodeSpec } from './spec.ts';

/** Inventory changes wishes, never intent: no node is armed by it, and one that leaves takes its arm with it. */
export function loadNodes(fleet: Fleet, event: EventOf<'inventory.loaded'>): Reduced {
  const { nodes: returned, left } = returnedBy(fleet, event, leftBy(fleet, event));
  const adopted = event.nodes.map((spec) => {
    const back = returned.get(spec.name);
    const { node, effects } = adoptSpec(back?.node ?? nodeOf(fleet, spec.name), spec, event.time);
    return { node, effects: [...(back?.effects ?? []), ...effects] };
  });
  const addresses = new Map<string, string>();
  for (const spec of event.nodes) if (spec.network.ip !== undefined) addresses.set(spec.network.ip, spec.name);
  const { uplink: _before, left: _those, ...rest } = fleet;
  const loaded: Fleet = {
    ...rest,
    ...(event.uplink === undefined ? {} : { uplink: event.uplink }),
    ...(Object.keys(left).length === 0 ? {} : { left }),
    site: event.site,
    nodes: shardMapOf(adopted.map(({ node }) => [node.name, node])),
    addresses: shardMapOf(addresses),
    index: indexIdentities(event.nodes),
    bmcNames: indexBmcNames(adopted.map(({ node }) => node)),
    inventory: { loadedAt: event.time, hash: event.hash, problems: event.warnings },
  };
  return [withoutNamed(withLeases(loaded)), adopted.flatMap(({ effects }) => effects)];
}

/** Whoever has a name now is no stranger any more. */
function withoutNamed(fleet: Fleet): Fleet {
  let { strangers } = fleet;
  for (const { mac } of valuesOf(fleet.strangers))
    if (nodesWithMac(fleet, mac).length > 0) strangers = deleteIn(strangers, mac);
  return { ...fleet, strangers };
}

/** Leases are newer than the inventory's wish where both name an address. */
function withLeases(fleet: Fleet): Fleet {
  let { addresses, leases } = fleet;
  for (const [mac, own] of entriesOf(fleet.leases)) {
    const next = own.map((lease) => renamed(fleet, lease));
    leases = setIn(leases, mac, next);
    for (const { node, address } of next) if (node !== undefined) addresses = setIn(addresses, address, node);
  }
  return { ...fleet, leases, addresses };
}

/** In the name that the inventory has for its MAC now. */
function renamed(fleet: Fleet, lease: Lease): Lease {
  const owners = getIn(fleet.index.macs, lease.mac) ?? [];
  const known = lease.node !== undefined && nodeOf(fleet, lease.node) !== undefined ? lease.node : undefined;
  const node = owners.length === 1 ? owners[0] : known;
  const { node: _was, ...rest } = lease;
  return node === undefined ? rest : { ...rest, node };
}

function adoptSpec(node: NodeState | undefined, spec: NodeSpec, at: number): JobEnd {
  if (node === undefined) return { node: newNode(spec, at), effects: [] };
  if (node.spec === spec) return { node, effects: [] };
  const adopted: NodeState = { ...node, spec, seen: sameBmc(node.spec, spec) ? node.seen : withoutBmc(node.seen) };
  const { job } = node;
  if (sameIdentity(node.spec.identity, spec.identity)) return { node: adopted, effects: [] };
  // The operator confirmed one machine by its name; the name means another one now. What was seen was that one's, too.
  const seen = sameMachine(node.spec.identity, spec.identity) ? adopted.seen : {};
  const other: NodeState = { ...adopted, seen };
  if (job === undefined || job.spentAt !== undefined) return { node: other, effects: [] };
  const line = { at, from: 'operator' as const, text: identityChange(node.spec.identity, spec.identity, job.kind) };
  const evidence = [...other.evidence.slice(1 - EVIDENCE_KEPT), line];
  return endJob({ ...other, evidence }, 'cancelled', at, 'PLAN_CHANGED');
}

const sameBmc = (a: NodeSpec, b: NodeSpec): boolean => JSON.stringify(a.bmc) === JSON.stringify(b.bmc);

/** What the BMC said of its machine is no word about the machine of another one. */
function withoutBmc({ bmc: _bmc, bmcAt: _at, ...seen }: NodeState['seen']): NodeState['seen'] {
  return seen;
}

const sameIdentity = (a: IdentitySpec, b: IdentitySpec): boolean => a === b || identityKey(a) === identityKey(b);

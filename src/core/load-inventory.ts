import { indexBmcNames } from './bmc-names.ts';
import { identityChange } from './disarmed.ts';
import type { EventOf } from './event.ts';
import { type Fleet, type Lease, nodeOf, nodesWithMac } from './fleet.ts';
import { confirmedKey, sameMachine } from './identity.ts';
import { indexIdentities } from './identity-index.ts';
import { endJob, type JobEnd } from './job-end.ts';
import { isOther, keepLeft, leftBy, returnedBy, tellStanding } from './left-inventory.ts';
import { newest } from './newest.ts';
import { EVIDENCE_KEPT, type NodeState, newNode } from './node.ts';
import { withoutGlass } from './protection.ts';
import type { Reduced } from './reduced.ts';
import { deleteIn, entriesOf, getIn, setIn, shardMapOf, valuesOf } from './shard-map.ts';
import type { NodeSpec } from './spec.ts';
import { endPlaces } from './wave-places.ts';

/** Inventory changes wishes, never intent: no node is armed by it, and one that leaves takes its arm with it. */
export function loadNodes(before: Fleet, event: EventOf<'inventory.loaded'>): Reduced {
  const fleet = event.follows === true ? endPlaces(before, event) : before;
  const { nodes: returned, left: gone, moved } = returnedBy(fleet, event, leftBy(fleet, event));
  const left = event.follows === true ? keepLeft(gone, event) : gone;
  const adopted = event.nodes.map((spec) => {
    const back = returned.get(spec.name);
    const holder = nodeOf(fleet, spec.name);
    const was = back?.node ?? (moved.has(spec.name) ? undefined : holder);
    const { node, effects } = adoptSpec(was, spec, event);
    const closed = event.guards === true && was !== undefined ? withoutGlass(node, was.spec) : node;
    return { node: withOrders(closed, holder), effects: [...(back?.effects ?? []), ...effects] };
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

function adoptSpec(
  node: NodeState | undefined,
  spec: NodeSpec,
  { time: at, follows }: EventOf<'inventory.loaded'>,
): JobEnd {
  if (node === undefined) return { node: newNode(spec, at), effects: [] };
  if (node.spec === spec) return { node, effects: [] };
  const adopted: NodeState = { ...node, spec, seen: sameBmc(node.spec, spec) ? node.seen : withoutBmc(node.seen) };
  const { job } = node;
  if (confirmedKey(node.spec) === confirmedKey(spec)) return { node: adopted, effects: [] };
  // The operator confirmed one machine by its name; the name means another one now. What was seen was that one's, too.
  const seen = sameMachine(node.spec, spec) ? adopted.seen : {};
  const changed: NodeState = { ...adopted, seen };
  const other = follows === true && isOther(node, spec) ? tellStanding(changed, at) : changed;
  if (job === undefined || job.spentAt !== undefined) return { node: other, effects: [] };
  const line = {
    at,
    from: 'operator' as const,
    text: identityChange(node.spec, spec, `${job.kind} job`),
  };
  const evidence = newest(other.evidence, line, EVIDENCE_KEPT);
  return endJob({ ...other, evidence }, 'cancelled', at, 'PLAN_CHANGED');
}

/**
 * Another machine in a file that keeps its BMC: what is under way there reaches whichever machine is behind it, and a
 * conflict may be of that BMC.
 */
function withOrders(node: NodeState, holder: NodeState | undefined): NodeState {
  if (holder === undefined || node.spec.bmc === undefined || !sameBmc(holder.spec, node.spec)) return node;
  const { powerOrder = node.powerOrder, powerWaits = node.powerWaits } = holder;
  const health = holder.health.is === 'conflict' ? holder.health : node.health;
  if (powerOrder === node.powerOrder && powerWaits === node.powerWaits && health === node.health) return node;
  return { ...node, health, ...(powerOrder && { powerOrder }), ...(powerWaits && { powerWaits }) };
}

const sameBmc = (a: NodeSpec, b: NodeSpec): boolean => JSON.stringify(a.bmc) === JSON.stringify(b.bmc);

/** What the BMC said of its machine is no word about the machine of another one. */
function withoutBmc({ bmc: _bmc, bmcAt: _at, ...seen }: NodeState['seen']): NodeState['seen'] {
  return seen;
}

import { closeAttempt } from './attempt.ts';
import type { Event, EventOf } from './event.ts';
import { type Fleet, indexIdentities, type Lease, nodeOf, STRANGERS_KEPT, type Stranger } from './fleet.ts';
import { type NodeState, newNode } from './node.ts';
import { LIMITS } from './phase.ts';
import { deleteIn, getIn, type ShardMap, setIn, shardMapOf, valuesOf } from './shard-map.ts';
import type { NodeSpec } from './spec.ts';
import { startWave } from './wave.ts';

/** Events that concern the site and not one machine's boot. */
export function reduceSite(fleet: Fleet, event: Event): Fleet {
  switch (event.type) {
    case 'inventory.loaded':
      return loadInventory(fleet, event);
    case 'inventory.rejected':
      return { ...fleet, inventory: { ...fleet.inventory, problems: event.problems } };
    case 'engine.started':
      return restart(fleet, event);
    case 'store.failed':
      return {
        ...fleet,
        saving: {
          is: 'failing',
          since: fleet.saving.is === 'failing' ? fleet.saving.since : event.time,
          reason: event.reason,
        },
      };
    case 'store.recovered':
      return { ...fleet, saving: { is: 'ok' } };
    case 'lease.granted':
      return grantLease(fleet, event);
    case 'lease.ended':
      return endLease(fleet, event);
    case 'stranger.seen':
      return { ...fleet, strangers: seeStranger(fleet.strangers, event) };
    case 'rival.heard':
      return hearRival(fleet, event);
    case 'service.changed':
      return { ...fleet, services: { ...fleet.services, [event.service]: event.state } };
    case 'site.waveStarted':
      return fleet.waves[event.wave] === undefined
        ? { ...fleet, waves: { ...fleet.waves, [event.wave]: startWave(event) } }
        : fleet;
    case 'site.wavePaused':
      return turnWave(fleet, event.wave, 'running', 'paused');
    case 'site.waveResumed':
      return turnWave(turnWave(fleet, event.wave, 'paused', 'running'), event.wave, 'stopped', 'running');
    case 'site.waveCancelled':
      return turnWave(
        turnWave(turnWave(fleet, event.wave, 'paused', 'cancelled'), event.wave, 'running', 'cancelled'),
        event.wave,
        'stopped',
        'cancelled',
      );
    case 'site.fingerprintTrusted':
      return { ...fleet, fingerprints: { ...fleet.fingerprints, [event.node]: event.fingerprint } };
    case 'site.strangerIgnored': {
      const known = getIn(fleet.strangers, event.mac);
      return known === undefined
        ? fleet
        : { ...fleet, strangers: setIn(fleet.strangers, event.mac, { ...known, ignored: event.ignored }) };
    }
    case 'session.opened':
      return { ...fleet, bmcSessions: { ...fleet.bmcSessions, [event.location]: event.bmc } };
    case 'session.closed': {
      const { [event.location]: _closed, ...rest } = fleet.bmcSessions;
      return { ...fleet, bmcSessions: rest };
    }
    default:
      return turnSwitch(fleet, event);
  }
}

function turnSwitch(fleet: Fleet, event: Event): Fleet {
  const { panic: _panic, discoveryUntil: _until, glass: _glass, ...none } = fleet.switches;
  const { panic, discoveryUntil, glass } = fleet.switches;
  const keep = {
    ...none,
    ...(panic && { panic }),
    ...(discoveryUntil !== undefined && { discoveryUntil }),
    ...(glass && { glass }),
  };
  switch (event.type) {
    case 'site.panicSwitched': {
      const { panic: _was, ...rest } = keep;
      return { ...fleet, switches: event.on ? { ...rest, panic: { since: event.time, by: event.by } } : rest };
    }
    case 'site.discoverySwitched': {
      const { discoveryUntil: _was, ...rest } = keep;
      return { ...fleet, switches: event.until === undefined ? rest : { ...rest, discoveryUntil: event.until } };
    }
    case 'site.glassBroken':
      return { ...fleet, switches: { ...keep, glass: { until: event.until, reason: event.reason, by: event.by } } };
    case 'site.glassMended': {
      const { glass: _was, ...rest } = keep;
      return { ...fleet, switches: rest };
    }
    default:
      return fleet;
  }
}

/** Inventory changes wishes, never intent: no node is armed by it, and one that leaves takes its arm with it. */
function loadInventory(fleet: Fleet, event: EventOf<'inventory.loaded'>): Fleet {
  const nodes = event.nodes.map((spec): readonly [string, NodeState] => [
    spec.name,
    adoptSpec(nodeOf(fleet, spec.name), spec, event.time),
  ]);
  const addresses = new Map<string, string>();
  for (const spec of event.nodes) if (spec.network.ip !== undefined) addresses.set(spec.network.ip, spec.name);
  const loaded: Fleet = {
    ...fleet,
    site: event.site,
    nodes: shardMapOf(nodes),
    index: indexIdentities(event.nodes),
    inventory: { loadedAt: event.time, hash: event.hash, problems: event.warnings },
  };
  return withLeases({ ...loaded, addresses: shardMapOf(addresses) });
}

/** Leases are newer than the inventory's wish where both name an address. */
function withLeases(fleet: Fleet): Fleet {
  let { addresses } = fleet;
  let { leases } = fleet;
  for (const lease of valuesOf(fleet.leases)) {
    const owners = getIn(fleet.index.macs, lease.mac) ?? [];
    const node =
      owners.length === 1
        ? owners[0]
        : lease.node !== undefined && nodeOf(fleet, lease.node) !== undefined
          ? lease.node
          : undefined;
    const { node: _was, ...rest } = lease;
    const next: Lease = node === undefined ? rest : { ...rest, node };
    leases = setIn(leases, lease.mac, next);
    if (node !== undefined) addresses = setIn(addresses, lease.address, node);
  }
  return { ...fleet, leases, addresses };
}

function adoptSpec(node: NodeState | undefined, spec: NodeSpec, at: number): NodeState {
  if (node === undefined) return newNode(spec, at);
  return node.spec === spec ? node : { ...node, spec };
}

/**
 * After a crash or a restart: phases stand as the journal left them, one that is older than its limit is marked "lost
 * sight", and a job stays only if it is neither expired nor spent. Nothing is armed here.
 */
function restart(fleet: Fleet, event: EventOf<'engine.started'>): Fleet {
  const at = event.time;
  const nodes = [...valuesOf(fleet.nodes)].map((node): readonly [string, NodeState] => [node.name, wake(node, at)]);
  return { ...fleet, nodes: shardMapOf(nodes), startedAt: at, simulated: event.simulated, rivals: {}, services: {} };
}

function wake(node: NodeState, at: number): NodeState {
  const limit = LIMITS[node.phase.is];
  const moved = Math.max(node.phase.since, node.attempt?.lastActivityAt ?? 0);
  const stale = limit !== undefined && limit.afterMs > 0 && at - moved > limit.afterMs;
  const power = node.power.is === 'unknown' ? node.power : ({ is: 'unknown', since: at } as const);
  const sighted: NodeState = stale ? { ...node, power, lostSightAt: at } : { ...node, power };
  // An arming that the journal gives back is on disk, whether or not its acknowledgement got out.
  const job = sighted.job;
  if (job === undefined) return sighted;
  if (job.spentAt !== undefined || job.expiresAt > at) return { ...sighted, job: { ...job, stored: true } };
  const { job: _expired, ask: _ask, ...rest } = closeAttempt(sighted, at, 'expired');
  const ended = {
    id: job.id,
    kind: job.kind,
    armedAt: job.armedAt,
    armedBy: job.armedBy,
    endedAt: at,
    outcome: 'expired' as const,
    code: 'JOB_EXPIRED' as const,
    planHash: job.plan.hash,
    attempts: job.attempts,
  };
  const idle = rest.phase.is === 'armed' ? { phase: { is: 'idle', since: at } as const } : {};
  return { ...rest, ...idle, endedJobs: [...rest.endedJobs, ended] };
}

function grantLease(fleet: Fleet, event: EventOf<'lease.granted'>): Fleet {
  const { mac, address, until, node, hostName } = event;
  const old = getIn(fleet.leases, mac);
  const lease: Lease = {
    mac,
    address,
    until,
    ...(node === undefined ? {} : { node }),
    ...(hostName === undefined ? {} : { hostName }),
  };
  let { addresses } = fleet;
  if (old !== undefined && old.address !== address && getIn(addresses, old.address) === old.node)
    addresses = deleteIn(addresses, old.address);
  if (node !== undefined) addresses = setIn(addresses, address, node);
  const leased: Fleet = { ...fleet, leases: setIn(fleet.leases, mac, lease), addresses };
  const state = node === undefined ? undefined : nodeOf(leased, node);
  if (state === undefined || state.seen.address === address) return leased;
  return { ...leased, nodes: setIn(leased.nodes, state.name, { ...state, seen: { ...state.seen, address, mac } }) };
}

function endLease(fleet: Fleet, event: EventOf<'lease.ended'>): Fleet {
  const old = getIn(fleet.leases, event.mac);
  if (old === undefined || old.address !== event.address) return fleet;
  return { ...fleet, leases: deleteIn(fleet.leases, event.mac), addresses: deleteIn(fleet.addresses, event.address) };
}

function seeStranger(strangers: ShardMap<Stranger>, event: EventOf<'stranger.seen'>): ShardMap<Stranger> {
  const { type: _type, time, ...facts } = event;
  const old = getIn(strangers, event.mac);
  const next: Stranger = { firstAt: time, ignored: false, ...old, ...facts, lastAt: time, asks: (old?.asks ?? 0) + 1 };
  const seen = setIn(strangers, event.mac, next);
  if (seen.size <= STRANGERS_KEPT) return seen;
  let oldest = next;
  for (const one of valuesOf(seen)) if (one.lastAt < oldest.lastAt) oldest = one;
  return deleteIn(seen, oldest.mac);
}

function hearRival(fleet: Fleet, event: EventOf<'rival.heard'>): Fleet {
  const { server, mac, offers, bootFile, iface, time } = event;
  const old = fleet.rivals[server];
  if (old === undefined && Object.keys(fleet.rivals).length >= 64) return fleet;
  const rival = {
    server,
    mac,
    offers,
    iface,
    ...(bootFile === undefined ? {} : { bootFile }),
    firstAt: old?.firstAt ?? time,
    lastAt: time,
    count: (old?.count ?? 0) + 1,
  };
  return { ...fleet, rivals: { ...fleet.rivals, [server]: rival } };
}

function turnWave(
  fleet: Fleet,
  id: string,
  from: Fleet['waves'][string]['state'],
  to: Fleet['waves'][string]['state'],
): Fleet {
  const wave = fleet.waves[id];
  if (wave === undefined || wave.state !== from) return fleet;
  const { why: _why, ...rest } = wave;
  return { ...fleet, waves: { ...fleet.waves, [id]: { ...rest, state: to } } };
}

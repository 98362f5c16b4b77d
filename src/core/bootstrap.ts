import type { EventOf } from './event.ts';
import { type Bootstrap, type Fleet, nodeOf } from './fleet.ts';
import type { NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import type { SeenService } from './seen-talos.ts';
import { valuesOf } from './shard-map.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** Its API answers within seconds or not at all; what has not ended by then was lost with a restart of the program. */
const ENDS_WITHIN_MS = 2 * MINUTE_MS;
export const REASON_MIN = 10;
const UP: ReadonlySet<PhaseName> = new Set(['running', 'diskBoot']);

const keyOf = ({ spec }: NodeState): string => spec.cluster ?? '';

/**
 * Why etcd must not be bootstrapped through this node now. A second bootstrap makes a second etcd beside the first, and
 * the cluster is split; so it is asked once per cluster, and again only where the first was not done. The same node may
 * always be asked again then, since Talos refuses where there is an etcd; another one only with a reason.
 */
export function bootstrapProblem(fleet: Fleet, name: string, at: TimeMs, reason = ''): string | undefined {
  const node = nodeOf(fleet, name);
  if (node?.spec.role !== 'controlplane') return `${name} is no control-plane node`;
  for (const one of controlPlanes(fleet, node)) {
    const { readySince, installedAt = 0, api } = one.seen;
    if (api !== undefined && api.at >= installedAt && runsEtcd(api.services))
      return `${node.spec.cluster ?? 'its cluster'} is bootstrapped already: etcd runs on ${one.name}`;
    if (one.phase.is === 'ready' || (readySince !== undefined && readySince >= installedAt))
      return `${node.spec.cluster ?? 'its cluster'} is bootstrapped already: ${one.name} is or was ready`;
  }
  if (!UP.has(node.phase.is)) return `${name} does not run from its disk (${node.phase.is}): bootstrap needs that`;
  if (node.seen.address === undefined && node.spec.network.ip === undefined) return `${name} has no known address`;
  const before = lastBootstrap(fleet, node);
  return before === undefined ? undefined : problemAfter(before, name, at, reason);
}

/** Before the bootstrap Talos holds etcd at `Preparing`; a member that is running has a cluster. */
export const runsEtcd = (services: readonly Pick<SeenService, 'id' | 'state'>[]): boolean =>
  services.some((one) => one.id === 'etcd' && one.state === 'Running');

/** An earlier one failed or has no known end, and was asked of another node: then a reason is due. */
export function bootstrapNeedsReason(fleet: Fleet, name: string, at: TimeMs): boolean {
  const excused = bootstrapProblem(fleet, name, at, 'x'.repeat(REASON_MIN)) === undefined;
  return excused && bootstrapProblem(fleet, name, at) !== undefined;
}

/** The other nodes that could hold the etcd of this cluster already. */
export function otherControlPlanes(fleet: Fleet, name: string): readonly NodeState[] {
  const node = nodeOf(fleet, name);
  return node === undefined ? [] : controlPlanes(fleet, node).filter((one) => one.name !== name);
}

function problemAfter(before: Bootstrap, name: string, at: TimeMs, reason: string): string | undefined {
  const asked = `asked by ${before.by.user} at ${new Date(before.askedAt).toISOString().slice(0, 19)}Z through ${before.node}`;
  if (before.state === 'done') return `its cluster was bootstrapped: ${asked}`;
  if (before.state === 'asked' && at - before.askedAt < ENDS_WITHIN_MS) return `its bootstrap runs: ${asked}`;
  if (before.node === name || reason.trim().length >= REASON_MIN) return undefined;
  const how = before.state === 'failed' ? `failed (${before.problem ?? 'no reason was told'})` : 'has no known end';
  return `a bootstrap ${how}, ${asked}: ask that node again, or give a reason for another one`;
}

/** What was asked of a system that has been installed anew since says nothing about the new one. */
export function lastBootstrap(fleet: Fleet, node: NodeState): Bootstrap | undefined {
  const before = fleet.bootstraps?.[keyOf(node)];
  if (before === undefined) return undefined;
  const isNew = (one: NodeState) => (one.seen.installedAt ?? 0) > before.askedAt;
  const through = nodeOf(fleet, before.node);
  const gone = through === undefined ? controlPlanes(fleet, node).every(isNew) : isNew(through);
  return gone ? undefined : before;
}

function controlPlanes(fleet: Fleet, { spec }: NodeState): readonly NodeState[] {
  return [...valuesOf(fleet.nodes)].filter(
    (one) => one.spec.role === 'controlplane' && one.spec.cluster === spec.cluster,
  );
}

/** Two screens may ask at the same time: the second finds it asked. Undefined: it is not sent. */
export function bootstrapAsked(fleet: Fleet, event: EventOf<'operator.talosAsked'>): Fleet | undefined {
  const node = nodeOf(fleet, event.node);
  if (node === undefined || bootstrapProblem(fleet, event.node, event.time, event.reason) !== undefined)
    return undefined;
  const asked: Bootstrap = {
    node: event.node,
    askedAt: event.time,
    by: event.by,
    state: 'asked',
    ...(event.reason === undefined ? {} : { reason: event.reason }),
  };
  return { ...fleet, bootstraps: { ...fleet.bootstraps, [keyOf(node)]: asked } };
}

export function bootstrapEnded(fleet: Fleet, event: EventOf<'talos.bootstrapEnded'>): Fleet {
  const node = nodeOf(fleet, event.node);
  const before = node === undefined ? undefined : fleet.bootstraps?.[keyOf(node)];
  if (node === undefined || before === undefined || before.node !== event.node) return fleet;
  const { problem: _before, ...rest } = before;
  const ended: Bootstrap =
    event.problem === undefined
      ? { ...rest, state: 'done', endedAt: event.time }
      : { ...rest, state: 'failed', endedAt: event.time, problem: event.problem };
  return { ...fleet, bootstraps: { ...fleet.bootstraps, [keyOf(node)]: ended } };
}

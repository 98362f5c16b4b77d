import type { Fleet } from './fleet.ts';
import { type DiskDoubt, ERASES, type JobKind, WRITES_DISK } from './job.ts';
import type { NodeState } from './node.ts';
import type { PhaseName } from './phase.ts';
import { valuesOf } from './shard-map.ts';
import type { TimeMs } from './time.ts';

/**
 * Of a cluster's control-plane nodes one at a time is without its system by an order: etcd would lose its quorum. That begins
 * with the arming, and ends when a system is seen to run from its disk; a job that ends before it leaves the machine away.
 */

/** The cluster whose quorum this machine is part of. */
export const controlPlaneOf = ({ spec }: Pick<NodeState, 'spec'>): string | undefined =>
  spec.role === 'controlplane' ? spec.cluster : undefined;

/** The first of them stands until a system runs: what was begun behind it erases no other one. */
export function withErased(node: NodeState, doubt: DiskDoubt | undefined): NodeState {
  if (doubt === undefined || node.erased !== undefined || !ERASES.has(doubt.kind)) return node;
  return controlPlaneOf(node) === undefined ? node : { ...node, erased: doubt };
}

/** Snapshots of older versions have what was doubted alone. */
const standsErased = ({ diskDoubt, erased }: NodeState): boolean =>
  erased !== undefined || (diskDoubt !== undefined && ERASES.has(diskDoubt.kind));

/** A control-plane node that is away, or is about to be. `left`: it stands erased, and in no file. */
export interface Away {
  readonly name: string;
  readonly is: 'armed' | 'erased' | 'left';
}

/** By cluster. In one pass: asked for each machine that waits, it cost more than all the rest of a large wave. */
export function controlPlanesAway(fleet: Fleet): Map<string, readonly Away[]> {
  const away = new Map<string, readonly Away[]>();
  const installed = new Map<string, TimeMs>();
  for (const node of valuesOf(fleet.nodes)) {
    const cluster = controlPlaneOf(node);
    if (cluster === undefined) continue;
    installed.set(cluster, Math.max(installed.get(cluster) ?? 0, node.seen.installedAt ?? 0));
    if (node.job !== undefined && WRITES_DISK[node.job.kind]) addAway(away, cluster, { name: node.name, is: 'armed' });
    else if (standsErased(node)) addAway(away, cluster, { name: node.name, is: 'erased' });
  }
  for (const { at, node } of Object.values(fleet.left ?? {})) {
    const cluster = controlPlaneOf(node);
    if (cluster === undefined || !standsErased(node)) continue;
    // Another one was installed since: in its place, or by somebody who was told of it.
    if ((installed.get(cluster) ?? 0) <= at) addAway(away, cluster, { name: node.name, is: 'left' });
  }
  return away;
}

export function addAway(away: Map<string, readonly Away[]>, cluster: string, one: Away): void {
  away.set(cluster, [...(away.get(cluster) ?? []), one]);
}

/**
 * Whom an order for this one has to wait for. Who stands erased stops nothing that takes no member away: not the order for
 * another one that stands so, and no first installation.
 */
export function awayBefore(
  away: ReadonlyMap<string, readonly Away[]>,
  node: NodeState,
  kind: JobKind,
): Away | undefined {
  const others = (away.get(controlPlaneOf(node) ?? '') ?? []).filter(({ name }) => name !== node.name);
  const takesMember = !standsErased(node) && (ERASES.has(kind) || hasRun(node));
  const erased = takesMember ? others.find(({ is }) => is !== 'armed') : undefined;
  return erased ?? others.find(({ is }) => is === 'armed');
}

const FROM_DISK: ReadonlySet<PhaseName> = new Set(['diskBoot', 'running', 'ready']);

const hasRun = ({ phase, seen }: NodeState): boolean =>
  FROM_DISK.has(phase.is) || seen.installedAt !== undefined || seen.readySince !== undefined;

/** `cp2, another control-plane node of lab: an order erased …`: behind `waits for`, or by itself. */
export function awayText({ is, name }: Away, cluster: string): string {
  if (is === 'armed') return `another control-plane node of ${cluster}`;
  const what = `an order erased its disk, or may have, and no system was seen to run from it since`;
  const away = `${name}, another control-plane node of ${cluster}: ${what}`;
  if (is === 'erased') return `${away}; reinstall ${name} first`;
  return `${away}, and its file is gone; put that back and reinstall ${name}, or install another one in its place`;
}

import { type Fleet, nodeOf } from '../../core/fleet.ts';

/** Control-plane nodes of one cluster among these: their etcd stands or falls together. */
export interface QuorumGroup {
  readonly cluster: string;
  readonly nodes: readonly string[];
}

/** Only where two or more are meant. */
export function quorumGroups(fleet: Fleet, names: readonly string[]): readonly QuorumGroup[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const spec = nodeOf(fleet, name)?.spec;
    if (spec?.role !== 'controlplane' || spec.cluster === undefined) continue;
    groups.set(spec.cluster, [...(groups.get(spec.cluster) ?? []), name]);
  }
  return [...groups].filter(([, nodes]) => nodes.length > 1).map(([cluster, nodes]) => ({ cluster, nodes }));
}

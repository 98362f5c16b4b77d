import { indexBmcNames } from './bmc-names.ts';
import type { Fleet, Lease } from './fleet.ts';
import { indexIdentities } from './identity-index.ts';
import type { NodeState } from './node.ts';
import { fail, ok, type Result } from './result.ts';
import { entriesOf, type ShardMap, shardMapOf, valuesOf } from './shard-map.ts';

/** The fleet as JSON for the snapshot and for a screen that attaches: in pieces, so that nothing waits for the whole. */

const MAPS = ['nodes', 'leases', 'addresses', 'strangers'] as const;

export const FLEET_FORMAT = 1;

export function* renderFleet(fleet: Fleet): Generator<string> {
  const { nodes: _n, leases: _l, addresses: _a, strangers: _s, index: _i, bmcNames: _b, ...rest } = fleet;
  yield `{"format":${FLEET_FORMAT},"rest":${JSON.stringify(rest)}`;
  for (const name of MAPS) {
    yield `,"${name}":[`;
    let first = true;
    for (const entry of name === 'leases' ? leaseEntries(fleet) : sortedEntries<unknown>(fleet[name])) {
      yield `${first ? '' : ','}${JSON.stringify(entry)}`;
      first = false;
    }
    yield ']';
  }
  yield '}';
}

function sortedEntries<T>(map: ShardMap<T>): [string, T][] {
  return [...entriesOf(map)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** One entry for each lease, as when a MAC had one: older versions read these, and take the last of a MAC. */
function* leaseEntries({ leases }: Fleet): Generator<readonly [string, Lease]> {
  for (const [mac, own] of sortedEntries(leases)) for (const lease of own) yield [mac, lease];
}

function leasesByMac(entries: readonly (readonly [string, Lease])[]): Fleet['leases'] {
  const byMac = new Map<string, Lease[]>();
  for (const [mac, lease] of entries) {
    const own = byMac.get(mac);
    if (own === undefined) byMac.set(mac, [lease]);
    else own.push(lease);
  }
  return shardMapOf(byMac);
}

export const fleetText = (fleet: Fleet): string => [...renderFleet(fleet)].join('');

/** Only what this program wrote comes in here; the store has checked its checksum and version before. */
export function parseFleet(data: unknown): Result<Fleet> {
  if (typeof data !== 'object' || data === null || !('format' in data)) return fail('the snapshot holds no fleet');
  if (data.format !== FLEET_FORMAT)
    return fail(`the snapshot is of format ${String(data.format)}, this program knows ${FLEET_FORMAT}`);
  const parts = data as unknown as { rest: Omit<Fleet, 'index' | 'bmcNames' | (typeof MAPS)[number]> } & {
    [M in (typeof MAPS)[number]]: [string, never][];
  };
  if (typeof parts.rest !== 'object' || MAPS.some((name) => !Array.isArray(parts[name])))
    return fail('the snapshot is incomplete');
  const nodes: ShardMap<NodeState> = shardMapOf(parts.nodes);
  const specs = [...valuesOf(nodes)].map((node) => node.spec);
  return ok({
    ...parts.rest,
    nodes,
    leases: leasesByMac(parts.leases),
    addresses: shardMapOf(parts.addresses),
    strangers: shardMapOf(parts.strangers),
    index: indexIdentities(specs),
    bmcNames: indexBmcNames(valuesOf(nodes)),
  });
}

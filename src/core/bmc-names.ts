import type { BmcIdentity } from './bmc.ts';
import { canonicalUuid, realName } from './identity.ts';
import type { NodeState } from './node.ts';
import { deleteIn, getIn, type ShardMap, setIn, shardMapOf } from './shard-map.ts';

/**
 * What BMCs say of their machines, as `uuid …`, `serial …` and `board …` → node names. Asked for every packet of a machine
 * that the inventory knows by its MAC alone: boards that nobody programmed share their names, and prove nothing then.
 */
export type BmcNames = ShardMap<readonly string[]>;

export const bmcName = (kind: 'uuid' | 'serial' | 'board', name: string): string => `${kind} ${name}`;

function namesOf(bmc: BmcIdentity | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  if (bmc === undefined) return names;
  const uuid = canonicalUuid(bmc.uuid);
  if (uuid !== undefined) names.add(bmcName('uuid', uuid));
  for (const serial of [realName(bmc.serial), realName(bmc.sku)])
    if (serial !== undefined) names.add(bmcName('serial', serial.toLowerCase()));
  const board = realName(bmc.boardSerial);
  if (board !== undefined) names.add(bmcName('board', board.toLowerCase()));
  return names;
}

export function indexBmcNames(nodes: Iterable<NodeState>): BmcNames {
  const table = new Map<string, string[]>();
  for (const node of nodes) {
    for (const key of namesOf(node.seen.bmc)) {
      const owners = table.get(key);
      if (owners === undefined) table.set(key, [node.name]);
      else owners.push(node.name);
    }
  }
  return shardMapOf<readonly string[]>(table);
}

/** After one BMC was read (again). */
export function moveBmcNames(table: BmcNames, before: NodeState, after: NodeState): BmcNames {
  if (before.seen.bmc === after.seen.bmc) return table;
  const was = namesOf(before.seen.bmc);
  const is = namesOf(after.seen.bmc);
  let next = table;
  for (const key of was) {
    if (is.has(key)) continue;
    const left = (getIn(next, key) ?? []).filter((owner) => owner !== after.name);
    next = left.length === 0 ? deleteIn(next, key) : setIn(next, key, left);
  }
  // `concat` leaves no room behind the one name; a spread leaves it for sixteen.
  for (const key of is) if (!was.has(key)) next = setIn(next, key, (getIn(next, key) ?? []).concat(after.name));
  return next;
}

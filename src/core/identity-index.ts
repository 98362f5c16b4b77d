import { canonicalUuid, realName } from './identity.ts';
import { type ShardMap, shardMapOf } from './shard-map.ts';
import type { NodeSpec } from './spec.ts';

/** Inventory identity → node names. More than one name under a key is a conflict that holds both. */
export interface IdentityIndex {
  readonly macs: ShardMap<readonly string[]>;
  readonly uuids: ShardMap<readonly string[]>;
  readonly serials: ShardMap<readonly string[]>;
  readonly boardSerials: ShardMap<readonly string[]>;
  readonly assets: ShardMap<readonly string[]>;
  readonly switchPorts: ShardMap<readonly string[]>;
  /** The addresses that the inventory gives. */
  readonly addresses: ShardMap<readonly string[]>;
}

export function indexIdentities(specs: Iterable<NodeSpec>): IdentityIndex {
  const tables = {
    macs: new Map(),
    uuids: new Map(),
    serials: new Map(),
    boardSerials: new Map(),
    assets: new Map(),
    switchPorts: new Map(),
    addresses: new Map(),
  };
  const put = (table: Map<string, string[]>, key: string | undefined, name: string) => {
    if (key === undefined) return;
    const names = table.get(key);
    if (names === undefined) table.set(key, [name]);
    else if (!names.includes(name)) names.push(name);
  };
  // By name, so that a fleet from the snapshot has the same index as the one that was saved.
  const sorted = [...specs].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, identity, network } of sorted) {
    put(tables.addresses, network.ip, name);
    for (const mac of identity.macs) put(tables.macs, mac, name);
    put(tables.uuids, canonicalUuid(identity.uuid), name);
    put(tables.serials, realName(identity.serial)?.toLowerCase(), name);
    put(tables.boardSerials, realName(identity.boardSerial)?.toLowerCase(), name);
    put(tables.assets, realName(identity.asset)?.toLowerCase(), name);
    put(tables.switchPorts, identity.switchPort, name);
  }
  return {
    macs: shardMapOf<readonly string[]>(tables.macs),
    uuids: shardMapOf<readonly string[]>(tables.uuids),
    serials: shardMapOf<readonly string[]>(tables.serials),
    boardSerials: shardMapOf<readonly string[]>(tables.boardSerials),
    assets: shardMapOf<readonly string[]>(tables.assets),
    switchPorts: shardMapOf<readonly string[]>(tables.switchPorts),
    addresses: shardMapOf<readonly string[]>(tables.addresses),
  };
}

import { type Fleet, nodeOf } from '../core/fleet.ts';
import { canonicalUuid, realName, sameName, sameUuid } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import { getIn, type ShardMap, valuesOf } from '../core/shard-map.ts';

/** What a machine says of itself on the wire: DHCP option 97, the script's query, a relay's option 82. */
export interface Claims {
  readonly macs: readonly string[];
  readonly uuid?: string;
  readonly serial?: string;
  readonly boardSerial?: string;
  readonly asset?: string;
  readonly switchPort?: string;
}

export type Identity =
  | {
      readonly is: 'node';
      readonly node: NodeState;
      readonly sure: boolean;
      readonly matched: readonly string[];
      readonly why: string;
    }
  | { readonly is: 'conflict'; readonly node?: NodeState; readonly names: readonly string[]; readonly why: string }
  | { readonly is: 'stranger'; readonly why: string };

/**
 * Who is this? Every name votes; a name that two machines share, or that contradicts the record, is a conflict and
 * nobody is booted. Sure (rule 3) is only a MAC together with a UUID, serial or board serial.
 */
export function resolveIdentity(fleet: Fleet, claims: Claims): Identity {
  const votes = new Map<string, string[]>();
  const vote = (kind: string, names: readonly string[] | undefined) => {
    for (const name of names ?? []) votes.set(name, [...(votes.get(name) ?? []), kind]);
  };
  for (const mac of claims.macs) vote('mac', getIn(fleet.index.macs, mac));
  vote('uuid', lookUp(fleet.index.uuids, canonicalUuid(claims.uuid)));
  vote('serial', lookUp(fleet.index.serials, realName(claims.serial)?.toLowerCase()));
  vote('boardSerial', lookUp(fleet.index.boardSerials, realName(claims.boardSerial)?.toLowerCase()));
  vote('asset', lookUp(fleet.index.assets, realName(claims.asset)?.toLowerCase()));
  vote('switchPort', lookUp(fleet.index.switchPorts, claims.switchPort));
  const name = choose(votes);
  if (name === undefined)
    return { is: 'stranger', why: 'no MAC, UUID, serial, asset or switch port of it is in the inventory' };
  if (typeof name !== 'string')
    return { is: 'conflict', names: name, why: `its names belong to several machines: ${name.join(', ')}` };
  const node = nodeOf(fleet, name);
  if (node === undefined) return { is: 'stranger', why: `${name} left the inventory` };
  return compare(fleet, node, claims, votes.get(name) ?? []);
}

type Table = ShardMap<readonly string[]>;

function lookUp(table: Table, key: string | undefined): readonly string[] | undefined {
  return key === undefined ? undefined : getIn(table, key);
}

/**
 * A serial shared by the nodes of one chassis is settled by the MAC or board serial that only one of them has. Two
 * machines named by such unique names at once are a conflict.
 */
function choose(votes: ReadonlyMap<string, readonly string[]>): string | readonly string[] | undefined {
  const names = [...votes.keys()];
  if (names.length <= 1) return names[0];
  const unique = names.filter((name) =>
    votes
      .get(name)
      ?.some((kind) => kind === 'mac' || kind === 'uuid' || kind === 'boardSerial' || kind === 'switchPort'),
  );
  if (unique.length === 1) return unique[0];
  return (unique.length === 0 ? names : unique).sort();
}

function compare(fleet: Fleet, node: NodeState, claims: Claims, kinds: readonly string[]): Identity {
  const why = contradiction(fleet, node, claims);
  if (why !== undefined) return { is: 'conflict', node, names: [node.name], why };
  const record = recordOf(node);
  const matched = [...new Set(kinds)];
  const hardware = hardwareMatches(fleet, node, claims);
  const mac = claims.macs.some((one) => record.macs.includes(one));
  const sure = mac && hardware.length > 0;
  const all = [...new Set([...matched, ...hardware])];
  const missing = mac ? 'no UUID, serial or board serial of it is known to be its own' : 'no MAC of it is on record';
  return {
    is: 'node',
    node,
    sure,
    matched: all,
    why: sure ? `matched by ${all.join(' + ')}` : `matched by ${all.join(' + ')}; ${missing}`,
  };
}

/** What two machines share (the serial of a chassis with four nodes) says which chassis, not which machine. */
function hardwareMatches(fleet: Fleet, node: NodeState, claims: Claims): readonly string[] {
  const record = recordOf(node);
  const { uuids, serials, boardSerials } = fleet.index;
  const uuid = sameUuid(claims.uuid, record.uuid) && alone(uuids, canonicalUuid(claims.uuid), node.name);
  const serial =
    record.serials.some((one) => sameName(claims.serial, one)) &&
    alone(serials, realName(claims.serial)?.toLowerCase(), node.name);
  const board =
    sameName(claims.boardSerial, record.boardSerial) &&
    alone(boardSerials, realName(claims.boardSerial)?.toLowerCase(), node.name);
  const fromBmc = (own: string | undefined, kind: 'uuid' | 'serial' | 'boardSerial') =>
    own !== undefined || bmcAlone(fleet, node, claims, kind);
  const { identity } = node.spec;
  return [
    ...(uuid && fromBmc(identity.uuid, 'uuid') ? ['uuid'] : []),
    ...(serial && fromBmc(identity.serial, 'serial') ? ['serial'] : []),
    ...(board && fromBmc(identity.boardSerial, 'boardSerial') ? ['boardSerial'] : []),
  ];
}

/** Nobody else in the inventory has this name. */
function alone(table: Table, key: string | undefined, name: string): boolean {
  return (lookUp(table, key) ?? []).every((owner) => owner === name);
}

/** Where only its BMC says so, no other BMC may say the same: boards that nobody programmed share their serials. */
function bmcAlone(fleet: Fleet, node: NodeState, claims: Claims, kind: 'uuid' | 'serial' | 'boardSerial'): boolean {
  for (const other of valuesOf(fleet.nodes)) {
    const bmc = other.seen.bmc;
    if (bmc === undefined || other.name === node.name) continue;
    if (kind === 'uuid' && sameUuid(bmc.uuid, claims.uuid)) return false;
    if (kind === 'boardSerial' && sameName(bmc.boardSerial, claims.boardSerial)) return false;
    if (kind === 'serial' && (sameName(bmc.serial, claims.serial) || sameName(bmc.sku, claims.serial))) return false;
  }
  return true;
}

/** The record is the inventory, completed by what its own BMC said. */
function recordOf(node: NodeState) {
  const { identity } = node.spec;
  const bmc = node.seen.bmc;
  const bmcMacs = bmc?.macs.map((one) => one.mac) ?? [];
  return {
    macs: [...identity.macs, ...bmcMacs],
    uuid: identity.uuid ?? bmc?.uuid,
    serials:
      identity.serial !== undefined ? [identity.serial] : [bmc?.serial, bmc?.sku].filter((one) => one !== undefined),
    boardSerial: identity.boardSerial ?? bmc?.boardSerial,
  };
}

function contradiction(fleet: Fleet, node: NodeState, claims: Claims): string | undefined {
  for (const mac of claims.macs) {
    const owners = getIn(fleet.index.macs, mac);
    if (owners !== undefined && (owners.length > 1 || owners[0] !== node.name))
      return `MAC ${mac} is in the inventory of ${owners.join(', ')}`;
  }
  const { identity } = node.spec;
  const uuid = canonicalUuid(claims.uuid);
  if (uuid !== undefined) {
    const owners = getIn(fleet.index.uuids, uuid);
    if (owners !== undefined && (owners.length > 1 || owners[0] !== node.name))
      return `UUID ${claims.uuid} is in the inventory of ${owners.join(', ')}`;
    if (canonicalUuid(identity.uuid) !== undefined && !sameUuid(uuid, identity.uuid))
      return `it says UUID ${claims.uuid}, the inventory says ${identity.uuid}`;
  }
  const { serials, boardSerials, assets } = fleet.index;
  return (
    otherName('serial', claims.serial, identity.serial, serials, node.name) ??
    otherName('board serial', claims.boardSerial, identity.boardSerial, boardSerials, node.name) ??
    otherName('asset', claims.asset, identity.asset, assets, node.name)
  );
}

/** A real name that is not the recorded one, or that the inventory gives to other machines alone. */
function otherName(
  kind: string,
  claimed: string | undefined,
  recorded: string | undefined,
  table: Table,
  node: string,
): string | undefined {
  const name = realName(claimed);
  if (name === undefined) return undefined;
  if (realName(recorded) !== undefined && !sameName(name, recorded))
    return `it says ${kind} ${name}, the inventory says ${recorded}`;
  const owners = getIn(table, name.toLowerCase());
  if (owners !== undefined && !owners.includes(node))
    return `${kind} ${name} is in the inventory of ${owners.join(', ')}`;
  return undefined;
}

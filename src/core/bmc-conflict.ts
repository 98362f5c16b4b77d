import type { BmcIdentity } from './bmc.ts';
import type { Fleet } from './fleet.ts';
import { canonicalUuid, realName, sameName, sameUuid } from './identity.ts';
import type { IdentityIndex } from './identity-index.ts';
import type { NodeState } from './node.ts';
import { getIn, type ShardMap } from './shard-map.ts';
import type { IdentitySpec } from './spec.ts';
import type { TimeMs } from './time.ts';

/** What the BMC says of its machine against the record of its node alone. Of a record by MAC only, nothing contradicts. */
export function bmcContradiction(identity: IdentitySpec, read: BmcIdentity): string | undefined {
  if (namesOwnMac(identity, read)) return undefined;
  if (identity.uuid !== undefined && read.uuid !== undefined && !sameUuid(identity.uuid, read.uuid)) {
    return `the BMC reports UUID ${read.uuid}, the inventory says ${identity.uuid}`;
  }
  const serials = [read.serial, read.sku].filter((one) => one !== undefined);
  if (identity.serial !== undefined && serials.length > 0 && !serials.some((one) => sameName(one, identity.serial))) {
    return `the BMC reports serial ${serials.join(' / ')}, the inventory says ${identity.serial}`;
  }
  return undefined;
}

const namesOwnMac = (identity: IdentitySpec, read: BmcIdentity): boolean =>
  read.macs.some((one) => identity.macs.includes(one.mac));

/**
 * Does this BMC name a machine that the inventory gives to another node? An order to it would reach that machine, which
 * nobody armed. Boards of one chassis share a serial: beside a MAC of its own it proves nothing.
 */
export function ownedByOther(
  index: IdentityIndex,
  name: string,
  identity: IdentitySpec,
  read: BmcIdentity,
): string | undefined {
  const say = (what: string, value: string, owner: string) =>
    `the BMC of ${name} reports ${what} ${value}, which the inventory gives to ${owner}: it may be the BMC of ${owner}`;
  for (const { mac } of read.macs) {
    const owner = otherOwner(index.macs, mac, name);
    if (owner !== undefined) return say('MAC', mac, owner);
  }
  const uuid = canonicalUuid(read.uuid);
  const byUuid = otherOwner(index.uuids, uuid, name);
  if (byUuid !== undefined) return say('UUID', read.uuid ?? '', byUuid);
  const byBoard = otherOwner(index.boardSerials, realName(read.boardSerial)?.toLowerCase(), name);
  if (byBoard !== undefined) return say('board serial', read.boardSerial ?? '', byBoard);
  if (namesOwnMac(identity, read)) return undefined;
  for (const serial of [read.serial, read.sku]) {
    const owner = otherOwner(index.serials, realName(serial)?.toLowerCase(), name);
    if (owner !== undefined) return say('serial', serial ?? '', owner);
  }
  return undefined;
}

function otherOwner(table: ShardMap<readonly string[]>, key: string | undefined, name: string): string | undefined {
  const owners = key === undefined ? undefined : getIn(table, key);
  return owners === undefined || owners.includes(name) ? undefined : owners[0];
}

/**
 * Its BMC lists network cards, and none is of this machine. No proof, and held by nothing: BMCs know no card that has no
 * firmware of theirs in it, and some list nothing but the board's own. Whatever name they do share settles it.
 */
export function bmcDoubt({ name, spec, seen }: Pick<NodeState, 'name' | 'spec' | 'seen'>): string | undefined {
  const { bmc } = seen;
  const { identity } = spec;
  if (bmc === undefined || bmc.macs.length === 0 || identity.macs.length === 0) return undefined;
  if (namesOwnMac(identity, bmc) || bmc.macs.some(({ mac }) => mac === seen.mac)) return undefined;
  if (sameUuid(bmc.uuid, identity.uuid) || sameUuid(bmc.uuid, seen.uuid)) return undefined;
  const serials = [identity.serial, seen.serial, identity.boardSerial, seen.boardSerial];
  const told = [bmc.serial, bmc.sku, bmc.boardSerial];
  if (serials.some((one) => told.some((other) => sameName(one, other)))) return undefined;
  const listed = bmc.macs.slice(0, 3).map(({ mac }) => mac);
  const more = bmc.macs.length > listed.length ? ` and ${bmc.macs.length - listed.length} more` : '';
  return `the BMC of ${name} lists the MACs ${listed.join(', ')}${more}, and none of ${name}: look whether \`bmc.url\` is that of ${name}`;
}

/** By what its BMC said last. An operator's release does not lift it: the inventory has to be corrected. */
export function bmcConflict(fleet: Fleet, { name, spec, seen }: NodeState): string | undefined {
  return seen.bmc === undefined ? undefined : ownedByOther(fleet.index, name, spec.identity, seen.bmc);
}

/** Held, and so is its job, unless that writes already. */
export function inConflict(node: NodeState, detail: string, at: TimeMs): NodeState {
  const { job } = node;
  const held: NodeState = { ...node, health: { is: 'conflict', code: 'IDENTITY_CONFLICT', since: at, detail } };
  return job === undefined || job.spentAt !== undefined || job.suspended !== undefined
    ? held
    : { ...held, job: { ...job, suspended: { at, code: 'IDENTITY_CONFLICT' } } };
}

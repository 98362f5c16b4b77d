import { bmcName } from '../core/bmc-names.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { canonicalUuid, realName } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import { hasMac } from '../core/own-nic.ts';
import { getIn, type ShardMap } from '../core/shard-map.ts';
import type { IdentitySpec } from '../core/spec.ts';
import { contradiction, type Names, type Owned, type Owners } from './contradiction.ts';

/** What a machine says of itself on the wire: DHCP option 97, the script's query, a relay's option 82. */
export type Claims = IdentitySpec;

export type Identity =
  | {
      readonly is: 'node';
      readonly node: NodeState;
      readonly sure: boolean;
      readonly matched: readonly string[];
      readonly why: string;
    }
  | {
      readonly is: 'conflict';
      readonly node?: NodeState;
      readonly names: readonly string[];
      readonly why: string;
      /** It names itself as this machine, and is another one. */
      readonly poses?: string;
      /** Or it is another NIC of it. */
      readonly unproven?: true;
    }
  | { readonly is: 'stranger'; readonly why: string };

/** As which machine it names itself and is not, or may not be: as it is told of a stranger. */
export function posingOf(identity: Identity): { readonly poses?: string; readonly unproven?: true } {
  if (identity.is !== 'conflict' || identity.poses === undefined) return NOBODY;
  const { poses, unproven } = identity;
  return unproven === undefined ? { poses } : { poses, unproven };
}

const NOBODY = {};

const keyOf = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : realName(name)?.toLowerCase();

function namesOf(claims: Claims): Names {
  return {
    macs: claims.macs,
    uuid: claims.uuid === undefined ? undefined : canonicalUuid(claims.uuid),
    serial: keyOf(claims.serial),
    boardSerial: keyOf(claims.boardSerial),
    asset: keyOf(claims.asset),
  };
}

function ownersOf({ index }: Fleet, names: Names, switchPort: string | undefined): Owners {
  return {
    macs: names.macs.map((mac) => getIn(index.macs, mac)),
    uuid: lookUp(index.uuids, names.uuid),
    serial: lookUp(index.serials, names.serial),
    boardSerial: lookUp(index.boardSerials, names.boardSerial),
    asset: lookUp(index.assets, names.asset),
    switchPort: lookUp(index.switchPorts, switchPort),
  };
}

interface Vote {
  readonly name: string;
  readonly kinds: string[];
}

/**
 * Who is this? Every name votes; a name that two machines share, or that contradicts the record, is a conflict and
 * nobody is booted. Sure (rule 3) is only a MAC together with a UUID, serial or board serial, one of which is in its file: a
 * BMC alone, behind whatever address, tells of whichever machine is there.
 */
export function resolveIdentity(fleet: Fleet, claims: Claims): Identity {
  const names = namesOf(claims);
  const owners = ownersOf(fleet, names, claims.switchPort);
  const votes = votesFor(owners);
  const name = choose(votes);
  if (name === undefined)
    return { is: 'stranger', why: 'no MAC, UUID, serial, asset or switch port of it is in the inventory' };
  if (typeof name !== 'string') {
    const owner = ownerOfMac(fleet, votes);
    const why = `its names belong to several machines: ${name.map((one) => describeVote(one, votes)).join(', ')}`;
    return { is: 'conflict', ...(owner === undefined ? {} : { node: owner }), names: name, why };
  }
  const node = nodeOf(fleet, name);
  if (node === undefined) return { is: 'stranger', why: `${name} left the inventory` };
  return compare(fleet, node, claims, names, owners, votes.find((vote) => vote.name === name)?.kinds ?? []);
}

function votesFor(owners: Owners): readonly Vote[] {
  const votes: Vote[] = [];
  for (const owned of owners.macs) vote(votes, 'mac', owned);
  vote(votes, 'uuid', owners.uuid);
  vote(votes, 'serial', owners.serial);
  vote(votes, 'boardSerial', owners.boardSerial);
  vote(votes, 'asset', owners.asset);
  vote(votes, 'switchPort', owners.switchPort);
  return votes;
}

function vote(votes: Vote[], kind: string, owned: Owned): void {
  if (owned === undefined) return;
  for (const name of owned) {
    const known = votes.find((one) => one.name === name);
    if (known === undefined) votes.push({ name, kinds: [kind] });
    else if (!known.kinds.includes(kind)) known.kinds.push(kind);
  }
}

type Table = ShardMap<readonly string[]>;

function lookUp(table: Table, key: string | undefined): Owned {
  return key === undefined ? undefined : getIn(table, key);
}

const UNIQUE: ReadonlySet<string> = new Set(['mac', 'uuid', 'boardSerial', 'switchPort']);

/**
 * A serial shared by the nodes of one chassis is settled by the MAC or board serial that only one of them has. Two
 * machines named by such unique names at once are a conflict.
 */
function choose(votes: readonly Vote[]): string | readonly string[] | undefined {
  if (votes.length <= 1) return votes[0]?.name;
  const unique = votes.filter(({ kinds }) => kinds.some((kind) => UNIQUE.has(kind)));
  if (unique.length === 1) return unique[0]?.name;
  return (unique.length === 0 ? votes : unique).map(({ name }) => name).sort();
}

/** The machine whose NIC it is, if it is one: it is held, and its screen shows what was said in its name. */
function ownerOfMac(fleet: Fleet, votes: readonly Vote[]): NodeState | undefined {
  const [owner, ...others] = votes.filter(({ kinds }) => kinds.includes('mac'));
  return owner === undefined || others.length > 0 ? undefined : nodeOf(fleet, owner.name);
}

const WORDS: Readonly<Record<string, string>> = {
  mac: 'MAC',
  uuid: 'UUID',
  boardSerial: 'board serial',
  switchPort: 'switch port',
};

function describeVote(name: string, votes: readonly Vote[]): string {
  const kinds = votes.find((one) => one.name === name)?.kinds ?? [];
  return `${name} (${kinds.map((kind) => WORDS[kind] ?? kind).join(', ')})`;
}

function compare(
  fleet: Fleet,
  node: NodeState,
  claims: Claims,
  names: Names,
  owners: Owners,
  kinds: readonly string[],
): Identity {
  const why = contradiction(node, claims, names, owners);
  if (why !== undefined) return { is: 'conflict', node, names: [node.name], why };
  const hardware = hardwareMatches(fleet, node, names, owners);
  const mac = names.macs.some((one) => hasMac(node, one));
  const { identity } = node.spec;
  const isWritten =
    names.macs.some((one) => identity.macs.includes(one)) || hardware.some((kind) => identity[kind] !== undefined);
  const sure = mac && hardware.length > 0 && isWritten;
  const all = [...kinds, ...hardware.filter((kind) => !kinds.includes(kind))];
  const missing = missingText(mac, hardware);
  const by = `matched by ${all.join(' + ')}`;
  return { is: 'node', node, sure, matched: all, why: sure ? by : `${by}; ${missing}` };
}

function missingText(mac: boolean, hardware: readonly Hardware[]): string {
  if (!mac) return 'no MAC of it is on record';
  if (hardware.length === 0) return 'no UUID, serial or board serial of it is known to be its own';
  return 'its MAC and its hardware names are told by its BMC alone: write one into its file';
}

type Hardware = 'uuid' | 'serial' | 'boardSerial';

/**
 * What two machines share (the serial of a chassis with four nodes) says which chassis, not which machine. Where only its
 * BMC says so, no other BMC may say the same either.
 */
function hardwareMatches(fleet: Fleet, node: NodeState, names: Names, owners: Owners): readonly Hardware[] {
  const { bmc } = node.seen;
  const found: Hardware[] = [];
  if (isOwn(fleet, node, 'uuid', names.uuid, owners.uuid, [bmc?.uuid])) found.push('uuid');
  if (isOwn(fleet, node, 'serial', names.serial, owners.serial, [bmc?.serial, bmc?.sku])) found.push('serial');
  if (isOwn(fleet, node, 'boardSerial', names.boardSerial, owners.boardSerial, [bmc?.boardSerial]))
    found.push('boardSerial');
  return found;
}

function isOwn(
  fleet: Fleet,
  node: NodeState,
  kind: Hardware,
  name: string | undefined,
  owners: Owned,
  says: readonly (string | undefined)[],
): boolean {
  if (name === undefined) return false;
  // The index was made of the inventory: who stands in it under this name has it.
  if (node.spec.identity[kind] !== undefined) return owners?.length === 1 && owners[0] === node.name;
  if (owners?.some((owner) => owner !== node.name) === true) return false;
  if (!says.some((one) => one !== undefined && (kind === 'uuid' ? canonicalUuid(one) : keyOf(one)) === name))
    return false;
  const readers = getIn(fleet.bmcNames, bmcName(kind === 'boardSerial' ? 'board' : kind, name)) ?? [];
  return readers.every((reader) => reader === node.name);
}

import { bmcName } from '../core/bmc-names.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { canonicalUuid, realName, sameName } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import { getIn, type ShardMap } from '../core/shard-map.ts';

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

/** The claims in the one spelling of the index; made once, for every packet of every boot comes through here. */
interface Names {
  readonly macs: readonly string[];
  readonly uuid: string | undefined;
  readonly serial: string | undefined;
  readonly boardSerial: string | undefined;
  readonly asset: string | undefined;
}

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

interface Vote {
  readonly name: string;
  readonly kinds: string[];
}

/**
 * Who is this? Every name votes; a name that two machines share, or that contradicts the record, is a conflict and
 * nobody is booted. Sure (rule 3) is only a MAC together with a UUID, serial or board serial.
 */
export function resolveIdentity(fleet: Fleet, claims: Claims): Identity {
  const names = namesOf(claims);
  const votes = votesFor(fleet, names, claims.switchPort);
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
  return compare(fleet, node, claims, names, votes.find((vote) => vote.name === name)?.kinds ?? []);
}

function votesFor({ index }: Fleet, names: Names, switchPort: string | undefined): readonly Vote[] {
  const votes: Vote[] = [];
  const vote = (kind: string, owners: readonly string[] | undefined) => {
    for (const name of owners ?? []) {
      const known = votes.find((one) => one.name === name);
      if (known === undefined) votes.push({ name, kinds: [kind] });
      else if (!known.kinds.includes(kind)) known.kinds.push(kind);
    }
  };
  for (const mac of names.macs) vote('mac', getIn(index.macs, mac));
  vote('uuid', lookUp(index.uuids, names.uuid));
  vote('serial', lookUp(index.serials, names.serial));
  vote('boardSerial', lookUp(index.boardSerials, names.boardSerial));
  vote('asset', lookUp(index.assets, names.asset));
  vote('switchPort', lookUp(index.switchPorts, switchPort));
  return votes;
}

type Table = ShardMap<readonly string[]>;

function lookUp(table: Table, key: string | undefined): readonly string[] | undefined {
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

function compare(fleet: Fleet, node: NodeState, claims: Claims, names: Names, kinds: readonly string[]): Identity {
  const why = contradiction(fleet, node, claims, names);
  if (why !== undefined) return { is: 'conflict', node, names: [node.name], why };
  const hardware = hardwareMatches(fleet, node, names);
  const { macs } = node.spec.identity;
  const fromBmc = node.seen.bmc?.macs ?? [];
  const mac = names.macs.some((one) => macs.includes(one) || fromBmc.some((nic) => nic.mac === one));
  const sure = mac && hardware.length > 0;
  const all = [...kinds, ...hardware.filter((kind) => !kinds.includes(kind))];
  const missing = mac ? 'no UUID, serial or board serial of it is known to be its own' : 'no MAC of it is on record';
  const by = `matched by ${all.join(' + ')}`;
  return { is: 'node', node, sure, matched: all, why: sure ? by : `${by}; ${missing}` };
}

/**
 * What two machines share (the serial of a chassis with four nodes) says which chassis, not which machine. Where only its
 * BMC says so, no other BMC may say the same either.
 */
function hardwareMatches(fleet: Fleet, node: NodeState, names: Names): readonly string[] {
  const { identity } = node.spec;
  const { bmc } = node.seen;
  const { uuids, serials, boardSerials } = fleet.index;
  const found: string[] = [];
  const take = (
    kind: 'uuid' | 'serial' | 'boardSerial',
    name: string | undefined,
    table: Table,
    says: readonly (string | undefined)[],
  ) => {
    if (name === undefined) return;
    const owners = getIn(table, name);
    // The index was made of the inventory: who stands in it under this name has it.
    if (identity[kind] !== undefined) {
      if (owners?.length === 1 && owners[0] === node.name) found.push(kind);
      return;
    }
    if (owners?.some((owner) => owner !== node.name) === true) return;
    if (!says.some((one) => one !== undefined && (kind === 'uuid' ? canonicalUuid(one) : keyOf(one)) === name)) return;
    const readers = getIn(fleet.bmcNames, bmcName(kind === 'boardSerial' ? 'board' : kind, name)) ?? [];
    if (readers.every((reader) => reader === node.name)) found.push(kind);
  };
  take('uuid', names.uuid, uuids, [bmc?.uuid]);
  take('serial', names.serial, serials, [bmc?.serial, bmc?.sku]);
  take('boardSerial', names.boardSerial, boardSerials, [bmc?.boardSerial]);
  return found;
}

function contradiction(fleet: Fleet, node: NodeState, claims: Claims, names: Names): string | undefined {
  for (const mac of names.macs) {
    const owners = getIn(fleet.index.macs, mac);
    if (owners !== undefined && (owners.length > 1 || owners[0] !== node.name))
      return `MAC ${mac} is in the inventory of ${owners.join(', ')}`;
  }
  const { identity } = node.spec;
  if (names.uuid !== undefined) {
    const owners = getIn(fleet.index.uuids, names.uuid);
    if (owners !== undefined && (owners.length > 1 || owners[0] !== node.name))
      return `UUID ${claims.uuid} is in the inventory of ${owners.join(', ')}`;
    // Nobody has it in the inventory: then it is not this machine's, if the inventory knows that one's.
    if (owners === undefined && canonicalUuid(identity.uuid) !== undefined)
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

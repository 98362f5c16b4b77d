import type { Stranger } from './fleet.ts';
import { canonicalUuid, realName, sameName, sameUuid } from './identity.ts';
import type { NodeState } from './node.ts';
import { fail, ok, type Result } from './result.ts';
import type { NodeSpec } from './spec.ts';

type Filed = Pick<NodeSpec, 'name' | 'identity'>;

export interface Around {
  /** The files as they are now. */
  readonly files: readonly Filed[];
  /** Everybody else that nobody wrote down. */
  readonly others: readonly Stranger[];
  readonly seenOf: (name: string) => NodeState['seen'] | undefined;
}

/**
 * Into which file of the inventory an unknown machine is adopted; undefined: into one of its own. A MAC that stands in the
 * wrong file is erased in the name of that machine, and a serial may be that of a chassis: it names a file where it is in
 * that alone, and nothing tells of a second machine that has it.
 */
export function fileOfStranger(stranger: Stranger, around: Around): Result<string | undefined> {
  const { files } = around;
  const holders = files.filter(({ identity }) => identity.macs.includes(stranger.mac));
  if (holders.length > 1) return refuse(stranger, `is in the files of ${namesOf(holders)}`);
  const bySerial = files.filter(({ identity }) => sameName(identity.serial, stranger.serial));
  const byOwnName = files.filter(
    ({ identity }) => sameUuid(identity.uuid, stranger.uuid) || sameName(identity.boardSerial, stranger.boardSerial),
  );
  const [holder] = holders;
  if (holder !== undefined) return ok(holder.name);
  if (bySerial.length === 0) return ok(undefined);
  if (byOwnName.length > 0) return bothOf(stranger, bySerial, byOwnName);
  if (bySerial.every((one) => isKnownOther(one, stranger))) return besideNeighbours(stranger, bySerial);
  const [only] = bySerial;
  if (bySerial.length > 1 || only === undefined)
    return refuse(
      stranger,
      `has serial ${stranger.serial}, which is in the files of ${namesOf(bySerial)}, and nothing tells which of them it is`,
    );
  const doubt = doubtOf(only, stranger, around);
  return doubt === undefined ? ok(only.name) : refuse(stranger, doubt);
}

const namesOf = (files: readonly Filed[]): string => files.map(({ name }) => name).join(', ');

const refuse = ({ mac }: Stranger, why: string): Result<never> =>
  fail(`${mac} ${why}: write its MAC into the file of the machine that it is, or give it a file of its own`);

/** Its UUID and its board serial are no chassis's: one file has all that it says, or it is in no single one. */
function bothOf(
  stranger: Stranger,
  bySerial: readonly Filed[],
  byOwnName: readonly Filed[],
): Result<string | undefined> {
  const [own, ...more] = byOwnName;
  if (own !== undefined && more.length === 0 && bySerial.includes(own)) return ok(own.name);
  return refuse(
    stranger,
    `has the serial of ${namesOf(bySerial)}, and the UUID or the board serial of ${namesOf(byOwnName)}`,
  );
}

/** Files that share a serial have a board serial each, or the inventory is refused whole. */
function besideNeighbours(stranger: Stranger, neighbours: readonly Filed[]): Result<undefined> {
  const boards = [stranger.boardSerial, ...neighbours.map(({ identity }) => identity.boardSerial)];
  if (boards.every((one) => realName(one) !== undefined)) return ok(undefined);
  return fail(
    `${stranger.mac} has serial ${stranger.serial} as ${namesOf(neighbours)} has, and is another machine: boards that share a chassis need boardSerial: each, so write it into each of their files, its own too`,
  );
}

/** A neighbour in its chassis, whose NICs are known. */
const isKnownOther = ({ identity }: Filed, stranger: Stranger): boolean =>
  identity.macs.length > 0 &&
  (differs(canonicalUuid(identity.uuid), canonicalUuid(stranger.uuid)) ||
    differs(realName(identity.boardSerial)?.toLowerCase(), realName(stranger.boardSerial)?.toLowerCase()));

const differs = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b;

/** Why a serial that one file alone has does not say yet that this is its machine. */
function doubtOf({ name, identity }: Filed, stranger: Stranger, { others, seenOf }: Around): string | undefined {
  const { serial } = stranger;
  if (realName(identity.boardSerial) !== undefined)
    return `has serial ${serial} as ${name} has, whose file tells its machine by a board serial beside it, and that one it did not say`;
  if (identity.macs.length > 0)
    return `has serial ${serial} as ${name} has, whose file names other MACs, and no UUID says that both are one machine`;
  const nics = otherNics(seenOf(name), stranger);
  if (nics !== undefined) return `has serial ${serial} as ${name} has, of which ${nics} is known`;
  const twins = others.filter((one) => isTwin(one, stranger));
  if (twins.length === 0) return undefined;
  return `has serial ${serial} as ${name} has, and so has ${twins.map(({ mac }) => mac).join(', ')}, of which no UUID says that both are one machine (\`ignore\` one that is not meant)`;
}

/** By which its machine was heard, or which its BMC told, where that is not this one. */
function otherNics(seen: NodeState['seen'] | undefined, { mac, uuid }: Stranger): string | undefined {
  if (seen === undefined || sameUuid(seen.bmc?.uuid ?? seen.uuid, uuid)) return undefined;
  const nics = [...(seen.bmc?.macs.map((nic) => nic.mac) ?? []), ...(seen.mac === undefined ? [] : [seen.mac])];
  return nics.length === 0 || nics.includes(mac) ? undefined : [...new Set(nics)].join(', ');
}

const isTwin = (one: Stranger, stranger: Stranger): boolean =>
  one.mac !== stranger.mac &&
  !one.ignored &&
  sameName(one.serial, stranger.serial) &&
  !sameUuid(one.uuid, stranger.uuid);

import { canonicalUuid, realName, sameName } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import type { IdentitySpec } from '../core/spec.ts';

/** The claims in the one spelling of the index; made once, for every packet of every boot comes through here. */
export interface Names {
  readonly macs: readonly string[];
  readonly uuid: string | undefined;
  readonly serial: string | undefined;
  readonly boardSerial: string | undefined;
  readonly asset: string | undefined;
}

/** Whose each name is by the inventory: looked up once, and read by all that follows. */
export interface Owners {
  readonly macs: readonly Owned[];
  readonly uuid: Owned;
  readonly serial: Owned;
  readonly boardSerial: Owned;
  readonly asset: Owned;
  readonly switchPort: Owned;
}

export type Owned = readonly string[] | undefined;

/** Why this cannot be that machine, whatever else speaks for it. */
export function contradiction(node: NodeState, claims: IdentitySpec, names: Names, owners: Owners): string | undefined {
  for (let at = 0; at < owners.macs.length; at += 1) {
    const owned = owners.macs[at];
    if (isOfOthers(owned, node)) return `MAC ${names.macs[at]} is in the inventory of ${owned.join(', ')}`;
  }
  const { identity } = node.spec;
  if (names.uuid !== undefined) {
    if (isOfOthers(owners.uuid, node)) return `UUID ${claims.uuid} is in the inventory of ${owners.uuid.join(', ')}`;
    // Nobody has it in the inventory: then it is not this machine's, if the inventory knows that one's.
    if (owners.uuid === undefined && canonicalUuid(identity.uuid) !== undefined)
      return `it says UUID ${claims.uuid}, the inventory says ${identity.uuid}`;
  }
  return (
    otherName('serial', claims.serial, identity.serial, owners.serial, node.name) ??
    otherName('board serial', claims.boardSerial, identity.boardSerial, owners.boardSerial, node.name) ??
    otherName('asset', claims.asset, identity.asset, owners.asset, node.name)
  );
}

const isOfOthers = (owned: Owned, node: NodeState): owned is readonly string[] =>
  owned !== undefined && (owned.length > 1 || owned[0] !== node.name);

/** A real name that is not the recorded one, or that the inventory gives to other machines alone. */
function otherName(
  kind: string,
  claimed: string | undefined,
  recorded: string | undefined,
  owned: Owned,
  node: string,
): string | undefined {
  const name = realName(claimed);
  if (name === undefined) return undefined;
  if (realName(recorded) !== undefined && !sameName(name, recorded))
    return `it says ${kind} ${name}, the inventory says ${recorded}${cutAt(name, recorded)}`;
  return owned === undefined || owned.includes(node)
    ? undefined
    : `${kind} ${name} is in the inventory of ${owned.join(', ')}`;
}

/** iPXE of 2019 undoes the escape of a `&` before it asks; before that a `#` was left as it is: what stands behind never arrives. */
function cutAt(name: string, recorded = ''): string {
  const whole = recorded.trim();
  const rest = sameName(whole.slice(0, name.length), name) ? whole.slice(name.length).trim() : '';
  const mark = rest.charAt(0);
  return mark === '&' || mark === '#'
    ? `: cut at its ${mark}, as iPXE up to 2019 does; take a newer loader, or leave it out of the file and name its UUID`
    : '';
}

import type { Fleet } from '../core/fleet.ts';
import { canonicalUuid, realName } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { IdentitySpec } from '../core/spec.ts';

/** By what a machine is told apart over the Talos API, which knows no board serial, asset or switch port. */
export function namesNothingForApi({ spec: { identity } }: NodeState): boolean {
  const { macs, serial, uuid } = identity;
  return macs.length === 0 && realName(serial) === undefined && canonicalUuid(uuid) === undefined;
}

/** Whose these names are by what was told of it on the wire or by its BMC; the file of `node` names none of them. */
export function toldOwner(fleet: Fleet, node: NodeState, claims: IdentitySpec): NodeState | 'several' | undefined {
  const strong: NodeState[] = [];
  const weak: NodeState[] = [];
  for (const one of valuesOf(fleet.nodes)) {
    if (isToldOf(one, claims)) strong.push(one);
    else if (isSerialOf(one, claims)) weak.push(one);
  }
  // The nodes of one chassis may share its serial.
  const [owner, ...others] = strong.length > 0 ? strong : weak;
  if (others.length === 0) return owner;
  return strong.includes(node) || weak.includes(node) || strong.length === 0 ? 'several' : owner;
}

function isToldOf({ seen, health }: NodeState, { macs, uuid }: IdentitySpec): boolean {
  // What asks in its name, or the BMC that is taken for its own, may be another machine's.
  if (health.is === 'conflict') return false;
  const { bmc } = seen;
  const said = canonicalUuid(uuid);
  if (bmc?.macs.some(({ mac }) => macs.includes(mac)) === true) return true;
  if (said !== undefined && canonicalUuid(bmc?.uuid) === said) return true;
  return (
    (seen.mac !== undefined && macs.includes(seen.mac)) || (said !== undefined && canonicalUuid(seen.uuid) === said)
  );
}

function isSerialOf({ seen, health }: NodeState, { serial }: IdentitySpec): boolean {
  const said = health.is === 'conflict' ? undefined : realName(serial)?.toLowerCase();
  const told = [seen.bmc?.serial, seen.bmc?.sku, seen.serial];
  return said !== undefined && told.some((one) => realName(one)?.toLowerCase() === said);
}

import { type Answering, another } from '../core/answering.ts';
import type { Fleet } from '../core/fleet.ts';
import { nodeOf } from '../core/fleet.ts';
import { type Claims, resolveIdentity } from './identity.ts';

/**
 * Which machine answers at an address of this one, by what its own API says of its hardware. Every machine of a cluster
 * takes the same talosconfig, and an address may be another machine's by now.
 */
export function whoAnswers(fleet: Fleet, name: string, address: string, claims: Claims): Answering {
  if (nodeOf(fleet, name) === undefined) return another(`${name} left the inventory`);
  const identity = resolveIdentity(fleet, claims);
  if (identity.is === 'stranger')
    return another(`a machine that is not in the inventory answers at ${address}, not ${name}: ${shown(claims)}`);
  if (identity.node !== undefined && identity.node.name !== name)
    return another(`${identity.node.name} answers at ${address}, not ${name}: ${identity.why}`);
  if (identity.is === 'node') return { is: 'itself', sure: identity.sure, why: identity.why };
  if (identity.node === undefined) return another(`who answers at ${address} is in doubt: ${identity.why}`);
  return { is: 'doubt', why: `who answers at ${address} is in doubt: ${identity.why}` };
}

function shown({ macs, serial, uuid }: Claims): string {
  const names = [
    ...(serial === undefined ? [] : [`serial ${serial}`]),
    ...(uuid === undefined ? [] : [`UUID ${uuid}`]),
    ...macs.slice(0, 4).map((mac) => `MAC ${mac}`),
  ];
  return names.length === 0 ? 'it names itself by nothing' : names.join(', ');
}

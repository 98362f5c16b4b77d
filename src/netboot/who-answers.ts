import { type Answering, another } from '../core/answering.ts';
import type { Fleet } from '../core/fleet.ts';
import { nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import type { SeenMachine } from '../core/seen-talos.ts';
import { type Claims, resolveIdentity } from './identity.ts';
import { namesNothingForApi, toldOwner } from './told-names.ts';

/** As whom a machine names itself by the hardware that its API told. */
export function claimsOf({ serial, uuid, links }: ToldHardware): Claims {
  return {
    macs: links.map(({ mac }) => mac),
    ...(serial === undefined ? {} : { serial }),
    ...(uuid === undefined ? {} : { uuid }),
  };
}

interface ToldHardware extends Pick<SeenMachine, 'links'> {
  readonly serial?: string;
  readonly uuid?: string;
}

/**
 * Which machine answers at an address of this one, by what its own API says of its hardware. Every machine of a cluster
 * takes the same talosconfig, and an address may be another machine's by now.
 */
export function whoAnswers(fleet: Fleet, name: string, address: string, claims: Claims): Answering {
  const node = nodeOf(fleet, name);
  if (node === undefined) return another(`${name} left the inventory`);
  const identity = resolveIdentity(fleet, claims);
  if (identity.is === 'stranger' && namesNothingForApi(node)) return byTold(fleet, node, address, claims);
  if (identity.is === 'stranger')
    return another(`a machine that is not in the inventory answers at ${address}, not ${name}: ${shown(claims)}`);
  if (identity.node !== undefined && identity.node.name !== name)
    return another(`${identity.node.name} answers at ${address}, not ${name}: ${identity.why}`);
  if (identity.is === 'node') return { is: 'itself', sure: identity.sure, why: identity.why };
  if (identity.node === undefined) return another(`who answers at ${address} is in doubt: ${identity.why}`);
  return { is: 'doubt', why: `who answers at ${address} is in doubt: ${identity.why}` };
}

/** By what its own boot told, or its BMC. That is on no record: it never makes sure. */
function byTold(fleet: Fleet, node: NodeState, address: string, claims: Claims): Answering {
  const owner = toldOwner(fleet, node, claims);
  if (owner === node)
    return {
      is: 'itself',
      sure: false,
      why: 'by what it booted with or its BMC told: its file names no MAC, serial or UUID',
    };
  if (owner === 'several')
    return {
      is: 'doubt',
      why: `who answers at ${address} is in doubt: ${shown(claims)} was told of several machines`,
      unproven: true,
    };
  if (owner !== undefined)
    return another(`${owner.name} answers at ${address}, not ${node.name}: ${shown(claims)} was told of it`);
  const why = 'its file names no MAC, serial or UUID, by which the Talos API could tell who answers: write one';
  return { is: 'doubt', why: `${address} may not be ${node.name}: ${why} (there: ${shown(claims)})`, unproven: true };
}

function shown({ macs, serial, uuid }: Claims): string {
  const names = [
    ...(serial === undefined ? [] : [`serial ${serial}`]),
    ...(uuid === undefined ? [] : [`UUID ${uuid}`]),
    ...macs.slice(0, 4).map((mac) => `MAC ${mac}`),
  ];
  return names.length === 0 ? 'it names itself by nothing' : names.join(', ');
}

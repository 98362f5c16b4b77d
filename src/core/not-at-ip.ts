import { contestedNow, contestedText } from './contested.ts';
import type { Event } from './event.ts';
import type { Fleet } from './fleet.ts';
import { type Granted, leasesOfMac } from './lease.ts';
import type { NodeState } from './node.ts';
import type { TimeMs } from './time.ts';

/** One NIC of a machine has its `ip:`; what the others take says nothing of that. */
export function noteIp(node: NodeState, event: Event, { mac, address }: Granted): NodeState {
  const told = 'notAtIp' in event ? event.notAtIp : undefined;
  const { notAtIp: known } = node.seen;
  if (told !== undefined) return { ...node, seen: { ...node.seen, notAtIp: { ...told, mac, address } } };
  if (known === undefined || (known.mac !== mac && known.ip !== address)) return node;
  const { notAtIp: _there, ...seen } = node.seen;
  return { ...node, seen };
}

type Known = Pick<Fleet, 'contested' | 'leases'>;

/** In words; undefined: it is there, or nobody knows. */
export function notAtIpText(fleet: Known, { spec, seen, name }: NodeState, at: TimeMs): string | undefined {
  const { notAtIp: note } = seen;
  if (note === undefined) return undefined;
  const { ip, mac, address, why } = note;
  // Its file may say otherwise by now.
  if (spec.network.ip !== ip) return undefined;
  if (!leasesOfMac(fleet, mac).some((lease) => lease.address === address && lease.until > at)) return undefined;
  if (ip === undefined) return `it has ${address}, ${why}; to let it keep it, write \`ip: ${address}\` into its file`;
  // Who stands there was named with what to do.
  const isNamed = contestedNow(fleet, at).some((one) => one.node === name && one.how === 'inventory');
  return isNamed ? undefined : `it has ${address} and not its ip ${ip}: ${why}`;
}

/** All that is wrong with the addresses of this machine. */
export function addressTrouble(fleet: Known, node: NodeState, at: TimeMs): string | undefined {
  const all = [contestedText(fleet, node.name, at), notAtIpText(fleet, node, at)].filter((one) => one !== undefined);
  return all.length === 0 ? undefined : all.join('; ');
}

import type { Evidenced } from './event.ts';
import type { NodeState } from './node.ts';
import type { Seen } from './seen.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

type OwnNic = NonNullable<Seen['nic']>;

/** By the inventory, or by its BMC. */
export const hasMac = ({ spec, seen }: Pick<NodeState, 'spec' | 'seen'>, mac: string): boolean =>
  spec.identity.macs.includes(mac) || seen.bmc?.macs.some((nic) => nic.mac === mac) === true;

/** Is any NIC of it known? Where none is, every name that it has is all that there is. */
export const knowsMacs = ({ spec, seen }: NodeState): boolean =>
  spec.identity.macs.length > 0 || (seen.bmc?.macs.length ?? 0) > 0;

/** The NIC on record by which it asks to boot here. What its system asks may come from any of its NICs, or of its guests. */
export function ownNicIn(node: NodeState, event: Evidenced): OwnNic | undefined {
  switch (event.type) {
    case 'dhcp.firmwareAsked':
    case 'http.scriptAsked':
      return event.conflict === undefined ? nicOf(node, event.mac, event.time) : undefined;
    case 'dhcp.firmwareTook':
    case 'dhcp.ipxeAsked':
      return nicOf(node, event.mac, event.time);
    default:
      return undefined;
  }
}

const nicOf = (node: NodeState, mac: string | undefined, at: TimeMs): OwnNic | undefined =>
  mac !== undefined && hasMac(node, mac) ? { mac, at } : undefined;

/** By which this very boot came, and when it asked by it last. Snapshots of older versions know only by which it asked last. */
export function ownNicOf(node: NodeState): OwnNic | undefined {
  const { seen, attempt } = node;
  if (attempt === undefined) return undefined;
  if (seen.nic !== undefined)
    return seen.nic.at >= attempt.openedAt && hasMac(node, seen.nic.mac) ? seen.nic : undefined;
  return seen.mac !== undefined && hasMac(node, seen.mac) ? { mac: seen.mac, at: attempt.openedAt } : undefined;
}

/** So long a NIC that was heard of speaks for its machine, where nothing tells that the boot by it goes on. */
const LATELY_MS = 60 * MINUTE_MS;

export const wasLately = (nic: OwnNic, at: TimeMs): boolean => at - nic.at < LATELY_MS;

/** Against what is to be taken for its NIC instead: as a person reads it. */
export const bootedByText = ({ mac, at }: OwnNic): string =>
  `it booted by ${mac} at ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

import type { EventBody } from '../core/event.ts';
import type { NodeState } from '../core/node.ts';
import { hasMac, knowsMacs } from '../core/own-nic.ts';
import { awaitsBoot } from '../core/unanswered.ts';
import { classifyDhcpClient } from '../protocols/dhcp/classify-dhcp-client.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import type { BootNet, BootSite } from './boot-site.ts';
import { type DhcpAnswer, type DhcpArrival, type DhcpAsk, type DhcpView, silence } from './dhcp-ask.ts';
import { askerOf } from './dhcp-evidence.ts';
import { type Claims, resolveIdentity } from './identity.ts';

/**
 * Nothing answers a request from where DHCP is not served; but an armed machine of which this is all that is seen is told
 * where it asked from. By its MAC alone, unless the inventory names none: a UUID is soon forged, and so is a relay.
 */
export function fromNoNetwork(view: DhcpView, message: DhcpMessage, arrival: DhcpArrival): DhcpAnswer {
  const gone = message.giaddr === 0 ? goneOf(view.site, arrival) : undefined;
  const reason =
    gone === undefined
      ? 'from a network that the site does not name'
      : `${gone.serverText} is not on its interface now`;
  const { mac, hlen, options } = message;
  if (hlen !== 6) return silence('network', reason);
  const uuid = options.machineId?.uuid;
  const claims: Claims = uuid === undefined ? { macs: [mac] } : { macs: [mac], uuid };
  const found = (view.identify ?? resolveIdentity)(view.fleet, claims);
  const node = found.is === 'stranger' ? undefined : found.node;
  if (node === undefined || !isKnownBy(node, mac)) return silence('network', reason);
  const client = classifyDhcpClient(message);
  const why = `its request came ${whereOf(view.site, message, arrival)}`;
  const begins = options.messageType === 'discover' || options.messageType === 'request';
  const events = client.kind !== 'os' && begins ? leftUnanswered(node, mac, why) : [];
  return silence('network', `no answer: ${why}`, { events, node: node.name, asker: askerOf({ client, key: mac }) });
}

/** A network of which the site says that DHCP is not served there. */
export function whereDhcpIsOff({ net, node: name, identity, client, key }: DhcpAsk): DhcpAnswer {
  const { subnet } = net.spec;
  const node = identity.is === 'stranger' || name === undefined ? undefined : identity.node;
  const why = `its request came from ${subnet}, for which \`_site.yaml\` says \`dhcp: off\``;
  const isTold = node !== undefined && client.kind !== 'os' && isKnownBy(node, key);
  return silence('network', `DHCP is off on ${subnet}`, { events: isTold ? leftUnanswered(node, key, why) : [] });
}

const isKnownBy = (node: NodeState, mac: string): boolean => hasMac(node, mac) || !knowsMacs(node);

/** Once something of its boot is seen, what else is asked in its name says nothing of it. */
const leftUnanswered = (node: NodeState, mac: string, why: string): readonly EventBody[] =>
  awaitsBoot(node) ? [{ type: 'dhcp.leftUnanswered', node: node.name, mac, why }] : [];

const goneOf = ({ nets }: BootSite, { iface, away }: DhcpArrival): BootNet | undefined =>
  nets.find((net) => away?.has(net.server) === true && (iface ?? net.spec.interface) === net.spec.interface);

function whereOf(site: BootSite, { giaddr, options }: DhcpMessage, arrival: DhcpArrival): string {
  const gone = goneOf(site, arrival);
  const { iface } = arrival;
  if (giaddr === 0 && gone !== undefined)
    return `in on ${gone.spec.interface}, which did not have the address ${gone.serverText} that \`_site.yaml\` names for it`;
  if (giaddr === 0)
    return iface === undefined
      ? 'by no relay, and `_site.yaml` names no network that this host itself is in'
      : `in on ${iface}, for which \`_site.yaml\` names no network`;
  const link = options.relayInfo?.linkSelection ?? options.subnetSelection;
  const of = link === undefined ? '' : ` for the link ${renderIpv4(link)}`;
  return `by relay ${renderIpv4(giaddr)}${of}, which is in no network of \`_site.yaml\``;
}

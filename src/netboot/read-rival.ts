import { cleanText } from '../core/clean-text.ts';
import type { EventBody } from '../core/event.ts';
import { type Fleet, nodesWithMac } from '../core/fleet.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import type { BootSite } from './boot-site.ts';

/** What another DHCP server's answer on our wire says: who it is, what it hands out, and which of our machines it reached. */
export function readRival(
  fleet: Fleet,
  site: BootSite,
  message: DhcpMessage,
  from: { readonly address: string; readonly mac: string; readonly iface: string },
): readonly EventBody[] {
  const { messageType, serverId } = message.options;
  if (message.op !== 'reply' || (messageType !== 'offer' && messageType !== 'ack')) return [];
  const server = serverId === undefined ? from.address : renderIpv4(serverId);
  if (site.nets.some((net) => net.serverText === server || net.serverText === from.address)) return [];
  const raw = message.options.bootFile ?? message.file;
  const file = cleanText(raw, 120);
  const bootFile = file === '' ? {} : { bootFile: file };
  const offers = [
    message.yiaddr === 0 ? 'no address (a proxyDHCP server)' : renderIpv4(message.yiaddr),
    ...(message.options.routers?.[0] === undefined ? [] : [`router ${renderIpv4(message.options.routers[0])}`]),
    ...(message.siaddr === 0 ? [] : [`next server ${renderIpv4(message.siaddr)}`]),
  ].join(', ');
  const heard: EventBody = { type: 'rival.heard', server, mac: from.mac, offers, iface: from.iface, ...bootFile };
  const [node, ...more] = nodesWithMac(fleet, message.mac);
  if (node === undefined || more.length > 0) return [heard];
  return [heard, { type: 'dhcp.rivalAnswered', node, server, ack: messageType === 'ack', ...bootFile }];
}

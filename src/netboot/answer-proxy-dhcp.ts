import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';
import { netOfAddress } from './boot-site.ts';
import { type DhcpAnswer, type DhcpArrival, type DhcpAsk, type DhcpView, silence, toldOf } from './dhcp-ask.ts';
import { noFileKind, offerBoot } from './dhcp-boot.ts';
import { askerOf, strangerSeen, took } from './dhcp-evidence.ts';
import { type ReplyShape, renderReply } from './dhcp-reply.ts';
import { readAsk } from './read-ask.ts';

/** PXE boot item that a menu asked for (option 43, sub-option 71). We have one item, type 0. */
const BOOT_ITEM = 71;

/**
 * Port 4011 (PXE 2.1, the boot server). UEFI over TFTP comes here in proxy mode even when the offer named the file; ROMs
 * come here when an offer said `PXEClient`. The answer goes to the port that it came from, from this port.
 */
export function answerProxyDhcp(view: DhcpView, message: DhcpMessage, arrival: DhcpArrival): DhcpAnswer {
  const ask = readAsk(view, message, arrival);
  if ('reason' in ask) return ask;
  const answer = answerBootServer(ask);
  const node = ask.node ?? toldOf(ask);
  return node === undefined ? answer : { ...answer, node, asker: askerOf(ask) };
}

function answerBootServer(ask: DhcpAsk): DhcpAnswer {
  const { message, client, identity, view, net, arrival } = ask;
  const type = message.options.messageType;
  if (type !== 'request' && type !== 'inform') return silence('malformed', `a ${type} to port 4011`);
  if (client.kind === 'os')
    return silence('malformed', 'no firmware asks on port 4011 without its class or architecture');
  const address = message.ciaddr !== 0 ? message.ciaddr : arrival.address;
  if (address === 0) return silence('malformed', 'it has no address to answer to');
  if (arrival.address !== 0 && arrival.address !== address)
    return silence('malformed', 'it comes from another address than it says');
  const item = message.options.vendorInfo?.find((one) => one.code === BOOT_ITEM);
  if (item !== undefined && ((item.data[0] ?? 0) !== 0 || (item.data[1] ?? 0) !== 0)) {
    return silence('other', 'it asks for a boot item that is not ours');
  }
  const home = netOfAddress(view.site, address) ?? net;
  const boot = offerBoot(view, { site: view.site, net: home, client, identity, proxy: true, route: 'proxy' });
  const events = ask.node === undefined ? [strangerSeen(ask, { address })] : [took(ask, address, boot, 'port4011')];
  if (boot.is !== 'file') return silence(noFileKind(boot), boot.reason, { events });
  const echoed = item === undefined ? {} : { vendorInfo: [item] };
  const shape: ReplyShape = {
    type: 'ack',
    address: 0,
    bare: true,
    boot: { ...boot, options: { ...boot.options, ...echoed } },
  };
  return {
    // Behind a relay too: by now the machine has an address, and no relay forwards 4011.
    reply: renderReply({ ...ask, net: home }, shape, { kind: 'unicast', address, port: arrival.port }),
    events,
    pool: [],
    reason: `boot server: ${boot.offered} to ${renderIpv4(address)} (${boot.reason})`,
    ...(ask.node === undefined ? {} : { learned: { node: ask.node, address } }),
  };
}

/** Of a dotted text, 0 where there is none: what a socket says of the sender. */
export function senderAddress(text: string): number {
  const parsed = parseIpv4(text.startsWith('::ffff:') ? text.slice(7) : text);
  return parsed.ok ? parsed.value : 0;
}

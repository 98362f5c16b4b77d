import { cleanText } from '../core/clean-text.ts';
import type { EventBody } from '../core/event.ts';
import { type Fleet, nodeOf, nodesWithMac } from '../core/fleet.ts';
import { leasesOfMac } from '../core/lease.ts';
import { offeredElsewhere } from '../core/offered-elsewhere.ts';
import type { PhaseName } from '../core/phase.ts';
import type { DhcpMessage, DhcpOptions } from '../protocols/dhcp/dhcp-message.ts';
import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';
import { type BootNet, type BootSite, hasFirst, isInNet, netOfAddress } from './boot-site.ts';

/** Of a server's OFFER, ACK or NAK what says who it is, whom it answers and what it hands out; plain data, for any thread. */
export interface RivalAnswer extends Pick<DhcpMessage, 'mac' | 'yiaddr' | 'siaddr' | 'giaddr' | 'file'> {
  readonly options: Pick<DhcpOptions, 'serverId' | 'bootFile' | 'routers' | 'vendorClass' | 'tftpServerName'> & {
    readonly messageType: 'offer' | 'ack' | 'nak';
  };
}

/** Undefined: no answer to somebody who asks for an address. */
export function readAnswer({ op, mac, yiaddr, siaddr, giaddr, file, options }: DhcpMessage): RivalAnswer | undefined {
  const { messageType, serverId, bootFile, routers, vendorClass, tftpServerName } = options;
  if (op !== 'reply' || (messageType !== 'offer' && messageType !== 'ack' && messageType !== 'nak')) return undefined;
  const told = {
    messageType,
    ...(serverId === undefined ? {} : { serverId }),
    ...(bootFile === undefined ? {} : { bootFile }),
    ...(routers?.[0] === undefined ? {} : { routers: [routers[0]] }),
    ...(vendorClass === undefined ? {} : { vendorClass }),
    ...(tftpServerName === undefined ? {} : { tftpServerName }),
  };
  return { mac, yiaddr, siaddr, giaddr, file, options: told };
}

export type RivalEvent = Extract<
  EventBody,
  { readonly type: 'rival.heard' | 'dhcp.rivalAnswered' | 'dhcp.addressOffered' }
>;

export interface RivalSender {
  readonly address: string;
  readonly mac: string;
  readonly iface: string;
  /** The address is one of ours, and this is another host. */
  readonly isTwin?: true | undefined;
  /** It came to our server port, and not to the client port of a wire of ours. */
  readonly isToServer?: true | undefined;
}

/** What another DHCP server's answer on our wire says: who it is, what it hands out, and which of our machines it reached. */
export function readRival(
  fleet: Fleet,
  site: BootSite,
  message: RivalAnswer,
  from: RivalSender,
): readonly RivalEvent[] {
  const { messageType, serverId } = message.options;
  const isTwin = from.isTwin === true;
  const server = serverId === undefined || isTwin ? from.address : renderIpv4(serverId);
  if (!isTwin && site.nets.some((net) => net.serverText === server || net.serverText === from.address)) return [];
  const net = netOfReply(site, message, from.iface);
  const [only, ...more] = nodesWithMac(fleet, message.mac);
  const node = more.length > 0 ? undefined : only;
  const offered =
    isTwin || node === undefined || net?.spec.dhcp !== 'proxy' ? [] : addressOffered(fleet, node, server, message);
  if (!isTwin && isExpected(site, net, message)) return offered;
  const isFirst = !isTwin && net !== undefined && hasFirst(net);
  // What it refuses is its own to refuse, but for what a machine has from us.
  if (isFirst && messageType === 'nak' && !hasLease(fleet, message.mac)) return offered;
  const first = isFirst ? ({ first: true } as const) : {};
  const twin = isTwin ? ({ twin: from.mac } as const) : {};
  const heard = {
    type: 'rival.heard',
    server,
    mac: from.mac,
    iface: from.iface,
    ...(isTwin ? ({ isTwin } as const) : {}),
    ...(isFar(site, server, from) ? ({ isFar: true } as const) : {}),
  } as const;
  const answered =
    node === undefined
      ? undefined
      : ({ type: 'dhcp.rivalAnswered', node, server, ack: messageType === 'ack', ...twin, ...first } as const);
  if (messageType === 'nak') {
    const refusal = { ...heard, offers: '', refuses: true } as const;
    return answered === undefined ? [refusal] : [refusal, { ...answered, refused: true }];
  }
  const file = cleanText(message.options.bootFile ?? message.file, 120);
  const bootFile = file === '' ? {} : { bootFile: file };
  const offer = { ...heard, offers: offersOf(message), ...bootFile };
  const told = isFirst ? [] : [offer];
  return answered === undefined ? told : [...offered, ...told, { ...answered, ...bootFile }];
}

const hasLease = (fleet: Fleet, mac: string): boolean => leasesOfMac(fleet, mac).some(({ until }) => until > fleet.at);

/** A server that speaks from its own address on a wire of ours is there, as far as an address tells. */
function isFar(site: BootSite, server: string, { address, iface, isToServer }: RivalSender): boolean {
  if (isToServer !== true) return false;
  const number = parseIpv4(address);
  const isHere = ({ spec }: BootNet) => spec.interface !== undefined && (iface === '' || spec.interface === iface);
  return server !== address || !number.ok || !site.nets.some((net) => isHere(net) && isInNet(net, number.value));
}

/** Who asks, or is about to: its request may be told after the answer to it. */
const ASKS: ReadonlySet<PhaseName> = new Set<PhaseName>(['armed', 'powering', 'rebooting', 'firmware', 'ipxe']);

/** Once is enough while it asks: that it has one to take. */
function addressOffered(
  fleet: Fleet,
  name: string,
  server: string,
  { yiaddr, options }: RivalAnswer,
): readonly RivalEvent[] {
  if (options.messageType !== 'offer' || yiaddr === 0) return [];
  const node = nodeOf(fleet, name);
  if (node === undefined || !ASKS.has(node.phase.is) || offeredElsewhere(node) !== undefined) return [];
  return [{ type: 'dhcp.addressOffered', node: name, server, address: renderIpv4(yiaddr) }];
}

const offersOf = ({ yiaddr, siaddr, options }: RivalAnswer): string =>
  [
    yiaddr === 0 ? 'no address (a proxyDHCP server)' : renderIpv4(yiaddr),
    ...(options.routers?.[0] === undefined ? [] : [`router ${renderIpv4(options.routers[0])}`]),
    ...(siaddr === 0 ? [] : [`next server ${renderIpv4(siaddr)}`]),
  ].join(', ');

/**
 * Where we are not meant to give addresses, somebody else is: no rival as long as it leaves booting to us, or names our
 * own boot file, as a server must whose administrator gave it our address as `next-server`.
 */
function isExpected(site: BootSite, net: BootNet | undefined, message: RivalAnswer): boolean {
  if (net === undefined || net.spec.dhcp === 'authoritative') return false;
  const file = message.options.bootFile ?? message.file;
  if (file !== '')
    return namesUs(message, file, (address) => site.nets.some(({ serverText }) => serverText === address));
  // Without a file, but with the class of a boot server: firmware would come to it on port 4011.
  return !isClassOf(message, 'PXEClient') && !isClassOf(message, 'HTTPClient');
}

const isClassOf = ({ options }: RivalAnswer, name: string): boolean => options.vendorClass?.startsWith(name) === true;

/** What it tells machines to fetch is ours. */
export function namesUs(
  { siaddr, options }: Pick<RivalAnswer, 'siaddr'> & { readonly options: Pick<DhcpOptions, 'tftpServerName'> },
  file: string,
  isOurs: (address: string) => boolean,
): boolean {
  const host = /^(?:http|tftp):\/\/([^:/]+)/.exec(file)?.[1];
  if (host !== undefined) return isOurs(host);
  return isOurs(renderIpv4(siaddr)) || (options.tftpServerName !== undefined && isOurs(options.tftpServerName));
}

/** Of an answer the address tells most; a proxy's has none, nor a NAK, and then the relay or the interface does. */
function netOfReply(site: BootSite, { yiaddr, giaddr, options }: RivalAnswer, iface: string): BootNet | undefined {
  const byAddress = yiaddr === 0 ? undefined : netOfAddress(site, yiaddr);
  if (byAddress !== undefined) return byAddress;
  if (giaddr !== 0) return site.nets.find((net) => net.relay === giaddr) ?? netOfAddress(site, giaddr);
  const here = site.nets.filter((net) => net.spec.interface === iface && iface !== '');
  if (here.length <= 1) return here[0];
  const { serverId } = options;
  return serverId === undefined ? undefined : here.find((net) => isInNet(net, serverId));
}

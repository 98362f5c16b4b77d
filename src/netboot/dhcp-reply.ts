import type { DhcpOptions, DhcpPacket, WireOption } from '../protocols/dhcp/dhcp-message.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { type BootNet, wireOptions } from './boot-site.ts';
import type { DhcpAsk, DhcpReply, DhcpTarget } from './dhcp-ask.ts';
import type { BootOffer } from './dhcp-boot.ts';
import { serverIdOf } from './server-id.ts';
import { hasRelaySourcePort } from './switch-port.ts';

export interface ReplyShape {
  readonly type: 'offer' | 'ack' | 'nak';
  readonly address: number;
  /** Absent for INFORM and proxy answers: no lease is given. */
  readonly leaseSeconds?: number;
  readonly boot?: BootOffer | undefined;
  readonly message?: string;
  /** The one of ours that it named: it hears no other one. */
  readonly serverId?: number | undefined;
  /** Proxy answers name no network: that is the other server's part. */
  readonly bare?: boolean;
}

const DHCP_CLIENT_PORT = 68;
const DHCP_SERVER_PORT = 67;

/**
 * RFC 2131 4.1. To the relay if there is one; to an address that the client surely has; else by broadcast, whatever its
 * flag says: unicast to a machine without an address needs ARP entries by hand, and the neighbour table ends at 1024.
 */
export function targetOf({ message, arrival, net }: DhcpAsk, shape: ReplyShape): DhcpTarget {
  const { giaddr, ciaddr, options } = message;
  if (giaddr !== 0) {
    const port = hasRelaySourcePort(options.relayInfo) ? arrival.port : DHCP_SERVER_PORT;
    return { kind: 'unicast', address: giaddr, port };
  }
  // A renewal that came past the relay hears no broadcast of this wire: a NAK too goes to where it speaks from, as Kea's does.
  if (ciaddr !== 0 && (shape.type === 'ack' || net.relay !== undefined))
    return { kind: 'unicast', address: ciaddr, port: DHCP_CLIENT_PORT };
  return { kind: 'broadcast' };
}

export function renderReply(ask: DhcpAsk, shape: ReplyShape, to: DhcpTarget = targetOf(ask, shape)): DhcpReply {
  const { message, net } = ask;
  const boot = shape.boot?.is === 'file' ? shape.boot : undefined;
  const { maxMessageSize, requestedCodes } = message.options;
  const extra = shape.type === 'nak' ? [] : ownOptions(ask, boot !== undefined);
  const packet: { -readonly [K in keyof DhcpPacket]: DhcpPacket[K] } = {
    op: 'reply',
    htype: message.htype,
    hlen: message.hlen,
    hops: 0,
    xid: message.xid,
    secs: 0,
    // A relay must broadcast a NAK: the client may believe in an address that is wrong there (RFC 2131 4.3.2).
    broadcast: message.broadcast || (shape.type === 'nak' && message.giaddr !== 0),
    ciaddr: shape.type === 'ack' ? message.ciaddr : 0,
    yiaddr: shape.address,
    siaddr: boot === undefined ? 0 : net.server,
    giaddr: message.giaddr,
    chaddr: message.chaddr,
    sname: boot === undefined || boot.file === '' ? '' : net.serverText,
    // A longer name does not fit its field; 67 holds it whole.
    file: boot !== undefined && boot.file.length < 128 ? boot.file : '',
    options: optionsOf(ask, shape, boot?.options),
  };
  if (extra.length > 0) packet.extra = extra;
  if (maxMessageSize !== undefined) packet.maxSizeBytes = maxMessageSize;
  if (requestedCodes !== undefined) packet.order = requestedCodes;
  return { packet, to, from: net.server };
}

/** RFC 5071: what a second loader wants is known to no ROM, so no ROM asks for it. */
const UNASKED: ReadonlySet<number> = new Set([209, 210, 211]);
/** The TFTP server's address, asked for by clients that take no name in 66. */
const TFTP_SERVERS = 150;

/** A few dozen bytes: Buffer's own search leaves JavaScript for each of them. */
function names(wanted: Uint8Array, code: number): boolean {
  for (let at = 0; at < wanted.length; at += 1) if (wanted[at] === code) return true;
  return false;
}

/** What the inventory says by code: of the machine before that of its network. */
function ownOptions({ net, identity, message }: DhcpAsk, boots: boolean): readonly WireOption[] {
  const wanted = message.options.requestedCodes;
  const machine = identity.is === 'node' ? identity.node.spec.network.options : undefined;
  const asks150 = boots && wanted !== undefined && names(wanted, TFTP_SERVERS);
  if (machine === undefined && net.options.length === 0 && !asks150) return [];
  const all = new Map<number, WireOption>();
  if (asks150) all.set(TFTP_SERVERS, { code: TFTP_SERVERS, data: addressBytes(net.server) });
  for (const option of [...net.options, ...wireOptions(machine)]) all.set(option.code, option);
  const mayHave = ({ code }: WireOption) => wanted === undefined || names(wanted, code) || (boots && UNASKED.has(code));
  return [...all.values()].filter(mayHave);
}

function addressBytes(address: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}

/** Made key by key, here and below: an object that is put together from parts takes ten times as long. */
type Writing = { -readonly [K in keyof DhcpOptions]: DhcpOptions[K] };

function optionsOf(ask: DhcpAsk, shape: ReplyShape, boot: DhcpOptions | undefined): DhcpOptions {
  const { message } = ask;
  const { clientId, machineId, relayInfo } = message.options;
  const options: Writing = { messageType: shape.type, serverId: shape.serverId ?? serverIdOf(ask) };
  if (shape.message !== undefined) options.message = shape.message;
  if (shape.type !== 'nak' && shape.bare !== true) addNetwork(options, ask);
  if (shape.leaseSeconds !== undefined) addLeaseTimes(options, shape.leaseSeconds);
  if (boot !== undefined) Object.assign(options, boot);
  // RFC 6842 and RFC 4578 2.4: both come back as they were sent.
  if (clientId !== undefined) options.clientId = clientId;
  if (machineId !== undefined) options.machineId = machineId;
  // RFC 3046 2.2: in all of them. A switch that snoops writes it, and names itself as no relay.
  if (relayInfo !== undefined) options.relayInfo = relayInfo;
  return options;
}

/** RFC 2131 4.4.5: T1 at one half, T2 at seven eighths. */
function addLeaseTimes(options: Writing, seconds: number): void {
  options.leaseSeconds = seconds;
  options.renewSeconds = seconds >>> 1;
  options.rebindSeconds = Math.floor((seconds * 7) / 8);
}

function numbersOf(texts: readonly string[] | undefined, otherwise: readonly number[]): readonly number[] {
  if (texts === undefined || texts.length === 0) return otherwise;
  const numbers = texts.map(parseIpv4).flatMap((parsed) => (parsed.ok ? [parsed.value] : []));
  return numbers.length > 0 ? numbers : otherwise;
}

/** Mask and router always; the rest if it was asked for, or if the client did not say what it wants. */
function addNetwork(options: Writing, { net, identity, client, message }: DhcpAsk): void {
  const wanted = message.options.requestedCodes;
  const asks = (code: number) => wanted === undefined || names(wanted, code);
  const network = identity.is === 'node' ? identity.node.spec.network : undefined;
  const gateway = network?.gateway === undefined ? undefined : numbersOf([network.gateway], [])[0];
  const router = gateway !== undefined && gateway >= net.first && gateway <= net.last ? gateway : net.gateway;
  // A machine that asks elsewhere than where its `ip` is of reaches the servers of where it asks.
  const shared = network?.ofNetwork;
  const dnsServers = shared?.includes('dns') ? net.dns : numbersOf(network?.dns, net.dns);
  const ntpServers = shared?.includes('ntp') ? net.ntp : numbersOf(network?.ntp, net.ntp);
  const domain = network?.domain ?? net.spec.domain;
  // Firmware with jumbo frames on a port that has none hangs in its first large packet: only systems get the MTU.
  const mtu = client.kind === 'os' ? network?.bond?.mtu : undefined;
  options.subnetMask = net.mask;
  if (router !== undefined) options.routers = [router];
  if (dnsServers.length > 0 && asks(6)) options.dnsServers = dnsServers;
  if (ntpServers.length > 0 && asks(42)) options.ntpServers = ntpServers;
  if (identity.is === 'node' && asks(12)) options.hostName = identity.node.name;
  if (domain !== undefined && asks(15)) options.domainName = domain;
  if (domain !== undefined && wanted !== undefined && names(wanted, 119)) options.domainSearch = [domain];
  if (asks(28)) options.broadcastAddress = net.last;
  if (mtu !== undefined && asks(26)) options.mtu = mtu;
  if (net.routes.length > 0 && asks(121)) options.staticRoutes = routesOf(net, router);
}

/** RFC 3442: who reads 121 ignores 3, so the default route must be in it. */
function routesOf({ routes }: BootNet, router: number | undefined): NonNullable<DhcpOptions['staticRoutes']> {
  if (router === undefined || routes.some((route) => route.prefix === 0)) return routes;
  return [{ network: 0, prefix: 0, gateway: router }, ...routes];
}

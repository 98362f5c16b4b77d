import type { DhcpOptions, DhcpPacket, WireOption } from '../protocols/dhcp/dhcp-message.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { wireOptions } from './boot-site.ts';
import type { DhcpAsk, DhcpReply, DhcpTarget } from './dhcp-ask.ts';
import type { BootOffer } from './dhcp-boot.ts';
import { hasRelaySourcePort } from './switch-port.ts';

export interface ReplyShape {
  readonly type: 'offer' | 'ack' | 'nak';
  readonly address: number;
  /** Absent for INFORM and proxy answers: no lease is given. */
  readonly leaseSeconds?: number;
  readonly boot?: BootOffer;
  readonly message?: string;
  /** Proxy answers name no network: that is the other server's part. */
  readonly bare?: boolean;
}

const DHCP_CLIENT_PORT = 68;
const DHCP_SERVER_PORT = 67;

/**
 * RFC 2131 4.1. To the relay if there is one; to an address that the client surely has; else by broadcast, whatever its
 * flag says: unicast to a machine without an address needs ARP entries by hand, and the neighbour table ends at 1024.
 */
export function targetOf({ message, arrival }: DhcpAsk, shape: ReplyShape): DhcpTarget {
  const { giaddr, ciaddr, options } = message;
  if (giaddr !== 0) {
    const port = hasRelaySourcePort(options.relayInfo) ? arrival.port : DHCP_SERVER_PORT;
    return { kind: 'unicast', address: giaddr, port };
  }
  if (shape.type === 'ack' && ciaddr !== 0) return { kind: 'unicast', address: ciaddr, port: DHCP_CLIENT_PORT };
  return { kind: 'broadcast' };
}

export function serverIdOf({ message, net }: DhcpAsk): number {
  return (message.giaddr === 0 ? undefined : message.options.relayInfo?.serverIdOverride) ?? net.server;
}

export function renderReply(ask: DhcpAsk, shape: ReplyShape, to: DhcpTarget = targetOf(ask, shape)): DhcpReply {
  const { message, net } = ask;
  const boot = shape.boot?.is === 'file' ? shape.boot : undefined;
  const { maxMessageSize, requestedCodes } = message.options;
  const extra = shape.type === 'nak' ? [] : ownOptions(ask, boot !== undefined);
  const packet: DhcpPacket = {
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
    chaddr: message.chaddr.slice(),
    sname: boot === undefined || boot.file === '' ? '' : net.serverText,
    // A longer name does not fit its field; 67 holds it whole.
    file: boot !== undefined && boot.file.length < 128 ? boot.file : '',
    options: optionsOf(ask, shape, boot?.options ?? {}),
    ...(extra.length === 0 ? {} : { extra }),
    ...(maxMessageSize === undefined ? {} : { maxSizeBytes: maxMessageSize }),
    ...(requestedCodes === undefined ? {} : { order: requestedCodes.slice() }),
  };
  return { packet, to };
}

/** RFC 5071: what a second loader wants is known to no ROM, so no ROM asks for it. */
const UNASKED: ReadonlySet<number> = new Set([209, 210, 211]);
/** The TFTP server's address, asked for by clients that take no name in 66. */
const TFTP_SERVERS = 150;

/** What the inventory says by code: of the machine before that of its network. */
function ownOptions({ net, identity, message }: DhcpAsk, boots: boolean): readonly WireOption[] {
  const wanted = message.options.requestedCodes;
  const machine = identity.is === 'node' ? identity.node.spec.network.options : undefined;
  const asks150 = boots && wanted?.includes(TFTP_SERVERS) === true;
  if (machine === undefined && net.options.length === 0 && !asks150) return [];
  const all = new Map<number, WireOption>();
  if (asks150) all.set(TFTP_SERVERS, { code: TFTP_SERVERS, data: addressBytes(net.server) });
  for (const option of [...net.options, ...wireOptions(machine)]) all.set(option.code, option);
  const mayHave = ({ code }: WireOption) =>
    wanted === undefined || wanted.includes(code) || (boots && UNASKED.has(code));
  return [...all.values()].filter(mayHave);
}

function addressBytes(address: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(address);
  return bytes;
}

function optionsOf(ask: DhcpAsk, shape: ReplyShape, boot: DhcpOptions): DhcpOptions {
  const { message } = ask;
  const { clientId, machineId, relayInfo } = message.options;
  return {
    messageType: shape.type,
    serverId: serverIdOf(ask),
    ...(shape.message === undefined ? {} : { message: shape.message }),
    ...(shape.type === 'nak' || shape.bare === true ? {} : networkOptions(ask)),
    ...(shape.leaseSeconds === undefined ? {} : leaseTimes(shape.leaseSeconds)),
    ...boot,
    // RFC 6842 and RFC 4578 2.4: both come back as they were sent.
    ...(clientId === undefined ? {} : { clientId: clientId.slice() }),
    ...(machineId === undefined ? {} : { machineId: { ...machineId, raw: machineId.raw.slice() } }),
    ...(relayInfo === undefined || message.giaddr === 0
      ? {}
      : { relayInfo: { ...relayInfo, raw: relayInfo.raw.slice() } }),
  };
}

/** RFC 2131 4.4.5: T1 at one half, T2 at seven eighths. */
function leaseTimes(seconds: number): DhcpOptions {
  return { leaseSeconds: seconds, renewSeconds: seconds >>> 1, rebindSeconds: Math.floor((seconds * 7) / 8) };
}

const numbersOf = (texts: readonly string[]): number[] =>
  texts.flatMap((text) => {
    const parsed = parseIpv4(text);
    return parsed.ok ? [parsed.value] : [];
  });

/** Mask and router always; the rest if it was asked for, or if the client did not say what it wants. */
function networkOptions(ask: DhcpAsk): DhcpOptions {
  const { net, identity, client, message } = ask;
  const wanted = message.options.requestedCodes;
  const asks = (code: number) => wanted === undefined || wanted.includes(code);
  const network = identity.is === 'node' ? identity.node.spec.network : undefined;
  const [gateway] = network?.gateway === undefined ? [] : numbersOf([network.gateway]);
  const router = gateway !== undefined && gateway >= net.first && gateway <= net.last ? gateway : net.gateway;
  const dns = numbersOf(network?.dns ?? []);
  const ntp = numbersOf(network?.ntp ?? []);
  const domain = network?.domain ?? net.spec.domain;
  // Firmware with jumbo frames on a port that has none hangs in its first large packet: only systems get the MTU.
  const mtu = client.kind === 'os' ? network?.bond?.mtu : undefined;
  const defaults = router === undefined ? [] : [{ network: 0, prefix: 0, gateway: router }];
  const routes = net.routes.some((route) => route.prefix === 0) ? net.routes : [...defaults, ...net.routes];
  const dnsServers = dns.length > 0 ? dns : net.dns;
  const ntpServers = ntp.length > 0 ? ntp : net.ntp;
  return {
    subnetMask: net.mask,
    ...(router === undefined ? {} : { routers: [router] }),
    ...(dnsServers.length > 0 && asks(6) ? { dnsServers } : {}),
    ...(ntpServers.length > 0 && asks(42) ? { ntpServers } : {}),
    ...(identity.is === 'node' && asks(12) ? { hostName: identity.node.name } : {}),
    ...(domain !== undefined && asks(15) ? { domainName: domain } : {}),
    ...(domain !== undefined && wanted?.includes(119) ? { domainSearch: [domain] } : {}),
    ...(asks(28) ? { broadcastAddress: net.last } : {}),
    ...(mtu !== undefined && asks(26) ? { mtu } : {}),
    // RFC 3442: who reads 121 ignores 3, so the default route must be in it.
    ...(net.routes.length > 0 && asks(121) ? { staticRoutes: routes } : {}),
  };
}

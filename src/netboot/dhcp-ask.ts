import type { EventBody } from '../core/event.ts';
import { getIn } from '../core/shard-map.ts';
import { classifyDhcpClient, type DhcpClient } from '../protocols/dhcp/classify-dhcp-client.ts';
import type { DhcpMessage, DhcpPacket } from '../protocols/dhcp/dhcp-message.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import type { PoolAsk, PoolChange, PoolView } from './address-pool.ts';
import { type BootNet, type BootSite, isInNet } from './boot-site.ts';
import type { BootView } from './gate-question.ts';
import { type Claims, hasMac, type Identity, resolveIdentity } from './identity.ts';
import { switchPortOf } from './switch-port.ts';

export interface DhcpView extends BootView {
  readonly site: BootSite;
  readonly pool: PoolView;
  /** Who asks, with what is remembered of who asked before. */
  readonly identify?: typeof resolveIdentity;
}

/** Where a packet came from, as far as the socket knows. */
export interface DhcpArrival {
  /** The interface, where one socket serves one; undefined behind a socket for all. */
  readonly iface: string | undefined;
  readonly address: number;
  readonly port: number;
}

export type DhcpTarget =
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'unicast'; readonly address: number; readonly port: number };

export interface DhcpReply {
  readonly packet: DhcpPacket;
  readonly to: DhcpTarget;
}

export interface DhcpAnswer {
  /** Absent: silence, and `reason` says why. */
  readonly reply?: DhcpReply;
  readonly events: readonly EventBody[];
  readonly pool: readonly PoolChange[];
  readonly reason: string;
  /** Which machine this was, for its packet ring. */
  readonly node?: string;
  /** An address that another server gave to one of ours: later packets from it are that machine's. */
  readonly learned?: { readonly node: string; readonly address: number };
}

/** Everything that is known about one request before it is decided. */
export interface DhcpAsk {
  readonly view: DhcpView;
  readonly message: DhcpMessage;
  readonly arrival: DhcpArrival;
  readonly net: BootNet;
  readonly client: DhcpClient;
  readonly identity: Identity;
  readonly node: string | undefined;
  /** MAC, or for InfiniBand the client identifier (RFC 4390 2.1). */
  readonly key: string;
  readonly switchPort: string | undefined;
}

export const silence = (reason: string, more: Partial<DhcpAnswer> = {}): DhcpAnswer => ({
  events: [],
  pool: [],
  reason,
  ...more,
});

/** RFC 3527 and 3011: the link that the relay or client names wins over where the relay itself is. */
export function netOf(site: BootSite, message: DhcpMessage, arrival: DhcpArrival): BootNet | undefined {
  const { giaddr, ciaddr, options } = message;
  if (giaddr !== 0) {
    const link = options.relayInfo?.linkSelection ?? options.subnetSelection ?? giaddr;
    return site.nets.find((net) => isInNet(net, link)) ?? site.nets.find((net) => net.relay === link);
  }
  const wished = ciaddr === 0 ? options.requestedAddress : ciaddr;
  const here = site.nets.filter((net) => net.relay === undefined && isAt(net, arrival.iface));
  const byWish = wished === undefined ? undefined : here.find((net) => isInNet(net, wished));
  // A renewal goes past the relay, straight to us: its address names the network.
  const routed = ciaddr === 0 ? undefined : site.nets.find((net) => isInNet(net, ciaddr));
  return byWish ?? routed ?? here.find((net) => net.pool !== undefined) ?? here[0];
}

const isAt = (net: BootNet, iface: string | undefined): boolean => iface === undefined || net.spec.interface === iface;

function keyOf(message: DhcpMessage): string | undefined {
  if (message.hlen > 0) {
    const first = message.chaddr[0] ?? 1;
    return isZero(message.chaddr, message.hlen) || (message.htype === 1 && (first & 1) === 1) ? undefined : message.mac;
  }
  const id = message.options.clientId;
  return id === undefined ? undefined : `id-${Buffer.from(id).toString('hex').slice(0, 64)}`;
}

function isZero(bytes: Uint8Array, size: number): boolean {
  for (let at = 0; at < size; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** What is no request at all, or none that may be answered: with the reason, for the log. */
export function readAsk(view: DhcpView, message: DhcpMessage, arrival: DhcpArrival): DhcpAsk | string {
  if (message.op !== 'request') return 'a reply, not a request';
  if (message.hops > 16) return `passed ${message.hops} relays`;
  if (message.options.messageType === undefined) return 'BOOTP without DHCP message type; only DHCP is answered';
  const key = keyOf(message);
  if (key === undefined) return `hardware address ${message.mac} belongs to no machine`;
  if (message.giaddr !== 0 && view.site.nets.some((net) => net.server === message.giaddr && net.relay === undefined)) {
    return 'claims to be relayed by ourselves';
  }
  const net = netOf(view.site, message, arrival);
  if (net === undefined) return 'from a network that the site does not name';
  // Option 82 counts only from a relay: a client could write anything into it.
  const relayInfo = message.giaddr === 0 ? undefined : message.options.relayInfo;
  const switchPort = switchPortOf(view.fleet, relayInfo);
  const uuid = message.options.machineId?.uuid;
  const claims: { -readonly [K in keyof Claims]: Claims[K] } = { macs: message.hlen === 6 ? [message.mac] : [] };
  if (uuid !== undefined) claims.uuid = uuid;
  if (switchPort !== undefined) claims.switchPort = switchPort;
  const identity = (view.identify ?? resolveIdentity)(view.fleet, claims);
  const node = identity.is === 'stranger' ? undefined : identity.node?.name;
  return { view, message, arrival, net, client: classifyDhcpClient(message), identity, node, key, switchPort };
}

/**
 * In whose name an address is given. A UUID or a switch port is soon forged: where the inventory names MACs, only these
 * count, else the first NIC that comes.
 */
function holderOf({ identity, key, view }: DhcpAsk): string | undefined {
  const node = identity.is === 'stranger' ? undefined : identity.node;
  if (node !== undefined && hasMac(node, key)) return node.name;
  // Its system asks without the UUID by which its firmware was known.
  const learned = view.pool.heldBy(key, view.at)?.node;
  if (learned !== undefined || node === undefined) return learned;
  return node.spec.identity.macs.length > 0 || view.pool.isHeldFor(node.name, view.at) ? undefined : node.name;
}

/** The address that the inventory gives, if it is of this network and the machine is who it says. */
export function poolAskOf(ask: DhcpAsk): PoolAsk {
  const { identity, net, key, message, view } = ask;
  const node = holderOf(ask);
  const text = identity.is === 'node' && identity.node.name === node ? identity.node.spec.network.ip : undefined;
  const parsed = text === undefined ? undefined : parseIpv4(text);
  const fixed = parsed?.ok === true && isInNet(net, parsed.value) ? parsed.value : undefined;
  const wish = message.ciaddr === 0 ? message.options.requestedAddress : message.ciaddr;
  return { net, key, node, fixed, wish, at: view.at };
}

/** A stranger's lease from a time when discovery was on. */
export function hasLease(ask: DhcpAsk): boolean {
  return (
    getIn(ask.view.fleet.leases, ask.key) !== undefined || ask.view.pool.heldBy(ask.key, ask.view.at)?.leased === true
  );
}

export function isDiscovering(ask: DhcpAsk): boolean {
  const { switches } = ask.view.fleet;
  return switches.panic === undefined && switches.discoveryUntil !== undefined && switches.discoveryUntil > ask.view.at;
}

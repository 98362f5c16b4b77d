import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { type BootNet, type BootSite, isInNet } from './boot-site.ts';
import type { DhcpArrival, DhcpAsk } from './dhcp-ask.ts';
import { poolAskOf } from './pool-ask-of.ts';
import type { PoolAsk } from './pool-state.ts';

/**
 * The networks of the link that a request came by: more than one, where a second subnet helps a first one out. RFC 3527
 * and 3011: the link that the relay or client names wins over where the relay itself is. A network whose address of ours
 * is on another interface than the site says has no link of its own for as long: who is answered may be on another wire.
 */
export function netsOf(site: BootSite, message: DhcpMessage, arrival: DhcpArrival): readonly BootNet[] {
  const { giaddr, ciaddr, options } = message;
  if (giaddr !== 0) {
    const link = options.relayInfo?.linkSelection ?? options.subnetSelection ?? giaddr;
    const net = site.nets.find((one) => isInNet(one, link)) ?? site.nets.find((one) => one.relay === link);
    if (net?.relay === undefined) return net === undefined ? [] : [net];
    return site.nets.filter((one) => one.relay === net.relay);
  }
  // A renewal goes past the relay, straight to us, from the address that it renews: that names the network.
  const routed =
    ciaddr !== 0 && arrival.address === ciaddr && options.messageType !== 'discover'
      ? site.nets.find((net) => net.relay !== undefined && isInNet(net, ciaddr))
      : undefined;
  if (routed !== undefined) return [routed];
  return site.nets.filter((net) => isOnWire(net, arrival) && arrival.away?.has(net.server) !== true);
}

/** Several subnets of a wire have the same switches. */
export const isSnooped = (nets: readonly BootNet[]): boolean => nets.some(({ spec }) => spec.snooping === true);

const isOnWire = ({ relay, spec }: BootNet, { iface }: DhcpArrival): boolean =>
  relay === undefined && (iface === undefined || spec.interface === iface);

/**
 * Is what it has, or asks for, of a network of this wire whose address of ours is not there now? Another network of the
 * wire would refuse it that, or give it an address that is not its own, for what may be back in a moment.
 */
export function isOfAway(ask: DhcpAsk): boolean {
  const { message, arrival, link, view } = ask;
  const { away } = arrival;
  if (away === undefined || away.size === 0 || message.giaddr !== 0) return false;
  const gone = view.site.nets.filter((net) => isOnWire(net, arrival) && away.has(net.server));
  const { messageType, requestedAddress } = message.options;
  if (messageType !== 'discover') {
    const named = message.ciaddr === 0 ? (requestedAddress ?? arrival.address) : message.ciaddr;
    return gone.some((net) => isInNet(net, named));
  }
  const gives = bestFirst(ask, [...link, ...gone]).find((one) => view.pool.choose(one) !== undefined);
  if (gives === undefined || !gone.includes(gives.net)) return false;
  return gives.fixed !== undefined || view.pool.heldIn(gives.net, ask.key, view.at) !== undefined;
}

/** Of several on one link: the one that it names; for who begins, the one that has an address for it. */
export function chooseNet(ask: DhcpAsk, nets: readonly BootNet[]): BootNet {
  const { messageType, requestedAddress } = ask.message.options;
  if (messageType === 'discover') {
    const gives = bestFirst(ask, nets).find((one) => ask.view.pool.choose(one) !== undefined);
    if (gives !== undefined) return gives.net;
  }
  const named = ask.message.ciaddr === 0 ? requestedAddress : ask.message.ciaddr;
  const byName = named === undefined ? undefined : nets.find((net) => isInNet(net, named));
  return byName ?? nets.find((net) => net.pool !== undefined) ?? ask.net;
}

/** The network of its address in the inventory, then of the one that it has, then of the one that it wishes. */
function bestFirst(ask: DhcpAsk, nets: readonly BootNet[]) {
  const { key, message, view } = ask;
  const wish = message.options.requestedAddress;
  const rank = ({ net, fixed }: { readonly net: BootNet; readonly fixed: number | undefined }): number => {
    if (fixed !== undefined) return 0;
    const wished = wish !== undefined && isInNet(net, wish) ? 0 : 1;
    // Where it has one in several, its wish decides between them.
    return (view.pool.heldIn(net, key, view.at) === undefined ? 3 : 1) + wished;
  };
  return asksOf(ask, nets).sort((a, b) => rank(a) - rank(b));
}

const asksOf = (ask: DhcpAsk, nets: readonly BootNet[]): PoolAsk[] =>
  nets.filter((net) => net.spec.dhcp === 'authoritative').map((net) => poolAskOf({ ...ask, net }));

/** The inventory's address for it, if it can have that now: of this network, or of another one of the same link. */
export function ownAddress(ask: DhcpAsk, here: PoolAsk): number | undefined {
  const own = here.fixed === undefined ? elsewhereOnLink(ask) : here;
  return own?.fixed !== undefined && ask.view.pool.mayHave(own, own.fixed).ok ? own.fixed : undefined;
}

function elsewhereOnLink(ask: DhcpAsk): PoolAsk | undefined {
  const { identity, view, message, arrival } = ask;
  if (identity.is !== 'node' || identity.node.spec.network.ip === undefined) return undefined;
  const nets = netsOf(view.site, message, arrival);
  return nets.length === 1 ? undefined : asksOf(ask, nets).find(({ fixed }) => fixed !== undefined);
}

import { hasMac } from '../core/own-nic.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { isInNet } from './boot-site.ts';
import { type DhcpAsk, isDiscovering } from './dhcp-ask.ts';
import type { PoolAsk } from './pool-state.ts';

/**
 * In whose name an address is given. A UUID or a switch port is soon forged: where the inventory names MACs, only these
 * count, else the first NIC that comes.
 */
function holderOf({ identity, key, view }: DhcpAsk): string | undefined {
  const node = identity.is === 'stranger' ? undefined : identity.node;
  if (node !== undefined && hasMac(node, key)) return node.name;
  // Its system asks without the UUID by which its firmware was known.
  const learned = view.pool.nodeOf(key, view.at);
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
  const renews = message.ciaddr !== 0 && message.options.messageType === 'request';
  return { net, key, node, fixed, wish, at: view.at, renews, isDiscovering: isDiscovering(ask) };
}

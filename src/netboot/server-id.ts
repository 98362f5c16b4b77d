import type { DhcpAsk } from './dhcp-ask.ts';

/** Under which id we offer: a relay may put itself in our place (RFC 5107). */
export function serverIdOf({ message, net }: DhcpAsk): number {
  return overrideOf(message) ?? net.server;
}

/** Where it is none of our addresses, what was offered under it is remembered by it. */
export function foreignIdOf(ask: DhcpAsk): number | undefined {
  const id = overrideOf(ask.message);
  return id === ask.net.server ? undefined : id;
}

const overrideOf = ({ giaddr, options }: DhcpAsk['message']): number | undefined =>
  giaddr === 0 ? undefined : options.relayInfo?.serverIdOverride;

/**
 * Is it one of ours that it names? Of two relays each puts itself in our place, and both bring the one packet in which the
 * client names one of them; or a packet comes past them. A relay that does not do that is a server of its own where it is named.
 */
export function isOwnId(ask: DhcpAsk, id: number): boolean {
  if (id === serverIdOf(ask)) return true;
  const { message, view } = ask;
  if (view.pool.wasNamed(ask.key, id)) return true;
  if (overrideOf(message) === undefined) return false;
  return id === message.giaddr || view.site.nets.some(({ relay }) => relay === id);
}

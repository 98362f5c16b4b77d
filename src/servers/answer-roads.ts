import { senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import type { DhcpPort } from './dhcp-sockets.ts';
import type { ReplySocket } from './reply-queue.ts';
import type { ReplyRoads } from './reply-roads.ts';

type Roads = ReplyRoads<ReplySocket>;

/**
 * By which sockets each address of ours answers what was heard at none of them. A machine that is answered from another one
 * than it asks next time drops that as forged (rp_filter), and so does a firewall between.
 */
export interface AnswerRoads {
  /** Until its sockets are closed. */
  readonly add: (port: DhcpPort, roads: Roads) => void;
  /**
   * For what the socket of this port hears that has no address. Two interfaces may have the same one, and where they cannot
   * be told apart, each answers out of itself: one of them is that of who asks. `isHere`: by none of another interface.
   */
  readonly near: (port: DhcpPort) => (address: number, isHere?: boolean) => Roads | undefined;
}

export function createAnswerRoads(): AnswerRoads {
  const all = new Map<string | undefined, Map<number, Roads>>();
  const of = (iface: string | undefined): Map<number, Roads> => {
    const known = all.get(iface) ?? new Map<number, Roads>();
    all.set(iface, known);
    return known;
  };
  /** Of a relay's network, asked by broadcast or at an address that we serve nowhere. */
  const anywhere = (address: number): Roads | undefined => {
    for (const roads of all.values()) {
      const found = roads.get(address);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    add: (port, roads) => {
      const address = senderAddress(port.address);
      const known = of(port.serves);
      known.set(address, roads);
      port.roads.broadcast.once('close', () => {
        if (known.get(address) === roads) known.delete(address);
      });
    },
    near: ({ iface, serves, address: own }) => {
      const known = of(serves);
      if (iface !== undefined)
        return (address, isHere) => known.get(address) ?? (isHere === true ? undefined : anywhere(address));
      const first = senderAddress(own);
      return (address) => known.get(address) ?? known.get(first);
    },
  };
}

import type { Socket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import { type BootSite, isInNet } from '../netboot/boot-site.ts';
import type { DhcpTarget } from '../netboot/dhcp-ask.ts';
import { explainListen } from './listen-problem.ts';
import type { ServerProblem } from './server-parts.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/**
 * The ways by which replies leave, each with a socket of its own. The kernel holds what goes to an address without an
 * answer to ARP for three seconds, at the expense of the socket: some 160 replies to machines that left fill its buffer,
 * and whatever is sent by the same socket waits behind them (300 INFORMs silenced a whole interface).
 */
export interface ReplyRoads<S = Socket> {
  readonly broadcast: S;
  /** Relays and machines behind them: a router takes the packets, and answers for itself. */
  readonly routed: S;
  /** Addresses of our own segments, where nobody may be. */
  readonly neighbour: S;
}

export type Road = keyof ReplyRoads;
export const ROADS: readonly Road[] = ['broadcast', 'routed', 'neighbour'];

/**
 * Replies that may wait for the kernel. A storm of thousands is served however slow the wire is; who has an address already
 * asks again, and finds the road free once those before it are given up.
 */
export const MAY_WAIT: Readonly<Record<Road, number>> = { broadcast: 4096, routed: 4096, neighbour: 64 };

export function roadTo(site: BootSite, to: DhcpTarget): Road {
  if (to.kind === 'broadcast') return 'broadcast';
  return site.nets.some((net) => net.relay === undefined && isInNet(net, to.address)) ? 'neighbour' : 'routed';
}

/** `port` 0: the kernel chooses, and all of them share what it chose. */
export async function openReplyRoads(
  what: string,
  address: string,
  port: number,
): Promise<Result<ReplyRoads, ServerProblem>> {
  const roads = {
    broadcast: createUdp('udp4', true),
    routed: createUdp('udp4', true),
    neighbour: createUdp('udp4', true),
  };
  try {
    await bindUdp(roads.broadcast, port, address);
    const shared = roads.broadcast.address().port;
    await bindUdp(roads.routed, shared, address);
    await bindUdp(roads.neighbour, shared, address);
  } catch (error) {
    await Promise.all(socketsOf(roads).map(closeUdp));
    return fail(explainListen(error, what, 'udp', { address, port }));
  }
  roads.broadcast.setBroadcast(true);
  return ok(roads);
}

export const socketsOf = <S>(roads: ReplyRoads<S>): readonly S[] => ROADS.map((road) => roads[road]);

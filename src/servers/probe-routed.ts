import type { Socket } from 'node:dgram';
import type { TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { strangerLimit } from '../netboot/pool-state.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { closeUdp, createUdp } from './udp-socket.ts';

/** Addresses looked at in one turn: a socket each, 1 ms in all. */
const AHEAD = 32;
/** Of these, those that were somebody's: they take turns. */
const USED = 8;
/** The discard port (RFC 863): a host that serves nothing there says so. */
const DISCARD = 9;
/** Where more than one in so many answers, it is not hosts that do. */
const BELIEVED_SHARE = 4;
/** No host of a network: 127/8 is this machine's, and answers for all of it. */
const LOOPBACK = 127;

/** One question to each address, and who has refused it so far. */
export interface Sweep {
  readonly refused: ReadonlySet<number>;
  readonly end: () => void;
}

export interface RoutedProbeParts {
  readonly site: () => BootSite;
  readonly pool: AddressPool;
  readonly sweep?: (addresses: readonly number[]) => Sweep;
  readonly onForeign: (address: string) => void;
  /** All of a network seems to answer: nothing can be learned there. Told once. */
  readonly onUseless: (net: BootNet) => void;
}

export interface RoutedProbe {
  readonly round: (at: TimeMs) => void;
  readonly stop: () => void;
}

interface Turn {
  readonly net: BootNet;
  readonly asked: readonly number[];
  readonly first: Sweep;
  second?: Sweep;
}

/**
 * Is an address of a pool behind a relay in use by somebody whom we do not know? ARP does not get there; but a host to which
 * a datagram comes for a port that nobody has refuses it (RFC 1122 4.1.3.1), and the kernel tells that to a socket which is
 * connected there. Who drops such datagrams is not found, as with a ping.
 *
 * A firewall on the way may refuse for every address, and does so for some datagrams of a burst only (icmp_ratelimit; seen
 * with nftables on Linux: for 6 of the first 32, then for 1 to 3). So the addresses are asked twice, forth and back: a host
 * refuses both times, a firewall those that came first. Where many answer nothing is believed, and a network never loses
 * more than strangers may hold.
 */
export function createRoutedProbe(parts: RoutedProbeParts): RoutedProbe {
  const { pool, onForeign, onUseless, sweep = sweepByUdp } = parts;
  const useless = new Set<string>();
  let turn: Turn | undefined;
  let next = 0;

  const turnOf = (net: BootNet, at: TimeMs): readonly number[] => {
    const upcoming = pool.upcoming(net, AHEAD, at);
    const used = upcoming.filter((address) => pool.slotAt(address) !== undefined);
    const from = used.length <= USED ? 0 : (next * USED) % used.length;
    const some = [...used.slice(from), ...used.slice(0, from)].slice(0, USED);
    return [...upcoming.slice(0, upcoming.length - used.length).slice(0, AHEAD - some.length), ...some];
  };

  const begin = (at: TimeMs): void => {
    const { nets } = parts.site();
    const probed = nets.filter(isProbed);
    const net = probed[next % Math.max(1, probed.length)];
    next += 1;
    if (net === undefined) return;
    const asked = turnOf(net, at);
    if (asked.length > 0) turn = { net, asked, first: sweep(asked) };
  };

  const judge = ({ net, asked, first }: Turn, second: Sweep, at: TimeMs): void => {
    const { subnet } = net.spec;
    const once = asked.filter((address) => first.refused.has(address) || second.refused.has(address));
    if (once.length > asked.length / BELIEVED_SHARE) {
      if (!useless.has(subnet)) onUseless(net);
      useless.add(subnet);
      return;
    }
    const there = once.filter((address) => first.refused.has(address) && second.refused.has(address));
    if (there.length === 0) return;
    const before = pool.uses(parts.site(), at).find((use) => use.subnet === subnet)?.addresses.foreign ?? 0;
    for (const address of there.slice(0, Math.max(0, strangerLimit(net) - before)))
      if (pool.markSeen({ net, address, mac: undefined, at })) onForeign(renderIpv4(address));
  };

  const end = (): void => {
    turn?.first.end();
    turn?.second?.end();
    turn = undefined;
  };

  return {
    round: (at) => {
      if (turn === undefined) return begin(at);
      if (turn.second === undefined) {
        turn.second = sweep([...turn.asked].reverse());
        return;
      }
      judge(turn, turn.second, at);
      end();
    },
    stop: end,
  };
}

const isProbed = ({ spec, relay, first }: BootNet): boolean =>
  spec.dhcp === 'authoritative' && relay !== undefined && first >>> 24 !== LOOPBACK;

function sweepByUdp(addresses: readonly number[]): Sweep {
  const refused = new Set<number>();
  const sockets = addresses.map((address) => ask(address, () => refused.add(address)));
  return { refused, end: () => void Promise.all(sockets.map(closeUdp)) };
}

function ask(address: number, onRefused: () => void): Socket {
  const socket = createUdp('udp4');
  let isOpen = true;
  socket.once('close', () => {
    isOpen = false;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') onRefused();
  });
  // Where there is no way to it nothing is learned.
  socket.connect(DISCARD, renderIpv4(address), (error?: Error) => {
    if (error === undefined && isOpen) socket.send(Buffer.alloc(1), () => undefined);
  });
  return socket;
}

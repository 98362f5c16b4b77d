import type { Socket } from 'node:dgram';
import type { Fleet } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { getIn, valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import { type BootNet, type BootSite, isInNet } from '../netboot/boot-site.ts';
import { hasMac } from '../netboot/identity.ts';
import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';
import type { Neighbours } from './read-arp.ts';

/** Addresses looked at ahead of time, per network and round: a rack of machines that start together. */
const AHEAD = 64;
/** The discard port (RFC 863): what answers, answers to ARP, and that is all that is wanted. */
const DISCARD = 9;

export interface AddressProbe {
  /** One round: takes what the last one brought, and asks for the next addresses. */
  readonly round: (at: TimeMs, neighbours: Neighbours) => void;
}

export interface AddressProbeParts {
  readonly fleet: () => Fleet;
  readonly site: () => BootSite;
  readonly pool: AddressPool;
  /** The socket that sends to addresses of the network where nobody may be. */
  readonly socketOf: (net: BootNet) => Socket | undefined;
  readonly onForeign: (address: string, mac: string) => void;
}

/**
 * Is an address of the pool in use by somebody whom we do not know? Other servers ping before they offer, and every machine
 * waits a second for it (18 s for 40 machines with dnsmasq). Here the next addresses are asked for in the background: one
 * datagram each makes the kernel ask by ARP, and who answers stands in its table a second later.
 */
export function createAddressProbe(parts: AddressProbeParts): AddressProbe {
  const { pool, socketOf } = parts;
  const asked = new Map<number, TimeMs>();
  return {
    round: (at, neighbours) => {
      const nets = parts.site().nets.filter(isProbed);
      if (nets.length === 0) return;
      const awaited = addressesAwaited(parts.fleet());
      for (const [text, mac] of neighbours) {
        const address = parseIpv4(text);
        if (!address.ok || !nets.some((net) => isInNet(net, address.value))) continue;
        if (isRightful(parts.fleet(), awaited.get(address.value), text, mac)) continue;
        // A machine that just gave its address back may stand there for a while.
        if (pool.heldBy(mac, at)?.address === address.value) continue;
        if (pool.markForeign(address.value, mac, at)) parts.onForeign(text, mac);
      }
      for (const [address, time] of asked) if (at - time > 60_000) asked.delete(address);
      for (const net of nets) {
        const socket = socketOf(net);
        if (socket === undefined) continue;
        pool.looked(net, new Set(asked.keys()));
        const own = [...awaited.keys()].filter((address) => isInNet(net, address));
        const next = [...own, ...pool.upcoming(net, AHEAD, at)].filter((address) => !asked.has(address));
        for (const address of next.slice(0, AHEAD)) {
          // The rest in the next round: replies go by this socket too.
          if (socket.getSendQueueCount() > 0) break;
          asked.set(address, at);
          socket.send(Buffer.alloc(1), DISCARD, renderIpv4(address), () => undefined);
        }
      }
    },
  };
}

/** What the inventory gives to machines that are about to ask for it, and of which a MAC is known to tell them by. */
function addressesAwaited(fleet: Fleet): ReadonlyMap<number, NodeState> {
  const awaited = new Map<number, NodeState>();
  for (const node of valuesOf(fleet.nodes)) {
    const { identity, network } = node.spec;
    if (node.job === undefined || network.ip === undefined || identity.macs.length === 0) continue;
    const address = parseIpv4(network.ip);
    if (address.ok) awaited.set(address.value, node);
  }
  return awaited;
}

/** An address of the inventory is its machine's; who else may be there is asked only of those that are awaited. */
function isRightful({ index }: Fleet, awaited: NodeState | undefined, address: string, mac: string): boolean {
  if (awaited !== undefined) return hasMac(awaited, mac);
  return getIn(index.addresses, address) !== undefined;
}

const isProbed = (net: BootNet): boolean => net.spec.dhcp === 'authoritative' && net.relay === undefined;

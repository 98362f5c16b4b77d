import type { Socket } from 'node:dgram';
import type { TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import { type BootNet, type BootSite, isInNet } from '../netboot/boot-site.ts';
import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';

/** Addresses looked at ahead of time, per network: a rack of machines that start together. */
const AHEAD = 64;
/** The discard port (RFC 863): what answers, answers to ARP, and that is all that is wanted. */
const DISCARD = 9;

export interface AddressProbe {
  /** One round: reads what the last one brought, and asks for the next addresses. */
  readonly round: (at: TimeMs) => void;
}

export interface AddressProbeParts {
  readonly site: () => BootSite;
  readonly pool: AddressPool;
  /** The socket that sends on the network's own interface. */
  readonly socketOf: (net: BootNet) => Socket | undefined;
  /** Address to MAC, as the kernel has it. */
  readonly neighbours: () => ReadonlyMap<string, string>;
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
    round: (at) => {
      const nets = parts.site().nets.filter(isProbed);
      if (nets.length === 0) return;
      for (const [text, mac] of parts.neighbours()) {
        const address = parseIpv4(text);
        if (!address.ok || !nets.some((net) => isInNet(net, address.value))) continue;
        // A machine that just gave its address back may stand there for a while.
        if (pool.heldBy(mac, at)?.address === address.value) continue;
        if (pool.markForeign(address.value, mac, at)) parts.onForeign(text, mac);
      }
      for (const [address, time] of asked) if (at - time > 60_000) asked.delete(address);
      for (const net of nets) {
        const socket = socketOf(net);
        if (socket === undefined) continue;
        for (const address of pool.upcoming(net, AHEAD, at)) {
          if (asked.has(address)) continue;
          asked.set(address, at);
          socket.send(Buffer.alloc(1), DISCARD, renderIpv4(address), () => undefined);
        }
      }
    },
  };
}

const isProbed = (net: BootNet): boolean =>
  net.spec.dhcp === 'authoritative' && net.relay === undefined && net.pool !== undefined;

import type { Socket } from 'node:dgram';
import type { Fleet } from '../core/fleet.ts';
import { nodeOf } from '../core/fleet.ts';
import type { NodeState } from '../core/node.ts';
import { hasMac } from '../core/own-nic.ts';
import { getIn, valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import { createAddressQuestions } from './address-questions.ts';
import { createGoneHosts } from './gone-hosts.ts';
import { createHeardAddresses, type Heard, type HeardAddressesParts, heardOf } from './heard-addresses.ts';
import type { Neighbours } from './read-arp.ts';

export interface AddressProbe {
  /** One round: takes what the last one brought, and asks for the next addresses. False: for none. */
  readonly round: (at: TimeMs, neighbours: Neighbours) => boolean;
}

export interface AddressProbeParts extends HeardAddressesParts {
  readonly site: () => BootSite;
  /** The socket that sends to addresses of the network where nobody may be. */
  readonly socketOf: (net: BootNet) => Socket | undefined;
}

/**
 * Is an address of the pool in use by somebody whom we do not know? Other servers ping before they offer, and every machine
 * waits a second for it (18 s for 40 machines with dnsmasq). Here the next addresses are asked for in the background: one
 * datagram each makes the kernel ask by ARP, and who answers stands in its table a second later.
 */
export function createAddressProbe(parts: AddressProbeParts): AddressProbe {
  const { pool } = parts;
  const questions = createAddressQuestions(parts);
  const answers = createHeardAddresses(parts, questions);
  const gone = createGoneHosts();

  /**
   * In every round, so that a machine gets its own address as soon as it can: who stood there may be its own old system, by
   * a NIC of which nobody knew. The kernel believes in who answered for up to 45 s.
   */
  const askTaken = (nets: readonly BootNet[], heard: readonly Heard[], at: TimeMs): void => {
    const taken = nets.flatMap((net) => pool.takenFromOwners(net, at).map((address) => ({ net, address })));
    gone.keep(new Set(taken.map(({ address }) => address)));
    for (const { net, address } of taken) {
      const isThere = heard.some((one) => one.address === address && !answers.isRouter(one) && !isOwners(one));
      if (!questions.ask(net, address, at)) return;
      const slot = pool.slotAt(address);
      if (slot === undefined || !gone.isGone(address, isThere, slot.state === 'foreign')) continue;
      pool.apply({ do: 'free', address, key: slot.key });
      answers.free(address);
      // Who is there all the same is to be found before it is given.
      questions.forget(address);
    }
  };

  const isOwners = ({ text, mac }: Heard): boolean => {
    const fleet = parts.fleet();
    return (getIn(fleet.index.addresses, text) ?? []).some((name) => {
      const node = nodeOf(fleet, name);
      return node !== undefined && hasMac(node, mac);
    });
  };

  return {
    round: (at, neighbours) => {
      const nets = parts.site().nets.filter(isProbed);
      if (nets.length === 0) return false;
      const awaited = addressesAwaited(parts.fleet());
      const all = heardOf(nets, neighbours, awaited);
      answers.round(nets, all, at);
      askTaken(nets, all, at);
      questions.askDoubted(at);
      questions.askNext(nets, [...awaited.keys()], at);
      return questions.asked().length > 0;
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

const isProbed = (net: BootNet): boolean => net.spec.dhcp === 'authoritative' && net.relay === undefined;

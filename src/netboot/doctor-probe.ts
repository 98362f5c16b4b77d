import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import type { BootSite } from './boot-site.ts';
import { type DhcpAnswer, type DhcpArrival, silence } from './dhcp-ask.ts';

/** How `doctor` names itself, so that whoever reads the log of a server, ours included, knows what asked. */
export const DOCTOR_NAME = 'crashcart-doctor';

/**
 * What `doctor` asks on this very host: the name alone could be anybody's, but a packet from outside that claims one of our
 * own addresses as its sender is dropped by the kernel. It asks for no address that it has, and by no relay. Where a host
 * lets such packets in all the same (`accept_local`), they gain nothing: a REQUEST is told of whoever sends it.
 */
export function isDoctorProbe(site: BootSite, { options, giaddr, ciaddr }: DhcpMessage, from: DhcpArrival): boolean {
  if (options.hostName !== DOCTOR_NAME || options.messageType !== 'discover' || giaddr !== 0 || ciaddr !== 0)
    return false;
  return site.nets.some((net) => net.server === from.address && net.relay === undefined);
}

/** Answered as a machine would be, so that it sees what machines see; and no machine: nothing is noted or kept for it. */
export const unnoted = ({ reply, reason }: DhcpAnswer): DhcpAnswer =>
  reply === undefined ? silence('probe', reason) : { reply, events: [], pool: [], reason };

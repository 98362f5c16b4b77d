import type { Fleet } from '../core/fleet.ts';
import { getIn } from '../core/shard-map.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import type { BootSite } from './boot-site.ts';
import type { DhcpArrival } from './dhcp-ask.ts';
import { isSnooped, netsOf } from './nets-of-ask.ts';
import { switchPortOf } from './switch-port.ts';

export interface UnbelievedPort {
  readonly port: string;
  /** A machine of the inventory is on record there. */
  readonly isKnown: boolean;
}

/** The switch port that a packet of our own wire names, where the site does not say that switches write it there. */
export function unbelievedPort(
  site: BootSite,
  fleet: Fleet,
  message: DhcpMessage,
  arrival: DhcpArrival,
): UnbelievedPort | undefined {
  const nets = netsOf(site, message, arrival);
  if (message.giaddr !== 0 || nets.length === 0 || isSnooped(nets)) return undefined;
  const port = switchPortOf(fleet, message.options.relayInfo);
  return port === undefined ? undefined : { port, isKnown: getIn(fleet.index.switchPorts, port) !== undefined };
}

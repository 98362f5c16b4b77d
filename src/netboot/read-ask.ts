import { classifyDhcpClient } from '../protocols/dhcp/classify-dhcp-client.ts';
import type { DhcpMessage, RelayInfo } from '../protocols/dhcp/dhcp-message.ts';
import { isOnItsPortAlone, unlessAnother } from './another-machine.ts';
import type { BootNet } from './boot-site.ts';
import { type DhcpAnswer, type DhcpArrival, type DhcpAsk, type DhcpView, silence } from './dhcp-ask.ts';
import { type Claims, resolveIdentity } from './identity.ts';
import { chooseNet, isOfAway, isSnooped, netsOf } from './nets-of-ask.ts';
import { switchPortOf } from './switch-port.ts';

function keyOf(message: DhcpMessage): string | undefined {
  if (message.hlen > 0) {
    const first = message.chaddr[0] ?? 1;
    return isZero(message.chaddr, message.hlen) || (message.htype === 1 && (first & 1) === 1) ? undefined : message.mac;
  }
  const id = message.options.clientId;
  return id === undefined ? undefined : `id-${Buffer.from(id).toString('hex').slice(0, 64)}`;
}

function isZero(bytes: Uint8Array, size: number): boolean {
  for (let at = 0; at < size; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** Option 82 counts from a relay, and where the site says that switches write it: a client could write anything into it. */
function believedOf({ giaddr, options: { relayInfo } }: DhcpMessage, nets: readonly BootNet[]): RelayInfo | undefined {
  return relayInfo === undefined || giaddr !== 0 || isSnooped(nets) ? relayInfo : undefined;
}

/** What is no request at all, or none that may be answered, is silence. */
export function readAsk(view: DhcpView, message: DhcpMessage, arrival: DhcpArrival): DhcpAsk | DhcpAnswer {
  if (message.op !== 'request') return silence('malformed', 'a reply, not a request');
  if (message.hops > 16) return silence('malformed', `passed ${message.hops} relays`);
  if (message.options.messageType === undefined)
    return silence('malformed', 'BOOTP without DHCP message type; only DHCP is answered');
  const key = keyOf(message);
  if (key === undefined) return silence('malformed', `hardware address ${message.mac} belongs to no machine`);
  if (message.giaddr !== 0 && view.site.nets.some((net) => net.server === message.giaddr && net.relay === undefined)) {
    return silence('malformed', 'claims to be relayed by ourselves');
  }
  const nets = netsOf(view.site, message, arrival);
  const [net] = nets;
  if (net === undefined) return silence('network', 'from a network that the site does not name');
  const switchPort = switchPortOf(view.fleet, believedOf(message, nets));
  const uuid = message.options.machineId?.uuid;
  const claims: { -readonly [K in keyof Claims]: Claims[K] } = { macs: message.hlen === 6 ? [message.mac] : [] };
  if (uuid !== undefined) claims.uuid = uuid;
  if (switchPort !== undefined) claims.switchPort = switchPort;
  const client = classifyDhcpClient(message);
  const found = (view.identify ?? resolveIdentity)(view.fleet, claims);
  // A system brings up all its NICs, also those that nobody recorded.
  const isSystem = client.kind === 'os';
  const identity = isSystem ? found : unlessAnother(view.fleet, found, { macs: claims.macs, at: view.at });
  const apart = isSystem && isOnItsPortAlone(identity, message.mac);
  const node = identity.is === 'stranger' || apart ? undefined : identity.node?.name;
  const ask: DhcpAsk = {
    view,
    message,
    arrival,
    net,
    link: nets,
    client,
    identity,
    node,
    key,
    switchPort,
  };
  if (isOfAway(ask)) return silence('network', 'of a network whose address of ours is not on its interface now');
  return nets.length === 1 ? ask : { ...ask, net: chooseNet(ask, nets) };
}

import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { explainAbsent, isInterfaceThere } from './explain-absent.ts';
import { type Interfaces, interfacesHere } from './interfaces-here.ts';
import { isAddressAbsent } from './listen-problem.ts';
import { type ListenAddress, servedNets } from './server-parts.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/**
 * Addresses of the site that this machine does not have, as sentences with what to do: no longer, where we listen at them,
 * and not yet, where we do not. Empty: all is well. Undefined: nobody can tell now.
 */
export async function findLostAddresses(
  site: BootSite,
  listens: readonly ListenAddress[],
): Promise<readonly string[] | undefined> {
  const isHeard = (net: BootNet) => listens.some(({ address }) => address === net.serverText);
  const isHalf = ({ spec }: BootNet) =>
    site.nets.some((one) => one.spec.interface === spec.interface && spec.dhcp !== 'off' && isHeard(one));
  const all = interfacesHere();
  if (all === undefined) return undefined;
  // Fifty relays may know us by one address.
  const asked = new Map<string, Promise<boolean>>();
  const isOurs = (address: string): Promise<boolean> => {
    const answer = asked.get(address) ?? isBindable(address);
    asked.set(address, answer);
    return answer;
  };
  const found = await Promise.all(
    servedNets(site).map((net) =>
      isHeard(net) ? explainLoss(net, all, isOurs) : explainNotYet(net, all, isOurs, isHalf(net)),
    ),
  );
  // One that has come by now is among the networks before long.
  const hasCome = (iface = '') => all[iface]?.some((one) => one.family === 'IPv4') === true;
  const waiting = (site.waiting ?? [])
    .filter((net) => !hasCome(net.interface))
    .map((net) => explainAbsent(net, undefined));
  return [...new Set([...found.filter((one) => one !== undefined), ...waiting])];
}

async function explainNotYet(
  { spec, serverText }: BootNet,
  all: Interfaces,
  isOurs: (address: string) => Promise<boolean>,
  isHalf: boolean,
): Promise<string | undefined> {
  const { interface: iface } = spec;
  const isThere =
    (iface === undefined || isInterfaceThere(iface)) &&
    (Object.values(all).some((list) => list?.some((one) => one.address === serverText)) || (await isOurs(serverText)));
  return isThere ? undefined : explainAbsent(spec, serverText, isHalf);
}

async function explainLoss(
  net: BootNet,
  all: Interfaces,
  isOurs: (address: string) => Promise<boolean>,
): Promise<string | undefined> {
  const address = net.serverText;
  const [place] = Object.keys(all).filter((name) => all[name]?.some((one) => one.address === address));
  const { interface: iface, subnet } = net.spec;
  if (iface === undefined) {
    if (place !== undefined || (await isOurs(address))) return undefined;
    return `${address} is no address of this machine any more, machines behind the relay ${net.spec.relay ?? '?'} are not answered: give it back to its interface, or correct address: in _site.yaml`;
  }
  if (place === iface) return undefined;
  const lost = `${iface} has no longer the address ${address}, machines of ${subnet} are not answered`;
  if (place !== undefined)
    return `${lost}: it is on ${place}; write interface: ${place} in _site.yaml, or move it back`;
  // An interface without a cable is not listed, and keeps its addresses.
  if (await isOurs(address)) return undefined;
  const [other] = (all[iface] ?? []).filter((one) => one.family === 'IPv4');
  const correct = other === undefined ? '' : `, or write address: ${other.address} in _site.yaml, which it has now`;
  return `${lost}: ip addr add ${address}/${subnet.split('/')[1] ?? '24'} dev ${iface}${correct}`;
}

/** Those that this machine has now: at the others nothing can be opened yet. */
export async function addressesThere(addresses: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(addresses.map(isBindable));
  return addresses.filter((_, index) => there[index] === true);
}

/** False: it is not there. Any other trouble is for who opens what he needs, and says what it is. */
async function isBindable(address: string): Promise<boolean> {
  const socket = createUdp('udp4');
  const bound = await bindUdp(socket, 0, address).then(
    () => true,
    (error) => !isAddressAbsent(error),
  );
  await closeUdp(socket);
  return bound;
}

import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { explainAbsent, isInterfaceThere } from './explain-absent.ts';
import { type Interfaces, interfacesHere } from './interfaces-here.ts';
import { linkStateOf } from './link-state.ts';
import { isAddressAbsent } from './listen-problem.ts';
import { type ListenAddress, servedNets } from './server-parts.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/** A network of the site whose machines get nothing from here, by what is wrong with this host. */
export interface CutOff {
  readonly subnet: string;
  /** What is wrong, as few words. */
  readonly why: string;
  /** As a sentence, with what follows and what to do. */
  readonly text: string;
}

/**
 * Addresses of the site that this machine does not have, as sentences with what to do: no longer, where we listen at them,
 * and not yet, where we do not. Empty: all is well. Undefined: nobody can tell now.
 */
export async function findLostAddresses(
  site: BootSite,
  listens: readonly ListenAddress[],
): Promise<readonly string[] | undefined> {
  const found = await findLost(site, listens);
  return found && [...new Set(found.map(({ text }) => text))];
}

/** The same, each with its network. */
export async function findLost(
  site: BootSite,
  listens: readonly ListenAddress[],
): Promise<readonly CutOff[] | undefined> {
  const isHeard = (net: BootNet) => listens.some(({ address }) => address === net.serverText);
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
    servedNets(site).map((net) => (isHeard(net) ? explainLoss(net, all, isOurs) : explainNotYet(net, all, isOurs))),
  );
  // One that has come by now is among the networks before long.
  const hasCome = (iface = '') => all[iface]?.some((one) => one.family === 'IPv4') === true;
  const waiting = (site.waiting ?? [])
    .filter((net) => !hasCome(net.interface))
    .map((net) => asCutOff(net.subnet, explainAbsent(net, undefined)));
  return [...found.filter((one) => one !== undefined), ...waiting];
}

/** What is wrong stands first in each sentence, before what follows from it. */
function asCutOff(subnet: string, text: string): CutOff {
  return { subnet, why: text.split(', machines ')[0] ?? text, text };
}

async function explainNotYet(
  { spec, serverText }: BootNet,
  all: Interfaces,
  isOurs: (address: string) => Promise<boolean>,
): Promise<CutOff | undefined> {
  const { interface: iface } = spec;
  const isThere =
    (iface === undefined || isInterfaceThere(iface)) &&
    (Object.values(all).some((list) => list?.some((one) => one.address === serverText)) || (await isOurs(serverText)));
  return isThere ? undefined : asCutOff(spec.subnet, explainAbsent(spec, serverText));
}

async function explainLoss(
  net: BootNet,
  all: Interfaces,
  isOurs: (address: string) => Promise<boolean>,
): Promise<CutOff | undefined> {
  const address = net.serverText;
  const { interface: iface, subnet } = net.spec;
  if (iface === undefined) {
    if (placesOf(address, all).length > 0 || (await isOurs(address))) return undefined;
    const text = `${address} is no address of this machine any more, machines behind the relay ${net.spec.relay ?? '?'} are not answered: give it back to its interface, or correct address: in _site.yaml`;
    return asCutOff(subnet, text);
  }
  const [place] = placesOf(address, all);
  // An interface without a cable is not listed, and keeps its addresses.
  if (!isAway(net, all) && (placesOf(address, all).includes(iface) || (await isOurs(address)))) return undefined;
  const isThere = isInterfaceThere(iface);
  const down = isThere && linkStateOf(iface) === 'noLink' ? ' and is down (is the cable in?)' : '';
  const lost = `${iface} has no longer the address ${address}${down}, machines of ${subnet} are not answered`;
  if (place !== undefined)
    return asCutOff(subnet, `${lost}: it is on ${place}; write interface: ${place} in _site.yaml, or move it back`);
  if (!isThere) return asCutOff(subnet, `${lost}: interface ${iface} is not there`);
  const [other] = (all[iface] ?? []).filter((one) => one.family === 'IPv4');
  const correct = other === undefined ? '' : `, or write address: ${other.address} in _site.yaml, which it has now`;
  const prefix = subnet.split('/')[1] ?? '24';
  return asCutOff(subnet, `${lost}: ip addr add ${address}/${prefix} dev ${iface}${correct}`);
}

const placesOf = (address: string, all: Interfaces): readonly string[] =>
  Object.keys(all).filter((name) => all[name]?.some((one) => one.address === address));

/**
 * Our address on this network is seen not to be on the interface that the site names: what is heard there is not of this
 * network, and answers from that address may leave by another wire. False also where nobody can tell.
 */
function isAway({ spec: { interface: iface }, serverText }: BootNet, all: Interfaces): boolean {
  if (iface === undefined) return false;
  const places = placesOf(serverText, all);
  if (places.includes(iface)) return false;
  if (places.length > 0 || !isInterfaceThere(iface)) return true;
  // One that is up lists all that it has; between the two looks it may have come up.
  return (all[iface] !== undefined || linkStateOf(iface) === 'up') && !hasNow(iface, serverText);
}

function hasNow(iface: string, address: string): boolean {
  const all = interfacesHere();
  return all === undefined || placesOf(address, all).includes(iface);
}

/** By interface: our addresses that are not on it, though the site says so. */
export interface AwayAddresses {
  /** Undefined: of whichever interface. */
  readonly from: (iface: string | undefined) => ReadonlySet<number> | undefined;
}

/** Undefined: nobody can tell now. */
export function findAway(site: BootSite): AwayAddresses | undefined {
  const all = interfacesHere();
  if (all === undefined) return undefined;
  const byInterface = new Map<string | undefined, Set<number>>();
  for (const net of site.nets) {
    if (!isAway(net, all)) continue;
    for (const key of [net.spec.interface, undefined])
      byInterface.set(key, (byInterface.get(key) ?? new Set()).add(net.server));
  }
  return { from: (iface) => byInterface.get(iface) };
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

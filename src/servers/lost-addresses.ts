import { networkInterfaces } from 'node:os';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import type { ListenAddress } from './server-parts.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

type Interfaces = ReturnType<typeof networkInterfaces>;

/** Addresses at which we listen and which this machine has no longer, as sentences with what to do; empty: all is well. */
export async function findLostAddresses(
  { nets }: BootSite,
  listens: readonly ListenAddress[],
): Promise<readonly string[]> {
  const served = nets.filter(
    (net) => net.spec.dhcp !== 'off' && listens.some(({ address }) => address === net.serverText),
  );
  const all = networkInterfaces();
  // Fifty relays may know us by one address.
  const asked = new Map<string, Promise<boolean>>();
  const isOurs = (address: string): Promise<boolean> => {
    const answer = asked.get(address) ?? isBindable(address);
    asked.set(address, answer);
    return answer;
  };
  const found = await Promise.all(served.map((net) => explainLoss(net, all, isOurs)));
  return [...new Set(found.filter((one) => one !== undefined))];
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

/** The kernel binds to what is its own, whatever interface that is on. */
async function isBindable(address: string): Promise<boolean> {
  const socket = createUdp('udp4');
  const bound = await bindUdp(socket, 0, address).then(
    () => true,
    () => false,
  );
  await closeUdp(socket);
  return bound;
}

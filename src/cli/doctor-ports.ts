import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { SiteSpec } from '../core/spec.ts';
import { buildBootSite } from '../netboot/boot-site.ts';
import { serverAddresses } from '../servers/server-parts.ts';
import { bad, type Finding, fine, type Say, warn } from './doctor-line.ts';
import { findHolders, type Holder, listSockets, type SocketOwner } from './doctor-proc.ts';
import type { DoctorSite } from './doctor-site.ts';
import { ownAddress, relayedAddress } from './own-address.ts';
import { metricsAddress } from './service-counts.ts';
import { besideDhcp } from './service-state.ts';

export interface WantedPort {
  readonly service: string;
  readonly kind: 'udp' | 'tcp';
  /** Those that it binds; none: it waits for an interface to have one. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Opened so that others may open it too: that ours is open says nothing of them. */
  readonly isShared: boolean;
}

const EVERYWHERE = '0.0.0.0';

/** Every port that the servers of this site will ask for, on the addresses that they will ask for. */
export function wantedPorts(site: SiteSpec): readonly WantedPort[] {
  const { ports } = site;
  const serves = site.networks.some((net) => net.dhcp !== 'off');
  const only = relayedAddress(site);
  const built = buildBootSite(site, ownAddress);
  const addresses = only !== undefined ? [only] : built.ok ? serverAddresses(built.value) : [];
  const want = (kind: 'udp' | 'tcp') => (service: string, port: number) =>
    ({ service, kind, addresses, port, isShared: false }) satisfies WantedPort;
  const [udp, tcp] = [want('udp'), want('tcp')];
  const metrics = site.metrics === undefined ? undefined : metricsAddress(site.metrics);
  const dhcp = { ...udp('DHCP', ports.dhcp), addresses: [only ?? EVERYWHERE], isShared: true };
  return [
    ...(serves ? [dhcp, { ...udp('proxyDHCP', ports.proxy), isShared: true }] : []),
    udp('TFTP', ports.tftp),
    tcp('HTTP', ports.http),
    tcp('events', ports.events),
    tcp('kernel log', ports.kernelLog),
    udp('kernel log', ports.kernelLog),
    ...(metrics === undefined ? [] : [{ ...tcp(METRICS, metrics.port), addresses: [metrics.address] }]),
  ].filter((one) => one.port !== 0);
}

const METRICS = 'metrics';

export async function checkPorts(doctor: DoctorSite, say: Say): Promise<void> {
  const { site } = doctor.inventory;
  const wanted = wantedPorts(site);
  const tables = { udp: listSockets(doctor.host, 'udp'), tcp: listSockets(doctor.host, 'tcp') };
  const takers = wanted.map((want) => tables[want.kind].filter((socket) => clashes(want, socket)));
  const holders = findHolders(doctor.host, new Set(takers.flat().map((socket) => socket.inode)));
  const free: string[] = [];
  const ours: string[] = [];
  for (const [index, want] of wanted.entries()) {
    const name = `${want.service} ${want.kind.toUpperCase()} ${want.port}`;
    const there = takers[index] ?? [];
    const own = there.filter((one) => isOurs(doctor, holders.get(one.inode)));
    const foreign = there.filter((one) => !own.includes(one) && !isLeftToThem(want, one, own));
    const code = own.length > 0 ? undefined : await probe(want, foreign);
    const [taker] = own.length > 0 || code !== undefined ? foreign : [];
    if (taker !== undefined) say(taken(name, want, taker, holders.get(taker.inode), site));
    else if (code !== undefined) say(refused(name, want, code));
    else (own.length > 0 ? ours : free).push(name);
  }
  if (ours.length > 0) say(fine(`held by crashcart itself, which is running: ${ours.join(', ')}`));
  if (free.length > 0) say(fine(`free: ${free.join(', ')}`));
}

const isAny = (address: string): boolean => address === EVERYWHERE || address === '[::]';

/** A socket on any address takes the port from one on a single address, and the other way round. */
function clashes({ port, addresses }: WantedPort, socket: SocketOwner): boolean {
  if (port !== socket.port) return false;
  return isAny(socket.address) || addresses.some((address) => isAny(address) || socket.address === address);
}

/** Where ours is open, nobody else's can be in its way: theirs is of IPv6 alone, or at another address of ours. */
function isLeftToThem({ isShared, addresses }: WantedPort, socket: SocketOwner, own: readonly SocketOwner[]): boolean {
  const holds = (address: string) => own.some((one) => isAny(one.address) || one.address === address);
  const touched = isAny(socket.address) ? addresses : addresses.filter((one) => one === socket.address);
  return !isShared && own.length > 0 && touched.every(holds);
}

const isOurs = (doctor: DoctorSite, holder: Holder | undefined): boolean =>
  doctor.engine !== undefined &&
  (holder === undefined || holder.pid === doctor.engine.pid || holder.pid === process.pid);

/** Who usually sits there, and how it is told to leave. */
const KNOWN: Readonly<Record<string, string>> = {
  dnsmasq: 'systemctl disable --now dnsmasq (libvirt starts one per network: virsh net-list)',
  systemd: 'systemd itself holds it for a unit: systemctl list-sockets, then systemctl disable --now NAME.socket',
  dhcpd: 'systemctl disable --now isc-dhcp-server',
  'kea-dhcp4': 'systemctl disable --now kea-dhcp4-server',
  'in.tftpd': 'systemctl disable --now tftpd-hpa',
  nginx: 'systemctl disable --now nginx, or choose another port under `ports:`',
  apache2: 'systemctl disable --now apache2, or choose another port under `ports:`',
  httpd: 'systemctl disable --now httpd, or choose another port under `ports:`',
};

function taken(
  name: string,
  want: WantedPort,
  taker: SocketOwner,
  holder: Holder | undefined,
  site: SiteSpec,
): Finding {
  const who = holder === undefined ? `a process of user ${taker.uid}` : `${holder.name} (pid ${holder.pid})`;
  const what = `${name} is taken by ${who} on ${taker.address}`;
  // As `serve` does it: the proxy port is all that it needs there.
  const beside = want.service === 'DHCP' ? besideDhcp(site, { why: what, advice: '', isTaken: true }) : undefined;
  if (beside?.is === 'off') return warn(`${what}; ours stays off`, beside.why);
  const key = want.service === METRICS ? 'metrics:' : 'ports:';
  const advice =
    holder === undefined
      ? `run doctor as root to see which, or: ss -l${want.kind === 'udp' ? 'u' : 't'}np 'sport = :${want.port}'`
      : (KNOWN[holder.name] ?? `stop it (kill ${holder.pid}, or its unit), or choose another port under \`${key}\``);
  return bad(what, advice);
}

function refused(name: string, want: WantedPort, code: string): Finding {
  const words: Readonly<Record<string, readonly [string, string]>> = {
    EACCES: ['no permission', 'see the capabilities below, or use high ports under `ports:`'],
    EPERM: ['no permission', 'see the capabilities below, or use high ports under `ports:`'],
    EADDRINUSE: [
      'taken by another program',
      `see which: ss -l${want.kind === 'udp' ? 'u' : 't'}np 'sport = :${want.port}'`,
    ],
    EADDRNOTAVAIL: [
      `${want.addresses.join(', ')} is no address of this machine`,
      'give an interface that address, or correct `metrics:`',
    ],
  };
  const [what, advice] = words[code] ?? [code, 'the kernel refused it with this code'];
  return bad(`${name}: ${what}`, advice);
}

/** Why it cannot be had, as the kernel says it; where no address is there yet, as the tables say. */
async function probe(want: WantedPort, foreign: readonly SocketOwner[]): Promise<string | undefined> {
  let isAsked = false;
  for (const address of want.addresses) {
    const code = await probeAt(want, address);
    // That of a network is told with the network.
    if (code === 'EADDRNOTAVAIL' && want.service !== METRICS) continue;
    isAsked = true;
    if (code !== undefined) return code;
  }
  return isAsked || foreign.length === 0 ? undefined : 'EADDRINUSE';
}

/** Asked of the kernel without SO_REUSEADDR: somebody who shares the port would answer machines as well. */
function probeAt({ kind, port }: WantedPort, address: string): Promise<string | undefined> {
  const codeOf = (error: NodeJS.ErrnoException) => error.code ?? error.message;
  return new Promise((resolve) => {
    if (kind === 'udp') {
      const socket = createSocket({ type: 'udp4', reuseAddr: false });
      socket.once('error', (error) => {
        socket.close();
        resolve(codeOf(error));
      });
      socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(undefined)));
    } else {
      const server = createServer();
      server.once('error', (error) => resolve(codeOf(error)));
      server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(undefined)));
    }
  });
}

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { SiteSpec } from '../core/spec.ts';
import { bad, type Finding, fine, type Say } from './doctor-line.ts';
import { findHolders, type Holder, listSockets, type SocketOwner } from './doctor-proc.ts';
import type { DoctorSite } from './doctor-site.ts';
import { ownAddress } from './own-address.ts';

export interface WantedPort {
  readonly service: string;
  readonly kind: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
}

/** Every port that the servers of this site will ask for, on the address that they will ask for. */
export function wantedPorts(site: SiteSpec): readonly WantedPort[] {
  const { ports } = site;
  const serves = site.networks.some((net) => net.dhcp !== 'off');
  const only = site.networks.every((net) => net.interface === undefined) ? site.networks[0] : undefined;
  const address = (only === undefined ? undefined : ownAddress(only)) ?? '0.0.0.0';
  const udp = (service: string, port: number): WantedPort => ({ service, kind: 'udp', address, port });
  const tcp = (service: string, port: number): WantedPort => ({ service, kind: 'tcp', address, port });
  const [, host, metrics] = /^(.*):(\d+)$/.exec(site.metrics ?? '') ?? [];
  return [
    ...(serves ? [udp('DHCP', ports.dhcp), udp('proxyDHCP', ports.proxy)] : []),
    udp('TFTP', ports.tftp),
    tcp('HTTP', ports.http),
    tcp('events', ports.events),
    tcp('kernel log', ports.kernelLog),
    udp('kernel log', ports.kernelLog),
    ...(metrics === undefined ? [] : [{ ...tcp('metrics', Number(metrics)), address: host || '0.0.0.0' }]),
  ].filter((one) => one.port !== 0);
}

export async function checkPorts(doctor: DoctorSite, say: Say): Promise<void> {
  const wanted = wantedPorts(doctor.inventory.site);
  const tables = { udp: listSockets(doctor.host, 'udp'), tcp: listSockets(doctor.host, 'tcp') };
  const takers = wanted.map((want) => tables[want.kind].filter((socket) => clashes(want, socket)));
  const holders = findHolders(doctor.host, new Set(takers.flat().map((socket) => socket.inode)));
  const free: string[] = [];
  const ours: string[] = [];
  for (const [index, want] of wanted.entries()) {
    const foreign = (takers[index] ?? []).filter((one) => !isOurs(doctor, holders.get(one.inode)));
    const name = `${want.service} ${want.kind.toUpperCase()} ${want.port}`;
    const [taker] = foreign;
    if (taker !== undefined) say(taken(name, want, taker, holders.get(taker.inode)));
    else if ((takers[index] ?? []).length > 0) ours.push(name);
    else {
      const code = await probe(want);
      if (code === undefined) free.push(name);
      else say(refused(name, want, code));
    }
  }
  if (ours.length > 0) say(fine(`held by crashcart itself, which is running: ${ours.join(', ')}`));
  if (free.length > 0) say(fine(`free: ${free.join(', ')}`));
}

/** A socket on any address takes the port from one on a single address, and the other way round. */
function clashes(want: WantedPort, socket: SocketOwner): boolean {
  if (want.port !== socket.port) return false;
  const isAny = (address: string) => address === '0.0.0.0' || address === '[::]';
  return isAny(socket.address) || isAny(want.address) ? true : socket.address === want.address;
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

function taken(name: string, want: WantedPort, taker: SocketOwner, holder: Holder | undefined): Finding {
  const who = holder === undefined ? `a process of user ${taker.uid}` : `${holder.name} (pid ${holder.pid})`;
  const advice =
    holder === undefined
      ? `run doctor as root to see which, or: ss -l${want.kind === 'udp' ? 'u' : 't'}np 'sport = :${want.port}'`
      : (KNOWN[holder.name] ?? `stop it (kill ${holder.pid}, or its unit), or choose another port under \`ports:\``);
  return bad(`${name} is taken by ${who} on ${taker.address}`, advice);
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
      `${want.address} is no address of this machine`,
      'give the interface that address, or correct `address:`',
    ],
  };
  const [what, advice] = words[code] ?? [code, 'the kernel refused it with this code'];
  return bad(`${name}: ${what}`, advice);
}

/** Asked of the kernel without SO_REUSEADDR: somebody who shares the port would answer machines as well. */
function probe(want: WantedPort): Promise<string | undefined> {
  const codeOf = (error: NodeJS.ErrnoException) => error.code ?? error.message;
  return new Promise((resolve) => {
    if (want.kind === 'udp') {
      const socket = createSocket({ type: 'udp4', reuseAddr: false });
      socket.once('error', (error) => {
        socket.close();
        resolve(codeOf(error));
      });
      socket.bind({ port: want.port, address: want.address, exclusive: true }, () =>
        socket.close(() => resolve(undefined)),
      );
    } else {
      const server = createServer();
      server.once('error', (error) => resolve(codeOf(error)));
      server.listen({ port: want.port, host: want.address, exclusive: true }, () =>
        server.close(() => resolve(undefined)),
      );
    }
  });
}

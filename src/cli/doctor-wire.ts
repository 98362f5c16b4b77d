import { createSocket, type Socket } from 'node:dgram';
import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { SubnetSpec } from '../core/spec.ts';
import { isOfSubnet } from '../inventory/subnet-of.ts';
import { DOCTOR_NAME } from '../netboot/doctor-probe.ts';
import { namesUs } from '../netboot/read-rival.ts';
import { clientPacket } from '../protocols/dhcp/client-packet.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import type { DhcpPacket } from '../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { interfacesHere } from '../servers/interfaces-here.ts';
import { bad, type Finding, fine, type Say, warn } from './doctor-line.ts';
import type { DoctorSite } from './doctor-site.ts';
import { lookForTwins } from './doctor-twins.ts';
import { ownAddress } from './own-address.ts';

/** Servers answer within a second; some wait one first, to see whether the address is free. */
const LISTEN_MS = 4_000;
const ASK_AT_MS = [0, 1_500] as const;

export interface WireOptions {
  readonly serverPort: number;
  readonly clientPort: number;
  readonly to: string;
  readonly listenMs: number;
}

const REAL_WIRE: WireOptions = { serverPort: 67, clientPort: 68, to: '255.255.255.255', listenMs: LISTEN_MS };

export interface HeardServer {
  readonly iface: string;
  readonly server: string;
  /** What it would give; 0.0.0.0 where it gives none. */
  readonly address: string;
  readonly offers: string;
  readonly bootFile?: string;
  /** Its boot file is ours, at our address: so a server is set up whose administrator gave it that. */
  readonly namesUs?: true;
}

/** Asks on each of the site's own interfaces as a PXE client would, takes nothing, and says who answered. */
export async function checkWire(doctor: DoctorSite, say: Say, options: WireOptions = REAL_WIRE): Promise<void> {
  const nets = doctor.inventory.site.networks.filter((net) => net.interface !== undefined && net.dhcp !== 'off');
  const places = nets.flatMap((net) => {
    const address = ownAddress(net);
    const own = interfacesHere()?.[net.interface ?? '']?.find((one) => one.address === address);
    return address === undefined || own === undefined ? [] : [{ net, address, mac: own.mac }];
  });
  if (places.length === 0) return say(fine('no interface of the site is up to ask on'));
  const looking = lookForTwins(places, offerIn);
  const own = ownAddresses(doctor);
  const heard = await askForServers(places, options, looking.ask, own);
  const twins = looking.end();
  for (const finding of twins.ok ? [...twins.value.values()].flat() : []) say(finding);
  if (!heard.ok) return say(heard.error);
  if (!twins.ok) say(twins.error);
  // While our engine runs, or may run, what comes from our addresses is its answer; else somebody else sits on this very host.
  const mayRun = doctor.engine !== undefined || doctor.engineUnseen !== undefined || doctor.engineSilent !== undefined;
  const others = heard.value.filter(({ server }) => !mayRun || !own.has(server));
  for (const iface of new Set(places.map(({ net }) => net.interface ?? ''))) {
    const isAlone = !twins.ok || (twins.value.get(iface) ?? []).length === 0;
    const here = doctor.inventory.site.networks.filter((net) => net.interface === iface);
    const there = others.filter((one) => one.iface === iface);
    for (const finding of judge(iface, here, there, isAlone)) say(finding);
  }
}

const ownAddresses = ({ inventory }: DoctorSite): ReadonlySet<string> =>
  new Set(inventory.site.networks.flatMap((net) => ownAddress(net) ?? []));

/** What a server at our own address offers. */
function offerIn(bytes: Buffer): string | undefined {
  const message = decodeDhcp(bytes);
  if (!message.ok || message.value.op !== 'reply' || message.value.options.messageType !== 'offer') return undefined;
  const { offers, bootFile } = toHeard('', message.value, new Set());
  return `offers ${offers}${bootFile === undefined ? '' : ` and boots machines from ${bootFile}`}`;
}

/** What is so on one interface, however many networks it has. */
function judge(
  where: string,
  nets: readonly SubnetSpec[],
  others: readonly HeardServer[],
  isAlone: boolean,
): readonly Finding[] {
  if (others.length > 0) return others.map((one) => judgeServer(netOf(nets, one), one));
  if (nets.some((net) => net.dhcp === 'proxy'))
    return [
      warn(
        `${where}: nobody gives addresses here`,
        'proxy mode needs another DHCP server; or write `dhcp: authoritative`',
      ),
    ];
  return isAlone ? [fine(`${where}: no other DHCP server answers`)] : [];
}

/** Of which network a server is: what it offers tells, else its own address. */
const netOf = (nets: readonly SubnetSpec[], { address, server }: HeardServer): SubnetSpec | undefined =>
  nets.find((net) => isOfSubnet(net, address)) ??
  nets.find((net) => isOfSubnet(net, server)) ??
  nets.find((net) => net.dhcp !== 'off');

function judgeServer(net: SubnetSpec | undefined, heard: HeardServer): Finding {
  const { iface, server, offers, bootFile } = heard;
  const boots = bootFile === undefined ? '' : ` and boots machines from ${bootFile}`;
  if (net?.answerAfterSeconds !== undefined)
    return fine(`${iface}: ${server} is the first server here: it offers ${offers}${boots}`);
  if (bootFile !== undefined && heard.namesUs !== true)
    return bad(
      `${iface}: another server ${server} offers ${offers}${boots}`,
      'switch off PXE there, or machines boot from whichever answers first',
    );
  const gives = `${offers}${bootFile === undefined ? '' : `, and our boot file ${bootFile}`}`;
  if (net?.dhcp === 'proxy') return fine(`${iface}: ${server} gives addresses (${gives}), as proxy mode needs`);
  if (net?.dhcp === 'off') return fine(`${iface}: ${server} gives addresses (${gives}), as \`dhcp: off\` leaves it to`);
  return warn(
    `${iface}: another DHCP server ${server} offers ${gives}`,
    'switch it off for this network, or write `dhcp: proxy`',
  );
}

interface Place {
  readonly net: SubnetSpec;
  readonly address: string;
  readonly mac: string;
}

/** One socket hears all: answers are told apart by transaction. The source address chooses the interface that is asked. */
async function askForServers(
  places: readonly Place[],
  options: WireOptions,
  askAsMachine: (iface: string, bytes: Buffer) => void,
  own: ReadonlySet<string>,
): Promise<Result<readonly HeardServer[], Finding>> {
  const sockets: Socket[] = [];
  const heard = new Map<string, HeardServer>();
  const asks = places.map((place, index) => ({ ...place, xid: (process.pid * 4099 + Date.now() + index) >>> 0 }));
  const listen = (bytes: Buffer) => {
    const message = decodeDhcp(bytes);
    if (!message.ok || message.value.op !== 'reply') return;
    const ask = asks.find((one) => one.xid === message.value.xid);
    if (ask === undefined || message.value.options.messageType !== 'offer') return;
    const found = toHeard(ask.net.interface ?? '', message.value, own);
    const known = heard.get(`${found.iface} ${found.server}`);
    if (known?.bootFile === undefined) heard.set(`${found.iface} ${found.server}`, found);
  };
  try {
    const all = await bind(undefined, options.clientPort);
    sockets.push(all);
    all.on('message', listen);
    for (const ask of asks) {
      const socket = await bind(ask.address, options.clientPort);
      sockets.push(socket);
      socket.setBroadcast(true);
      socket.on('message', listen);
      socket.on('error', () => undefined);
      for (const atMs of ASK_AT_MS.filter((at) => at < options.listenMs))
        setTimeout(() => {
          const bytes = encodeDhcp(discoverOf(ask.mac, ask.xid));
          socket.send(bytes, options.serverPort, options.to, () => undefined);
          if (options.to === REAL_WIRE.to) askAsMachine(ask.net.interface ?? '', bytes);
        }, atMs);
    }
    await new Promise((resolve) => setTimeout(resolve, options.listenMs));
    return ok([...heard.values()]);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why = code === 'EACCES' || code === 'EPERM' ? 'no permission' : code;
    return fail(
      warn(
        `other DHCP servers were not looked for: UDP ${options.clientPort}: ${why}`,
        'run doctor as root or with the capabilities above; --quiet-wire leaves this out',
      ),
    );
  } finally {
    for (const socket of sockets) socket.close();
  }
}

function bind(address: string | undefined, port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ port, ...(address === undefined ? {} : { address }), exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** A client identity of its own (locally administered): the lease of this host's own interface is left alone. */
function discoverOf(mac: string, xid: number): DhcpPacket {
  const chaddr = Buffer.from(mac.replaceAll(':', ''), 'hex');
  chaddr[0] = (((chaddr[0] ?? 0) | 0x02) & 0xfe) ^ 0x40;
  return clientPacket(mac, {
    xid,
    broadcast: true,
    chaddr,
    options: {
      messageType: 'discover',
      hostName: DOCTOR_NAME,
      vendorClass: 'PXEClient:Arch:00007:UNDI:003016',
      arch: [7],
      undi: { type: 1, major: 3, minor: 16 },
      requestedCodes: Uint8Array.of(1, 3, 6, 15, 43, 54, 60, 66, 67),
    },
  });
}

function toHeard(iface: string, message: DhcpPacket, own: ReadonlySet<string>): HeardServer {
  const { serverId, bootFile, tftpServerName } = message.options;
  const file = cleanText(bootFile ?? message.file, 100);
  const server = renderIpv4(serverId ?? message.siaddr);
  const from = message.siaddr === 0 ? (tftpServerName ?? server) : renderIpv4(message.siaddr);
  const address = renderIpv4(message.yiaddr);
  const heard = { iface, server, address, offers: message.yiaddr === 0 ? 'no address (PXE only)' : address };
  if (file === '') return heard;
  // At our own address, while nothing of ours runs, sits another one.
  const isOwnFile = !own.has(server) && namesUs(message, file, (one) => own.has(one));
  return { ...heard, bootFile: `${cleanText(from, 60)}:${file}`, ...(isOwnFile ? { namesUs: true } : {}) };
}

import type { Socket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { isInterfaceThere } from './explain-absent.ts';
import { indexOf, openOnInterface } from './interface-socket.ts';
import { explainListen } from './listen-problem.ts';
import { openReplyRoads, type ReplyRoads, socketsOf } from './reply-roads.ts';
import type { ListenAddress, ServerProblem } from './server-parts.ts';
import type { SocketOptions } from './socket-options.ts';
import { bindUdp, bufferWarning, closeUdp, createUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

/** An address of ours: `receive` hears, `roads` answer from it and out of the same interface. */
export interface DhcpPort {
  /** Undefined: a socket that cannot know the interface. */
  readonly iface: string | undefined;
  /** The interface that it serves, whether it can know it or not; undefined: an address alone, which relays ask. */
  readonly serves: string | undefined;
  /** Of the interface, when it was opened. */
  readonly index: number | undefined;
  readonly address: string;
  readonly receive: readonly Socket[];
  /** Of these the one that hears broadcasts, for all addresses of its interface: only their first port has it. */
  readonly everybody: Socket | undefined;
  readonly roads: ReplyRoads;
}

export interface DhcpPorts {
  readonly ports: readonly DhcpPort[];
  readonly listens: readonly ListenAddress[];
  readonly warnings: readonly string[];
  /** Some of what is wanted cannot be opened now; the rest is. */
  readonly problem?: ServerProblem;
}

export interface DhcpBind {
  readonly port: number;
  /** Only this address, and no broadcasts: for trying things out over loopback, and for servers behind relays alone. */
  readonly address?: string;
}

export async function openDhcpSockets(
  what: string,
  site: BootSite,
  bind: DhcpBind,
  native: SocketOptions | undefined,
): Promise<Result<DhcpPorts, ServerProblem>> {
  if (bind.address !== undefined) {
    const opened = await openFree(what, bind.address, bind.port, native);
    return opened.ok || opened.error.isAbsent !== true ? opened : ok(noPorts(opened.error));
  }
  const free = await probePort(what, '0.0.0.0', bind.port);
  if (!free.ok) return free;
  const opened = await openMissing(what, site, bind, native);
  const { problem } = opened;
  const isServing = opened.ports.length > 0 || problem !== undefined || site.waiting !== undefined;
  if (isServing && (problem === undefined || problem.isAbsent === true)) return ok(opened);
  await closePorts(opened.ports);
  return fail(
    problem ?? { why: `${what}: the site names no network to serve`, advice: 'write `networks:` in _site.yaml' },
  );
}

const noPorts = (problem: ServerProblem): DhcpPorts => ({ ports: [], listens: [], warnings: [], problem });

/** What the site serves and is not open yet: at the start, and when networks or addresses have changed. */
export async function openMissing(
  what: string,
  site: BootSite,
  bind: DhcpBind,
  native: SocketOptions | undefined,
  open: DhcpPorts = { ports: [], listens: [], warnings: [] },
): Promise<DhcpPorts> {
  const ports: DhcpPort[] = [];
  const warnings = new Set<string>();
  const listens: ListenAddress[] = [];
  let problem: ServerProblem | undefined;
  /** What waiting does not mend is told first. */
  const keepWorst = (one: ServerProblem): void => {
    if (problem === undefined || (problem.isAbsent === true && one.isAbsent !== true)) problem = one;
  };
  const hasAddress = (net: BootNet) => [...open.listens, ...listens].some((one) => one.address === net.serverText);
  const served = site.nets.filter((net) => net.spec.dhcp !== 'off' && net.relay === undefined);
  for (const net of served) {
    const iface = net.spec.interface;
    if (iface === undefined || (bind.address !== undefined && hasAddress(net))) continue;
    const near = [...open.ports, ...ports].filter((port) => port.serves === iface);
    const hearing = near.find((port) => port.everybody !== undefined);
    if (hearing !== undefined && near.some((port) => port.address === net.serverText)) continue;
    const opened =
      bind.address === undefined
        ? await openNet(what, { iface, address: net.serverText, port: bind.port }, hearing, native)
        : fail(onlyAt(bind.address, iface));
    if (!opened.ok) {
      keepWorst(opened.error);
      continue;
    }
    ports.push(opened.value);
    if (!hasAddress(net)) listens.push({ address: net.serverText, port: bind.port });
    const bytes = Math.min(...opened.value.receive.map((socket) => growReceiveBuffer(socket, native)));
    for (const one of bufferWarning(`${what} on ${iface}`, bytes)) warnings.add(one);
    if (opened.value.iface === undefined) warnings.add(noInterfaceWarning(what, iface));
  }
  for (const relayed of site.nets.filter((net) => net.spec.dhcp !== 'off' && net.relay !== undefined)) {
    if (hasAddress(relayed)) continue;
    // Without a port on an interface nobody of ours stands in the way of looking whether it is free.
    const open = bind.address === undefined ? openOne : openFree;
    const opened = await open(what, relayed.serverText, bind.port, native);
    if (!opened.ok) {
      keepWorst(opened.error);
      continue;
    }
    ports.push(...opened.value.ports);
    listens.push(...opened.value.listens);
    for (const one of opened.value.warnings) warnings.add(one);
  }
  return { ports, listens, warnings: [...warnings], ...(problem === undefined ? {} : { problem }) };
}

const onlyAt = (address: string, iface: string): ServerProblem => ({
  why: `there was no interface when this program started, so it listens at ${address} alone, and not on ${iface}`,
  advice: 'restart the program',
});

const noInterfaceWarning = (what: string, iface: string): string =>
  `${what}: requests cannot be told apart by interface here (IPv6 is switched off in the kernel and sockopt is not usable); everything is taken as coming from ${iface}`;

/** Another server that shares the port by SO_REUSEADDR would answer as well: found by one bind without it. */
async function probePort(what: string, address: string, port: number): Promise<Result<undefined, ServerProblem>> {
  const probe = await openUdp4(what, address, port);
  if (!probe.ok) return probe;
  await closeUdp(probe.value);
  return ok(undefined);
}

/** What hears unicasts answers as well, so these are all sockets that there are. */
export async function closePorts(ports: readonly DhcpPort[]): Promise<void> {
  await Promise.all(ports.flatMap((port) => port.receive).map(closeUdp));
}

async function openFree(...[what, address, port, native]: Parameters<typeof openOne>): ReturnType<typeof openOne> {
  const free = await probePort(what, address, port);
  return free.ok ? openOne(what, address, port, native) : free;
}

async function openOne(
  what: string,
  address: string,
  port: number,
  native: SocketOptions | undefined,
): Promise<Result<DhcpPorts, ServerProblem>> {
  const opened = await openReplyRoads(what, address, port);
  if (!opened.ok) return opened;
  const receive = socketsOf(opened.value);
  const bytes = Math.min(...receive.map((socket) => growReceiveBuffer(socket, native)));
  const nowhere = { iface: undefined, serves: undefined, index: undefined, everybody: undefined };
  const ports = [{ ...nowhere, address, receive, roads: opened.value }];
  const bound = opened.value.broadcast.address().port;
  return ok({ ports, listens: [{ address, port: bound }], warnings: bufferWarning(what, bytes) });
}

interface NetPlace extends ListenAddress {
  readonly iface: string;
}

/** `hearing`: the port that hears the broadcasts of this interface already. */
async function openNet(
  what: string,
  place: NetPlace,
  hearing: DhcpPort | undefined,
  native: SocketOptions | undefined,
): Promise<Result<DhcpPort, ServerProblem>> {
  const { address, port } = place;
  // Its address may be on another interface, from where nothing of this network would be heard.
  if (!isInterfaceThere(place.iface))
    return fail({ why: `${what}: interface ${place.iface} is not there`, advice: 'it may come', isAbsent: true });
  const opened = await openReplyRoads(what, address, port);
  if (!opened.ok) return opened;
  const roads = opened.value;
  if (hearing === undefined) return openInterface(what, place, roads, native);
  const { iface, serves, index } = hearing;
  return ok({ iface, serves, index, address, receive: socketsOf(roads), everybody: undefined, roads });
}

/**
 * Broadcasts reach only sockets without an address, and those do not know the interface. Bound to it are they by a side
 * effect of Linux: a bind to a link-local address with a scope fails, but leaves the socket on that interface. Answers
 * go out of sockets on the interface's own addresses: the source address chooses the way.
 */
async function openInterface(
  what: string,
  { iface, address, port }: NetPlace,
  roads: ReplyRoads,
  native: SocketOptions | undefined,
): Promise<Result<DhcpPort, ServerProblem>> {
  const bound = await openOnInterface(iface, port, native);
  const index = indexOf(iface);
  if (bound.ok) {
    const everybody = bound.value;
    const receive = [everybody, ...socketsOf(roads)];
    return ok({ iface, serves: iface, index, address, receive, everybody, roads });
  }
  const all = createUdp('udp4', true);
  try {
    await bindUdp(all, port, '0.0.0.0');
  } catch (error) {
    await Promise.all([all, ...socketsOf(roads)].map(closeUdp));
    return fail(explainListen(error, what, 'udp', { address: '0.0.0.0', port }));
  }
  const receive = [all, ...socketsOf(roads)];
  return ok({ iface: undefined, serves: iface, index, address, receive, everybody: all, roads });
}

import { setTimeout } from 'node:timers/promises';
import type { CutOffNet, EventBody } from '../core/event.ts';
import { leasesOf } from '../core/lease.ts';
import type { LogLine } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import { createSafeLook } from '../core/safe-look.ts';
import type { TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import { senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import type { PoolUse } from '../netboot/pool-use.ts';
import type { SilenceCounts } from '../netboot/silence.ts';
import { createAnswerRoads } from './answer-roads.ts';
import { createDatagramReader } from './datagram-reader.ts';
import { createDhcpDesk, type DeskPort, type DhcpCounts, type DhcpDeskOptions } from './dhcp-desk.ts';
import type { DhcpRush } from './dhcp-rush.ts';
import { type DhcpBind, type DhcpPort, openDhcpSockets } from './dhcp-sockets.ts';
import { createFrameSocket } from './frame-socket.ts';
import { createHeldDatagrams, type HeldDatagrams } from './held-datagrams.ts';
import { createKeptPorts, type PortsNews } from './keep-ports.ts';
import { type Libc, loadLibc } from './libc.ts';
import { turn } from './loop-turn.ts';
import { createAddressProbe } from './probe-addresses.ts';
import { createRoutedProbe } from './probe-routed.ts';
import { createSoonArp, type Neighbours } from './read-arp.ts';
import type { ReplySocket } from './reply-queue.ts';
import type { ReplyRoads } from './reply-roads.ts';
import { createReplySocket } from './reply-socket.ts';
import { createReplyWatch } from './reply-watch.ts';
import type { BootServer, ListenAddress, ServerProblem } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { tellAddresses, tellRoutedAddresses } from './tell-addresses.ts';

export interface DhcpServerOptions extends DhcpDeskOptions {
  readonly bind: DhcpBind;
  readonly rush?: DhcpRush;
  readonly onNews?: (news: ServerNews) => void;
}

/** What has changed while the server runs: where it listens, and what hampers it. */
export interface ServerNews {
  readonly listens: readonly ListenAddress[];
  readonly warning: string | undefined;
  /** Interfaces came or were made again, maybe with the addresses that they had. */
  readonly isAnew?: boolean;
  /** What of it keeps machines from hearing us at all. */
  readonly cutOff?: readonly CutOffNet[];
}

export interface DhcpServer extends BootServer {
  readonly pool: AddressPool;
  readonly counts: () => DhcpCounts;
  readonly silences: () => SilenceCounts;
  /** How full the pools are. */
  readonly pools: () => readonly PoolUse[];
}

const CLOCK_LEASES_MS = 10_000;
const LOOK_MS = 2_000;
/** Between the first questions by ARP and the reading of what was answered. */
const FIRST_LOOK_MS = 200;

export async function createDhcpServer(options: DhcpServerOptions): Promise<Result<DhcpServer, ServerProblem>> {
  const native = loadSocketOptions();
  const opened = await openDhcpSockets('DHCP', options.site(), options.bind, native);
  if (!opened.ok) return opened;
  const libc = loadLibc();
  const reader = await createDatagramReader(libc, options.rush === undefined ? {} : { onHeard: options.rush.heard });
  const desk = createDhcpDesk(options);
  const answers = createAnswerRoads();
  let socketErrors = 0;
  let unserved: string | undefined;
  let cutOff: readonly CutOffNet[] = [];
  let isTold = false;
  let stopped = false;
  let hampered: string | undefined;
  let short: string | undefined;
  const tell = (isAnew = false): void => {
    const warning = [unserved, short, hampered].filter((one) => one !== undefined).join('; ');
    options.onNews?.({ listens: kept.listens(), warning: warning === '' ? undefined : warning, isAnew, cutOff });
  };
  const { site, bind } = options;
  /** Of ports whose addresses nobody has looked at yet. */
  const unlooked: HeldDatagrams[] = [];
  const kept = createKeptPorts({
    what: 'DHCP',
    opened: opened.value,
    site,
    bind,
    native,
    onPort: (port) => {
      const roads = reader === undefined || libc === undefined ? port.roads : pastNode(libc, port);
      answers.add(port, roads);
      const held = createHeldDatagrams(() => stopped);
      unlooked.push(held);
      const { iface, everybody } = port;
      // At one address alone nothing is known of interfaces.
      const away = () => (bind.address === undefined ? kept.away(iface) : NONE);
      const asked: DeskPort = { iface, asked: senderAddress(port.address), roadsFrom: () => roads, away };
      for (const socket of port.receive) {
        const heardBy = socket === everybody ? { iface, asked: undefined, roadsFrom: answers.near(port), away } : asked;
        const receive = (bytes: Buffer, sender: string, from: number) => desk.receive(heardBy, bytes, sender, from);
        const take = (bytes: Buffer, sender: string, from: number) => held.take(bytes, sender, from, receive);
        socket.on('message', (bytes, peer) => take(bytes, peer.address, peer.port));
        reader?.hear(socket, take);
        socket.on('error', () => {
          socketErrors += 1;
        });
      }
    },
    onChange: (news) => {
      unserved = news.problem;
      cutOff = sinceWhen(cutOff, news, options.engine.now());
      if (isTold) tell(news.isAnew);
    },
  });
  const log = (level: LogLine['level'], text: string): void =>
    options.onLog({ at: options.engine.now(), node: '', source: 'dhcp', level, text });
  const sync = setInterval(() => expireLeases(options), CLOCK_LEASES_MS);
  const probe = createAddressProbe({
    fleet: options.engine.fleet,
    site,
    pool: desk.pool,
    socketOf: (net) =>
      kept
        .ports()
        .find(({ iface, address }) => iface !== undefined && iface === net.spec.interface && address === net.serverText)
        ?.roads.neighbour,
    ...tellAddresses(options),
  });
  const routed = createRoutedProbe({
    site,
    pool: desk.pool,
    ...tellRoutedAddresses(log),
  });
  const watch = createReplyWatch({
    ports: kept.ports,
    cut: desk.cut,
    asks: { neighbours: 'renewals', port: bind.port },
    onWarning: (warning) => {
      hampered = warning;
      tell();
    },
  });
  const readSoon = createSoonArp(FIRST_LOOK_MS);
  /** False: nothing was asked. What could not be read now says of nobody that he is gone. */
  const hear = async (unread?: Neighbours): Promise<boolean> => {
    const neighbours = (await readSoon()) ?? unread;
    return neighbours !== undefined && !stopped && probe.round(options.engine.now(), neighbours);
  };
  /** Who is there answers in a moment: the first who ask get no address of somebody whom nobody has looked for. */
  const firstLook = async (): Promise<void> => {
    const held = unlooked.splice(0);
    if (held.length === 0) return;
    try {
      if (!(await hear(NOBODY))) return;
      await setTimeout(FIRST_LOOK_MS);
      await hear();
    } finally {
      for (const one of held) one.open();
    }
  };
  /** One after the other, and each in a turn of its own: together they kept machines waiting. */
  const look = async (): Promise<void> => {
    await hear();
    await turn();
    if (stopped) return;
    routed.round(options.engine.now());
    watch.round(options.engine.now());
    const shortNow = desk.short();
    if (shortNow !== short) {
      short = shortNow;
      tell();
    }
    await turn();
    await kept.round();
    await firstLook();
  };
  const safe = createSafeLook('the look at the networks of DHCP', look, log);
  const looking = setInterval(() => void safe.look(), LOOK_MS);
  await kept.round();
  await firstLook();
  isTold = true;
  const countsNow = (): DhcpCounts => {
    const counts = desk.counts();
    return { ...counts, sendErrors: counts.sendErrors + socketErrors };
  };
  return ok({
    listens: kept.listens(),
    warnings: opened.value.warnings,
    ...(unserved === undefined ? {} : { hampered: unserved }),
    ...(cutOff.length === 0 ? {} : { cutOff }),
    pool: desk.pool,
    counts: countsNow,
    silences: desk.silences,
    pools: () => {
      const at = options.engine.now();
      desk.pool.sync(options.engine.fleet(), site(), at);
      return desk.pool.uses(site(), at);
    },
    traffic: () => {
      const counts = countsNow();
      return { requests: counts.received, errors: counts.broken + counts.sendErrors, bytes: desk.sentBytes() };
    },
    stop: async () => {
      clearInterval(sync);
      stopped = true;
      clearInterval(looking);
      routed.stop();
      await safe.ended();
      await kept.stop();
      reader?.stop();
      desk.stop();
    },
  });
}

const NONE: ReadonlySet<number> = new Set();
const NOBODY: Neighbours = new Map();

function sinceWhen(before: readonly CutOffNet[], { cutOff, isAll }: PortsNews, at: TimeMs): readonly CutOffNet[] {
  return cutOff.map(({ subnet, why }) => {
    const since = before.find((one) => one.subnet === subnet && one.why === why)?.since ?? at;
    return { subnet, why, since, ...(isAll ? { isAll } : {}) };
  });
}

function pastNode(libc: Libc, { iface, index, roads }: DhcpPort): ReplyRoads<ReplySocket> {
  const { broadcast, routed, neighbour } = roads;
  const frames =
    iface === undefined || index === undefined
      ? undefined
      : createFrameSocket(libc, { iface, index, socket: broadcast });
  return {
    broadcast: frames ?? createReplySocket(libc, broadcast),
    routed: createReplySocket(libc, routed),
    neighbour: createReplySocket(libc, neighbour),
  };
}

/** Leases that ran out leave the fleet, so that their addresses prove nothing any more. */
function expireLeases({ engine }: DhcpDeskOptions): void {
  const at = engine.now();
  const ended: EventBody[] = [];
  for (const { mac, address, until } of leasesOf(engine.fleet())) {
    if (until <= at) ended.push({ type: 'lease.ended', mac, address, why: 'expired' });
  }
  for (const event of ended) engine.emit(event);
}

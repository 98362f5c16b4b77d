import type { EventBody } from '../core/event.ts';
import { ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import { createDhcpDesk, type DhcpCounts, type DhcpDeskOptions } from './dhcp-desk.ts';
import { closePorts, type DhcpBind, openDhcpSockets } from './dhcp-sockets.ts';
import { createAddressProbe } from './probe-addresses.ts';
import { createArpReader } from './read-arp.ts';
import { createReplyWatch } from './reply-watch.ts';
import type { BootServer, ServerProblem } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';

export interface DhcpServerOptions extends DhcpDeskOptions {
  readonly bind: DhcpBind;
  /** It works, but somebody or something hampers it; undefined: no longer. */
  readonly onWarning?: (warning: string | undefined) => void;
}

export interface DhcpServer extends BootServer {
  readonly pool: AddressPool;
  readonly counts: () => DhcpCounts;
}

const CLOCK_LEASES_MS = 10_000;
const LOOK_MS = 2_000;

export async function createDhcpServer(options: DhcpServerOptions): Promise<Result<DhcpServer, ServerProblem>> {
  const opened = await openDhcpSockets('DHCP', options.site(), options.bind, loadSocketOptions());
  if (!opened.ok) return opened;
  const { ports, listens, warnings } = opened.value;
  const desk = createDhcpDesk(options);
  let socketErrors = 0;
  for (const port of ports) {
    for (const socket of port.receive) {
      socket.on('message', (bytes, peer) => desk.receive(port, bytes, peer.address, peer.port));
      socket.on('error', () => {
        socketErrors += 1;
      });
    }
  }
  const sync = setInterval(() => expireLeases(options), CLOCK_LEASES_MS);
  const probe = createAddressProbe({
    fleet: options.engine.fleet,
    site: options.site,
    pool: desk.pool,
    socketOf: (net) =>
      ports.find((port) => port.iface !== undefined && port.iface === net.spec.interface)?.roads.neighbour,
    neighbours: createArpReader(options.engine.now),
    onForeign: (address, mac) => {
      const text = `${address} is used by ${mac}, which has it not from us: it is not given out`;
      options.onLog({ at: options.engine.now(), node: '', source: 'dhcp', level: 'warn', text });
    },
  });
  const watch = createReplyWatch({ ports: () => ports, cut: desk.cut, onWarning: options.onWarning ?? ignore });
  const looking = setInterval(() => {
    probe.round(options.engine.now());
    watch.round(options.engine.now());
  }, LOOK_MS);
  probe.round(options.engine.now());
  const countsNow = (): DhcpCounts => {
    const counts = desk.counts();
    return { ...counts, sendErrors: counts.sendErrors + socketErrors };
  };
  return ok({
    listens,
    warnings,
    pool: desk.pool,
    counts: countsNow,
    traffic: () => {
      const counts = countsNow();
      return { requests: counts.received, errors: counts.broken + counts.sendErrors, bytes: 0 };
    },
    stop: async () => {
      clearInterval(sync);
      clearInterval(looking);
      await closePorts(ports);
    },
  });
}

const ignore = (): void => undefined;

/** Leases that ran out leave the fleet, so that their addresses prove nothing any more. */
function expireLeases({ engine }: DhcpDeskOptions): void {
  const at = engine.now();
  const ended: EventBody[] = [];
  for (const { mac, address, until } of valuesOf(engine.fleet().leases)) {
    if (until <= at) ended.push({ type: 'lease.ended', mac, address, why: 'expired' });
  }
  for (const event of ended) engine.emit(event);
}

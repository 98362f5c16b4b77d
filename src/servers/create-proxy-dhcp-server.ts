import { fail, ok, type Result } from '../core/result.ts';
import type { SilenceCounts } from '../netboot/silence.ts';
import type { ServerNews } from './create-dhcp-server.ts';
import { closePorts, type DhcpBind, type DhcpPort, openDhcpSockets } from './dhcp-sockets.ts';
import { createProxyDhcpDesk, type ProxyDhcpDesk, type ProxyDhcpDeskOptions } from './proxy-dhcp-desk.ts';
import { createReplyWatch } from './reply-watch.ts';
import { type BootServer, type ListenAddress, type ServerProblem, serverAddresses } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';

export interface ProxyDhcpServerOptions extends ProxyDhcpDeskOptions {
  readonly bind: DhcpBind;
  readonly onNews?: (news: ServerNews) => void;
}

export interface ProxyDhcpServer extends BootServer {
  readonly counts: ProxyDhcpDesk['counts'];
  readonly silences: () => SilenceCounts;
}

const WHAT = 'proxyDHCP';
const LOOK_MS = 2_000;

/** Port 4011: unicast only, on each of our own addresses, and the answer leaves from the same port (PXE 2.1). */
export async function createProxyDhcpServer(
  options: ProxyDhcpServerOptions,
): Promise<Result<ProxyDhcpServer, ServerProblem>> {
  const { bind, site } = options;
  const native = loadSocketOptions();
  const ports: DhcpPort[] = [];
  const listens: ListenAddress[] = [];
  for (const address of bind.address === undefined ? serverAddresses(site()) : [bind.address]) {
    const opened = await openDhcpSockets(WHAT, site(), { port: bind.port, address }, native);
    if (!opened.ok) {
      await closePorts(ports);
      return fail(opened.error);
    }
    ports.push(...opened.value.ports);
    listens.push(...opened.value.listens);
  }
  const desk = createProxyDhcpDesk(options);
  for (const { receive, roads } of ports) {
    const port = { local: roads.routed.address(), roads };
    for (const socket of receive) {
      socket.on('error', () => undefined);
      socket.on('message', (bytes, peer) => desk.receive(port, bytes, peer.address, peer.port));
    }
  }
  const watch = createReplyWatch({
    ports: () => ports,
    cut: desk.cut,
    asks: { neighbours: 'requests of firmware that has its address', port: bind.port },
    onWarning: (warning) => options.onNews?.({ listens, warning }),
  });
  const looking = setInterval(() => watch.round(options.engine.now()), LOOK_MS);
  return ok({
    listens,
    warnings: [],
    counts: desk.counts,
    silences: desk.silences,
    traffic: () => {
      const { received, broken, sendErrors } = desk.counts();
      return { requests: received, errors: broken + sendErrors, bytes: 0 };
    },
    stop: async () => {
      clearInterval(looking);
      await closePorts(ports);
    },
  });
}

import { ok, type Result } from '../core/result.ts';
import type { SilenceCounts } from '../netboot/silence.ts';
import type { ServerNews } from './create-dhcp-server.ts';
import { closePorts, type DhcpBind, type DhcpPort, openDhcpSockets } from './dhcp-sockets.ts';
import { createFollowSite, startAddresses } from './follow-site.ts';
import { createProxyDhcpDesk, type ProxyDhcpDesk, type ProxyDhcpDeskOptions } from './proxy-dhcp-desk.ts';
import { createReplyWatch } from './reply-watch.ts';
import type { BootServer, ListenAddress, ServerProblem } from './server-parts.ts';
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
  const desk = createProxyDhcpDesk(options);
  let ports: readonly DhcpPort[] = [];
  let listens: readonly ListenAddress[] = [];
  const open = async ({ address, port }: ListenAddress): Promise<Result<readonly ListenAddress[], ServerProblem>> => {
    const opened = await openDhcpSockets(WHAT, site(), { port, address }, native);
    if (!opened.ok) return opened;
    for (const one of opened.value.ports) serve(desk, one);
    ports = [...ports, ...opened.value.ports];
    listens = [...listens, ...opened.value.listens];
    return ok(opened.value.listens);
  };
  const close = async ({ address }: ListenAddress): Promise<void> => {
    const dropped = ports.filter((one) => one.address === address);
    ports = ports.filter((one) => one.address !== address);
    listens = listens.filter((one) => one.address !== address);
    await closePorts(dropped);
  };
  for (const address of await startAddresses(bind, site())) {
    const opened = await open({ address, port: bind.port });
    if (opened.ok) continue;
    await closePorts(ports);
    return opened;
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
    follow: createFollowSite({
      site,
      first: listens,
      port: bind.port,
      fixed: bind.address,
      open: ([wanted]) => open(wanted),
      close,
    }),
    traffic: () => {
      const { received, broken, sendErrors } = desk.counts();
      return { requests: received, errors: broken + sendErrors, bytes: desk.sentBytes() };
    },
    stop: async () => {
      clearInterval(looking);
      await closePorts(ports);
    },
  });
}

function serve(desk: ProxyDhcpDesk, { receive, roads }: DhcpPort): void {
  const port = { local: roads.routed.address(), roads };
  for (const socket of receive) {
    socket.on('error', () => undefined);
    socket.on('message', (bytes, peer) => desk.receive(port, bytes, peer.address, peer.port));
  }
}

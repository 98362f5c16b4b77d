import { ok, type Result } from '../core/result.ts';
import type { BulkPool } from './bulk-pool.ts';
import type { FileStore } from './file-store.ts';
import { createFollowSite, startAddresses } from './follow-site.ts';
import { createHttpDesk } from './http-desk.ts';
import { createHttpFront } from './http-front.ts';
import { httpLimits } from './http-limits.ts';
import type { HttpDesk } from './http-question.ts';
import { createLanTcp } from './lan-tcp.ts';
import { listenTcp, type TcpListeners } from './listen-tcp.ts';
import { logRefused } from './refused-connections.ts';
import type { BootParts, BootServer, ListenAddress, ServerProblem } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import type { WhenStored } from './write-hold.ts';

export interface HttpServerOptions extends BootParts {
  readonly bind: { readonly port: number; readonly address?: string };
  readonly files: FileStore;
  /** Who holds the connections and sends. Without them this thread does. */
  readonly bulk?: BulkPool;
  readonly whenStored?: WhenStored;
}

export interface HttpServer extends BootServer {
  readonly connections: () => number;
  /** Bodies on their way. */
  readonly transfers: () => number;
}

interface Listening {
  readonly listens: readonly ListenAddress[];
  readonly add: TcpListeners['add'];
  readonly drop: TcpListeners['drop'];
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

/** Scripts, configurations and images. What goes out is decided here; who sends it makes no difference. */
export async function createHttpServer(options: HttpServerOptions): Promise<Result<HttpServer, ServerProblem>> {
  const { bind, bulk, files } = options;
  const wanted = await startAddresses(bind, options.site());
  const desk = createHttpDesk({ ...options, files: bulk?.files ?? files });
  const listening: Result<Listening, ServerProblem> =
    bulk === undefined
      ? await listenHere(desk, options, wanted, bind.port)
      : await bulk.listenHttp(desk, wanted, bind.port);
  if (!listening.ok) {
    desk.stop();
    return listening;
  }
  const { listens, connections, add, drop, stop } = listening.value;
  return ok({
    listens,
    warnings: [],
    connections,
    transfers: desk.transfers,
    traffic: desk.traffic,
    follow: createFollowSite({
      site: options.site,
      first: listens,
      port: bind.port,
      fixed: bind.address,
      open: add,
      close: drop,
    }),
    stop: async () => {
      // First: what waits for the disk must not go out any more, and says so while it still can.
      desk.stop();
      await stop();
    },
  });
}

async function listenHere(
  desk: HttpDesk,
  parts: HttpServerOptions,
  addresses: readonly string[],
  port: number,
): Promise<Result<Listening, ServerProblem>> {
  const lan = createLanTcp(loadSocketOptions());
  const { serve } = createHttpFront(desk, parts.files, lan);
  const refused = logRefused('HTTP', 'http', parts);
  const options = { mayWaitForAck: true, tellsWhyClosed: true, onListener: lan.listener, onTooMany: refused.add };
  const opened = await listenTcp('HTTP', addresses, port, httpLimits(parts.shares?.http), serve, options);
  if (!opened.ok) return opened;
  const { listens, sockets, add, drop, stop } = opened.value;
  return ok({ listens, connections: () => sockets.size, add, drop, stop });
}

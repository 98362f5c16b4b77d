import { createServer, type Server, type Socket } from 'node:net';
import { fail, ok, type Result } from '../core/result.ts';
import { ClosedHere } from './closed-here.ts';
import { explainListen } from './listen-problem.ts';
import type { ListenAddress, ServerProblem } from './server-parts.ts';

export interface TcpListeners {
  readonly listens: readonly ListenAddress[];
  readonly sockets: ReadonlySet<Socket>;
  /** More of the same kind: all of them or none. */
  readonly add: (wanted: readonly ListenAddress[]) => Promise<Result<readonly ListenAddress[], ServerProblem>>;
  /** Accepts nobody any more there; who was accepted goes on. */
  readonly drop: (where: ListenAddress) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface TcpLimits {
  readonly connections: number;
  readonly perClient: number;
  /** Said to a connection too many before it is closed; without it the connection is only closed. */
  readonly refusal?: string;
}

export interface TcpOptions {
  /** Several threads listen, and the kernel deals the connections out to them. */
  readonly reusePort?: boolean;
  /** For who writes each answer at once: a system call less for each connection. Who needs it sets it himself. */
  readonly mayWaitForAck?: boolean;
  /** What is under way at the end ends with a `ClosedHere`, which who has the connection must take for no fault. */
  readonly tellsWhyClosed?: boolean;
  /** One too many, or one too many of this client (`own`): with how many there are. */
  readonly onTooMany?: (client: string, open: number, own: boolean) => void;
  /** What is set here, accepted connections inherit. */
  readonly onListener?: (server: Server) => void;
}

/** Who speaks with whom. */
export interface TcpEnds {
  readonly client: string;
  readonly local: ListenAddress;
}

/** 1,000 machines that start at once come within one accept round. */
const BACKLOG = 4096;
/** For the refusal to be read: closed at once, the reset would overtake it. */
const REFUSED_MS = 1000;
/** Refusals under way at a time, where that is no more than an eighth of the connections; more are closed without a word. */
const REFUSALS = 256;
const LEAST_REFUSALS = 4;

/** One listener per address, with what every server needs: bounded connections, all of them closed at the end. */
export function listenTcp(
  what: string,
  addresses: readonly string[],
  port: number,
  limits: TcpLimits,
  onSocket: (socket: Socket, client: string, ends: TcpEnds) => void,
  options: TcpOptions = {},
): Promise<Result<TcpListeners, ServerProblem>> {
  const wanted = addresses.map((address) => ({ address, port }));
  return listenTcpAt(what, wanted, limits, onSocket, options);
}

export async function listenTcpAt(
  what: string,
  wanted: readonly ListenAddress[],
  limits: TcpLimits,
  onSocket: (socket: Socket, client: string, ends: TcpEnds) => void,
  options: TcpOptions = {},
): Promise<Result<TcpListeners, ServerProblem>> {
  let servers: readonly Opened[] = [];
  const sockets = new Set<Socket>();
  const perClient = new Map<string, number>();
  const refused = new Set<Socket>();
  const refuse = (socket: Socket): void => {
    if (
      limits.refusal === undefined ||
      refused.size >= Math.min(REFUSALS, Math.max(LEAST_REFUSALS, limits.connections / 8))
    ) {
      socket.destroy();
      return;
    }
    refused.add(socket);
    const late = setTimeout(() => socket.destroy(), REFUSED_MS);
    socket.once('close', () => {
      refused.delete(socket);
      clearTimeout(late);
    });
    socket.resume();
    socket.end(limits.refusal);
  };
  const stop = async () => {
    const why = options.tellsWhyClosed === true ? new ClosedHere(`${what} stopped here; we closed`) : undefined;
    for (const socket of [...sockets, ...refused]) socket.destroy(why);
    await Promise.all(servers.map(({ server }) => closeServer(server)));
  };
  const accept = (socket: Socket, at: ListenAddress): void => {
    const client = plainAddress(socket.remoteAddress);
    const open = perClient.get(client) ?? 0;
    socket.on('error', () => socket.destroy());
    if (sockets.size >= limits.connections || open >= limits.perClient) {
      const own = sockets.size < limits.connections;
      options.onTooMany?.(client, own ? open : sockets.size, own);
      refuse(socket);
      return;
    }
    sockets.add(socket);
    perClient.set(client, open + 1);
    socket.on('close', () => {
      sockets.delete(socket);
      const left = (perClient.get(client) ?? 1) - 1;
      if (left > 0) perClient.set(client, left);
      else perClient.delete(client);
    });
    onSocket(socket, client, { client, local: localOf(socket, at) });
  };
  const add: TcpListeners['add'] = async (more) => {
    const added: Opened[] = [];
    const listens: ListenAddress[] = [];
    for (const { address, port } of more) {
      let at = { address, port };
      const server = createServer({ noDelay: options.mayWaitForAck !== true, allowHalfOpen: true }, (socket) =>
        accept(socket, at),
      );
      const problem = await listen(server, what, { address, port }, options);
      if (problem !== undefined) {
        await Promise.all(added.map((one) => closeServer(one.server)));
        return fail(problem);
      }
      added.push({ server, at: () => at });
      options.onListener?.(server);
      const bound = server.address();
      at = { address, port: typeof bound === 'object' && bound !== null ? bound.port : port };
      listens.push(at);
    }
    servers = [...servers, ...added];
    return ok(listens);
  };
  const drop = async (where: ListenAddress): Promise<void> => {
    const isThere = ({ at }: Opened) => at().address === where.address && at().port === where.port;
    const dropped = servers.filter(isThere);
    servers = servers.filter((one) => !dropped.includes(one));
    // Closed is it at once, over only with the last of its connections.
    for (const { server } of dropped) server.close();
  };
  const first = await add(wanted);
  return first.ok ? ok({ listens: first.value, sockets, add, drop, stop }) : first;
}

interface Opened {
  readonly server: Server;
  readonly at: () => ListenAddress;
}

const closeServer = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

function listen(
  server: Server,
  what: string,
  { address, port }: ListenAddress,
  { reusePort = false }: TcpOptions,
): Promise<ServerProblem | undefined> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(explainListen(error, what, 'tcp', { address, port })));
    server.listen({ port, host: address, backlog: BACKLOG, reusePort }, () => {
      server.on('error', () => undefined);
      resolve(undefined);
    });
  });
}

/** The kernel is asked only where the listener does not say it: a system call less for each connection. */
function localOf(socket: Socket, at: ListenAddress): ListenAddress {
  if (at.address !== '0.0.0.0' && at.address !== '::') return at;
  return { address: plainAddress(socket.localAddress), port: at.port };
}

export function plainAddress(address: string | undefined): string {
  return address?.startsWith('::ffff:') ? address.slice(7) : (address ?? '');
}

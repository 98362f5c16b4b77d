import type { Socket } from 'node:dgram';
import { ok, type Result } from '../core/result.ts';
import { createDatagramReader } from './datagram-reader.ts';
import type { FileStore } from './file-store.ts';
import { createFollowSite, startAddresses } from './follow-site.ts';
import { loadLibc } from './libc.ts';
import type { BootParts, BootServer, ListenAddress, ServerProblem } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { createTftpDesk } from './tftp-desk.ts';
import { createTftpRunner, type TftpRunner } from './tftp-runner.ts';
import { createDgramSockets } from './transfer-socket.ts';
import { closeUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

export interface TftpServerOptions extends BootParts {
  readonly bind: { readonly port: number; readonly address?: string };
  readonly files: FileStore;
  /** Without it the native package decides; `false` for tests and for NICs that drop segmented packets. */
  readonly segmentation?: boolean;
  /** Who sends: bulk threads. Without them this thread does. */
  readonly runner?: TftpRunner;
}

export interface TftpServer extends BootServer {
  readonly active: () => number;
}

/** Requests in one turn of the loop, while many machines ask for their addresses. */
const IN_A_RUSH = 2;

/** Boot loaders by TFTP: one socket per address of ours, and one of its own for each transfer. */
export async function createTftpServer(options: TftpServerOptions): Promise<Result<TftpServer, ServerProblem>> {
  const { bind } = options;
  const wanted = await startAddresses(bind, options.site());
  const sockets = new Map<ListenAddress, Socket>();
  const native = options.segmentation === false ? undefined : loadSocketOptions();
  const own = createTftpRunner(options.files, createDgramSockets(native));
  const desk = createTftpDesk(options, options.runner ?? own);
  const reader = await createDatagramReader(loadLibc(), {
    most: () => (options.rush?.isOn() === true ? IN_A_RUSH : undefined),
  });
  const open = async (asked: readonly ListenAddress[]): Promise<Result<readonly ListenAddress[], ServerProblem>> => {
    const listens: ListenAddress[] = [];
    for (const { address, port } of asked) {
      const opened = await openUdp4('TFTP', address, port);
      if (!opened.ok) return opened;
      const socket = opened.value;
      const local = { address, port: socket.address().port };
      growReceiveBuffer(socket, native);
      socket.on('error', () => undefined);
      const take = (bytes: Buffer, from: string, fromPort: number): void => {
        const reply = (answer: Buffer) => {
          // Its network may have gone out of the site while a file was read.
          if (sockets.has(local)) socket.send(answer, fromPort, from, () => undefined);
        };
        desk.take({ bytes, peer: { address: from, port: fromPort }, local, reply });
      };
      if (reader?.hear(socket, take) !== true)
        socket.on('message', (bytes, peer) => take(bytes, peer.address, peer.port));
      sockets.set(local, socket);
      listens.push(local);
    }
    return ok(listens);
  };
  /** Transfers have sockets of their own, and go on. */
  const close = async (where: ListenAddress): Promise<void> => {
    const socket = sockets.get(where);
    sockets.delete(where);
    if (socket !== undefined) await closeUdp(socket);
  };
  const stop = async () => {
    desk.stop();
    own.stop();
    reader?.stop();
    const open = [...sockets.values()];
    sockets.clear();
    await Promise.all(open.map(closeUdp));
  };
  const first = await open(wanted.map((address) => ({ address, port: bind.port })));
  if (!first.ok) {
    await stop();
    return first;
  }
  const follow = createFollowSite({
    site: options.site,
    first: first.value,
    port: bind.port,
    fixed: bind.address,
    open,
    close,
  });
  return ok({
    listens: first.value,
    warnings: [],
    active: desk.active,
    traffic: desk.traffic,
    follow: async () => {
      const hampered = desk.hampered();
      return { ...(await follow()), ...(hampered === undefined ? {} : { hampered }) };
    },
    stop,
  });
}

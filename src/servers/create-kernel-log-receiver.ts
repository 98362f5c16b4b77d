import type { Socket as UdpSocket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import { KERNEL_LOG_LINE_MAX_BYTES } from '../talos/parse-kernel-log.ts';
import { WHOLE_SHARES } from './file-shares.ts';
import { createFollowSite, startAddresses } from './follow-site.ts';
import { createKernelLogDesk, type KernelLogDeskOptions } from './kernel-log-desk.ts';
import { createLineSplitter } from './line-splitter.ts';
import { listenTcp } from './listen-tcp.ts';
import { logRefused } from './refused-connections.ts';
import type { ReportFlow } from './report-flows.ts';
import { createPerNode } from './seen-ids.ts';
import type { BootParts, BootServer, ListenAddress, ServerProblem } from './server-parts.ts';
import { closeUdp, growReceiveBuffer, openUdp4 } from './udp-socket.ts';

export type KernelLogOptions = KernelLogDeskOptions &
  Pick<BootParts, 'site' | 'shares'> & {
    readonly bind: { readonly port: number; readonly address?: string };
  };

/** Machines that send datagrams; a datagram has no connection, its port stands for one. */
const DATAGRAM_FLOWS = 2048;

/** `talos.logging.kernel`: JSON lines over TCP, or one per datagram over UDP, on the same port. */
export async function createKernelLogReceiver(options: KernelLogOptions): Promise<Result<BootServer, ServerProblem>> {
  const desk = createKernelLogDesk(options);
  const { bind, site } = options;
  const wanted = await startAddresses(bind, site());
  const tcp = await listenTcp(
    'kernel log',
    wanted,
    bind.port,
    (options.shares ?? WHOLE_SHARES).reports,
    (socket, client) => {
      const splitter = createLineSplitter(KERNEL_LOG_LINE_MAX_BYTES);
      const flow = desk.open(client);
      desk.connected(flow);
      socket.on('data', (bytes: Buffer) => {
        for (const line of splitter.push(bytes)) desk.take(flow, line);
      });
      socket.on('end', () => socket.end());
      socket.on('close', () => desk.close(flow));
    },
    { onTooMany: logRefused('kernel log', 'kernel', options).add },
  );
  if (!tcp.ok) {
    desk.stop();
    return tcp;
  }
  const udp = new Map<string, UdpSocket>();
  const stop = async () => {
    desk.stop();
    await Promise.all([tcp.value.stop(), ...[...udp.values()].map(closeUdp)]);
  };
  const flowOf = createPerNode<ReportFlow>((peer) => desk.open(peer.slice(0, peer.lastIndexOf(':'))), DATAGRAM_FLOWS);
  const hear = async (listens: readonly ListenAddress[]): Promise<ServerProblem | undefined> => {
    for (const { address, port } of listens) {
      const opened = await openUdp4('kernel log', address, port);
      if (!opened.ok) return opened.error;
      growReceiveBuffer(opened.value, undefined);
      opened.value.on('error', () => undefined);
      opened.value.on('message', (bytes, peer) =>
        desk.take(flowOf(`${peer.address}:${peer.port}`), bytes.toString('utf8').trimEnd()),
      );
      udp.set(address, opened.value);
    }
    return undefined;
  };
  const silence = async ({ address }: ListenAddress): Promise<void> => {
    const socket = udp.get(address);
    udp.delete(address);
    if (socket !== undefined) await closeUdp(socket);
  };
  const close = async (where: ListenAddress): Promise<void> => {
    await Promise.all([silence(where), tcp.value.drop(where)]);
  };
  const follow = async (more: readonly [ListenAddress]): Promise<Result<readonly ListenAddress[], ServerProblem>> => {
    const deaf = await hear(more);
    if (deaf !== undefined) return fail(deaf);
    const added = await tcp.value.add(more);
    if (!added.ok) await silence(more[0]);
    return added;
  };
  const problem = await hear(tcp.value.listens);
  if (problem !== undefined) {
    await stop();
    return fail(problem);
  }
  return ok({
    listens: tcp.value.listens,
    warnings: [],
    traffic: () => desk.tally,
    follow: createFollowSite({
      site,
      first: tcp.value.listens,
      port: bind.port,
      fixed: bind.address,
      open: follow,
      close,
    }),
    stop,
  });
}

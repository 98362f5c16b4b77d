import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { ok, type Result } from '../core/result.ts';
import { createEventDesk, type EventDeskOptions } from './event-desk.ts';
import { WHOLE_SHARES } from './file-shares.ts';
import { createFollowSite, startAddresses } from './follow-site.ts';
import { listenTcp, plainAddress } from './listen-tcp.ts';
import { logRefused } from './refused-connections.ts';
import type { ReportFlow } from './report-flows.ts';
import type { BootParts, BootServer, ServerProblem } from './server-parts.ts';

export type EventSinkOptions = EventDeskOptions &
  Pick<BootParts, 'site' | 'shares'> & {
    readonly bind: { readonly port: number; readonly address?: string };
  };

/** Far above what `decodeEvent` takes: gRPC itself answers an error beyond it, and Talos would send that event for ever. */
const RECEIVED_MAX_BYTES = 4 * 1024 * 1024;
/** A machine that lost its power says no goodbye: without a question of ours its connection would stand for ever. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 20_000, 'grpc.keepalive_timeout_ms': 20_000 };
const raw = (bytes: Buffer): Buffer => bytes;

/** Bytes in, bytes out: decoding is done where a broken message has a reason instead of an exception. */
const SERVICE: ServiceDefinition = {
  Publish: {
    path: '/events.EventSinkService/Publish',
    requestStream: false,
    responseStream: false,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

/**
 * Where Talos sends its events: gRPC over HTTP/2 without TLS. The node is known by the address that it comes from, or by
 * what it says itself. Everything is answered OK, the unknown too: an error would only make the node send it again for ever.
 */
export async function createEventSink(options: EventSinkOptions): Promise<Result<BootServer, ServerProblem>> {
  const grpc = new Server({
    ...KEEPALIVE,
    'grpc.max_receive_message_length': RECEIVED_MAX_BYTES,
    'grpc.max_concurrent_streams': 16,
  });
  const desk = createEventDesk(options);
  const byPeer = new Map<string, ReportFlow>();
  grpc.addService(SERVICE, {
    Publish: (
      call: { readonly request: Buffer; readonly getPeer: () => string },
      done: (error: null, reply: Buffer) => void,
    ) => {
      done(null, Buffer.alloc(0));
      const peer = call.getPeer();
      desk.take(byPeer.get(peer) ?? desk.open(plainAddress(peer.replace(/:\d+$/, ''))), call.request);
    },
  });
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const { bind, site } = options;
  const addresses = await startAddresses(bind, site());
  const listening = await listenTcp(
    'events',
    addresses,
    bind.port,
    (options.shares ?? WHOLE_SHARES).reports,
    (socket, client) => {
      const peer = `${client}:${socket.remotePort}`;
      const flow = desk.open(client);
      byPeer.set(peer, flow);
      let closed = false;
      socket.once('end', () => {
        closed = true;
      });
      socket.once('close', () => {
        byPeer.delete(peer);
        desk.close(flow, !closed);
      });
      injector.injectConnection(socket);
    },
    { onTooMany: logRefused('events', 'talos', options).add },
  );
  if (!listening.ok) {
    desk.stop();
    grpc.forceShutdown();
    return listening;
  }
  const { listens, add, drop, stop } = listening.value;
  return ok({
    listens,
    warnings: [],
    traffic: () => desk.tally,
    follow: createFollowSite({ site, first: listens, port: bind.port, fixed: bind.address, open: add, close: drop }),
    stop: async () => {
      desk.stop();
      injector.destroy();
      grpc.forceShutdown();
      await stop();
    },
  });
}

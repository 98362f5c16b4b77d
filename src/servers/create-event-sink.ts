import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { ok, type Result } from '../core/result.ts';
import { decodeEvent } from '../talos/decode-event.ts';
import { evidenceOfFact } from '../talos/evidence-of.ts';
import { meaningOfEvent, sequenceAfter, type TalosFact } from '../talos/meaning-of-event.ts';
import { createDropCounter, type DropCounter } from './drop-counter.ts';
import { listenTcp, plainAddress } from './listen-tcp.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createPerNode, createSeenIds, type SeenIds } from './seen-ids.ts';
import { type BootParts, type BootServer, type ServerProblem, serverAddresses } from './server-parts.ts';

export type EventSinkOptions = Pick<BootParts, 'engine' | 'site' | 'addresses' | 'onLog'> & {
  readonly bind: { readonly port: number; readonly address?: string };
  /** How often it is told what was passed over. */
  readonly tellDropsMs?: number;
};

/** A node replays at most 990 events; twice that holds the boot before as well. */
const IDS_PER_NODE = 2048;
/** Two boots one after the other tell some 300; a node that tells more in a loop says nothing new. */
const FACT_LIMITS = { burst: 400, perSecond: 10, totalBurst: 100_000, totalPerSecond: 4_000 };
const LIMITS = { burst: 3000, perSecond: 200, totalBurst: 200_000, totalPerSecond: 20_000 };
/** Far above what `decodeEvent` takes: gRPC itself answers an error beyond it, and Talos would send that event for ever. */
const RECEIVED_MAX_BYTES = 4 * 1024 * 1024;
/** A machine that lost its power says no goodbye: without a question of ours its connection would stand for ever. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 20_000, 'grpc.keepalive_timeout_ms': 20_000 };
const CONNECTIONS = { connections: 8192, perClient: 8 };

interface Gates {
  readonly events: RateGate;
  readonly facts: RateGate;
  readonly drops: DropCounter;
}

interface Following {
  readonly seen: SeenIds;
  /** Phase events do not name their sequence. */
  sequence: string | undefined;
}

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
 * Where Talos sends its events: gRPC over HTTP/2 without TLS. The node is known by the address that it comes from.
 * Everything is answered OK, the unknown too: an error would only make the node send it again for ever.
 */
export async function createEventSink(options: EventSinkOptions): Promise<Result<BootServer, ServerProblem>> {
  const grpc = new Server({
    ...KEEPALIVE,
    'grpc.max_receive_message_length': RECEIVED_MAX_BYTES,
    'grpc.max_concurrent_streams': 16,
  });
  const following = createPerNode<Following>(() => ({ seen: createSeenIds(IDS_PER_NODE), sequence: undefined }));
  const gates: Gates = {
    events: createRateGate(LIMITS),
    facts: createRateGate(FACT_LIMITS),
    drops: createDropCounter(options.engine, 'events', options.tellDropsMs),
  };
  const connected = new Map<string, Set<Socket>>();
  const byPeer = new Map<string, Socket>();
  grpc.addService(SERVICE, {
    Publish: (
      call: { readonly request: Buffer; readonly getPeer: () => string },
      done: (error: null, reply: Buffer) => void,
    ) => {
      done(null, Buffer.alloc(0));
      const peer = call.getPeer();
      take(
        options,
        following,
        gates,
        connected,
        byPeer.get(peer),
        plainAddress(peer.replace(/:\d+$/, '')),
        call.request,
      );
    },
  });
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const addresses = options.bind.address === undefined ? serverAddresses(options.site()) : [options.bind.address];
  const listening = await listenTcp('the event sink', addresses, options.bind.port, CONNECTIONS, (socket, client) => {
    const peer = `${client}:${socket.remotePort}`;
    byPeer.set(peer, socket);
    let closed = false;
    socket.once('end', () => {
      closed = true;
    });
    socket.once('close', () => {
      byPeer.delete(peer);
      forget(options, connected, socket, !closed);
    });
    injector.injectConnection(socket);
  });
  if (!listening.ok) {
    gates.drops.stop();
    grpc.forceShutdown();
    return listening;
  }
  return ok({
    listens: listening.value.listens,
    warnings: [],
    stop: async () => {
      connected.clear();
      gates.drops.stop();
      injector.destroy();
      grpc.forceShutdown();
      await listening.value.stop();
    },
  });
}

function take(
  { engine, addresses, onLog }: EventSinkOptions,
  following: (node: string) => Following,
  { events, facts, drops }: Gates,
  connected: Map<string, Set<Socket>>,
  socket: Socket | undefined,
  address: string,
  bytes: Buffer,
): void {
  const node = addresses.nodeAt(engine.fleet(), address)?.name;
  if (node === undefined) return;
  const at = engine.now();
  if (socket !== undefined) greet(engine, connected, node, address, socket);
  if (!events.pass(node, at)) {
    drops.add(node);
    return;
  }
  const decoded = decodeEvent(bytes);
  if (!decoded.ok) {
    onLog({ at, node, source: 'talos', level: 'warn', text: `an event that cannot be read: ${decoded.error}` });
    return;
  }
  const event = decoded.value;
  const state = following(node);
  if (!state.seen.add(event.id)) return;
  const fact = meaningOfEvent(event, state.sequence);
  state.sequence = sequenceAfter(state.sequence, event);
  // Its address may change when its configuration is applied; it says so itself while the old one still holds.
  if (fact.kind === 'addresses') for (const one of fact.addresses) addresses.learnAlso(one.replace(/\/\d+$/, ''), node);
  const evidence = evidenceOfFact(node, fact);
  if (evidence !== undefined) {
    if (facts.pass(node, at)) engine.emit(evidence);
    else drops.add(node);
  }
  onLog({
    at,
    node,
    source: 'talos',
    level: fact.kind === 'noise' ? 'debug' : levelOf(fact),
    text: describeFact(fact),
  });
}

function greet(
  engine: BootParts['engine'],
  connected: Map<string, Set<Socket>>,
  node: string,
  address: string,
  socket: Socket,
): void {
  const sockets = connected.get(node) ?? new Set();
  if (sockets.has(socket)) return;
  connected.set(node, sockets.add(socket));
  engine.emit({ type: 'talos.connected', node, address, by: 'events' });
}

/** The end of the last connection of a node: it reboots, or the network between us is gone. */
function forget(
  { engine }: EventSinkOptions,
  connected: Map<string, Set<Socket>>,
  socket: Socket,
  lost: boolean,
): void {
  for (const [node, sockets] of connected) {
    if (!sockets.delete(socket) || sockets.size > 0) continue;
    connected.delete(node);
    engine.emit({ type: 'talos.disconnected', node, ...(lost ? { lost } : {}) });
  }
}

const levelOf = (fact: TalosFact): 'info' | 'error' =>
  fact.kind === 'failed' || fact.kind === 'configFailed' ? 'error' : 'info';

function describeFact(fact: TalosFact): string {
  switch (fact.kind) {
    case 'sequence':
      return `sequence ${fact.name} ${fact.action}`;
    case 'phase':
      return `phase ${fact.name} ${fact.action}`;
    case 'stage':
      return `stage ${fact.stage}${fact.ready ? ', ready' : ''}${fact.unmet.length > 0 ? `; waits for ${fact.unmet.join(', ')}` : ''}`;
    case 'restart':
      return `restarts by ${fact.how}`;
    case 'configFailed':
    case 'failed':
      return fact.message;
    case 'maintenance':
      return 'maintenance mode';
    case 'halted':
      return 'halted: Talos is installed on a disk';
    case 'addresses':
      return `addresses ${fact.addresses.join(', ')}`;
    case 'service':
      return `service ${fact.service}: ${fact.state} ${fact.message}`;
    case 'noise':
      return fact.why;
  }
}

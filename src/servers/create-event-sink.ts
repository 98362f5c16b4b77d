import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { nodeOf } from '../core/fleet.ts';
import { isKnownProcess, type Reported, type Told, wasReported } from '../core/reported.ts';
import { ok, type Result } from '../core/result.ts';
import { decodeEvent } from '../talos/decode-event.ts';
import { describeFact, levelOfFact } from '../talos/describe-fact.ts';
import { evidenceOfFact } from '../talos/evidence-of.ts';
import { meaningOfEvent, sequenceAfter } from '../talos/meaning-of-event.ts';
import { toldByXid } from '../talos/xid.ts';
import { createDropCounter, type DropCounter } from './drop-counter.ts';
import { listenTcp, plainAddress } from './listen-tcp.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createReportFlows, type ReportFlow, type ReportFlows } from './report-flows.ts';
import { createPerNode, createSeenIds, type SeenIds } from './seen-ids.ts';
import { type BootParts, type BootServer, type ServerProblem, serverAddresses } from './server-parts.ts';
import { createTally, type Tally } from './traffic.ts';

export type EventSinkOptions = Pick<BootParts, 'engine' | 'site' | 'addresses' | 'tokens' | 'onLog'> & {
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

interface Sink {
  readonly options: EventSinkOptions;
  readonly gates: Gates;
  readonly flows: ReportFlows;
  readonly following: (node: string) => Following;
  readonly connected: Map<string, Set<ReportFlow>>;
}

interface Gates {
  readonly events: RateGate;
  readonly facts: RateGate;
  readonly drops: DropCounter;
  readonly tally: Tally;
}

interface Following {
  readonly seen: SeenIds;
  /** What was counted before this program started. */
  readonly before: Reported | undefined;
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
 * Where Talos sends its events: gRPC over HTTP/2 without TLS. The node is known by the address that it comes from, or by
 * what it says itself. Everything is answered OK, the unknown too: an error would only make the node send it again for ever.
 */
export async function createEventSink(options: EventSinkOptions): Promise<Result<BootServer, ServerProblem>> {
  const grpc = new Server({
    ...KEEPALIVE,
    'grpc.max_receive_message_length': RECEIVED_MAX_BYTES,
    'grpc.max_concurrent_streams': 16,
  });
  const sink = createSink(options);
  const { gates, flows, connected } = sink;
  const byPeer = new Map<string, ReportFlow>();
  grpc.addService(SERVICE, {
    Publish: (
      call: { readonly request: Buffer; readonly getPeer: () => string },
      done: (error: null, reply: Buffer) => void,
    ) => {
      done(null, Buffer.alloc(0));
      const peer = call.getPeer();
      take(sink, byPeer.get(peer) ?? flows.open(plainAddress(peer.replace(/:\d+$/, ''))), call.request);
    },
  });
  const injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  const addresses = options.bind.address === undefined ? serverAddresses(options.site()) : [options.bind.address];
  const listening = await listenTcp('the event sink', addresses, options.bind.port, CONNECTIONS, (socket, client) => {
    const peer = `${client}:${socket.remotePort}`;
    const flow = flows.open(client);
    byPeer.set(peer, flow);
    let closed = false;
    socket.once('end', () => {
      closed = true;
    });
    socket.once('close', () => {
      byPeer.delete(peer);
      flows.close(flow);
      forget(sink, flow, !closed);
    });
    injector.injectConnection(socket);
  });
  if (!listening.ok) {
    gates.drops.stop();
    flows.stop();
    grpc.forceShutdown();
    return listening;
  }
  return ok({
    listens: listening.value.listens,
    warnings: [],
    traffic: () => gates.tally,
    stop: async () => {
      connected.clear();
      gates.drops.stop();
      flows.stop();
      injector.destroy();
      grpc.forceShutdown();
      await listening.value.stop();
    },
  });
}

function createSink(options: EventSinkOptions): Sink {
  const { engine, addresses, tokens, tellDropsMs } = options;
  return {
    options,
    gates: {
      events: createRateGate(LIMITS),
      facts: createRateGate(FACT_LIMITS),
      drops: createDropCounter(engine, 'events', tellDropsMs),
      tally: createTally(),
    },
    flows: createReportFlows({
      engine,
      addresses,
      tokens,
      receiver: 'events',
      ...(tellDropsMs === undefined ? {} : { tellMs: tellDropsMs }),
    }),
    following: createPerNode<Following>((node) => ({
      seen: createSeenIds(IDS_PER_NODE),
      before: nodeOf(engine.fleet(), node)?.reported,
      sequence: undefined,
    })),
    connected: new Map(),
  };
}

function take(sink: Sink, flow: ReportFlow, bytes: Buffer): void {
  const { flows } = sink;
  sink.gates.tally.requests += 1;
  const node = flows.nodeOf(flow) ?? identify(sink, flow, bytes);
  if (node === undefined) {
    flows.keep(flow, bytes.toString('latin1'));
    return;
  }
  for (const before of flows.release(flow)) report(sink, flow, node, Buffer.from(before, 'latin1'));
  report(sink, flow, node, bytes);
}

/** An event says nothing of its sender, except the one that tells its addresses and host name. */
function identify({ flows, gates, options }: Sink, flow: ReportFlow, bytes: Buffer): string | undefined {
  if (!gates.events.pass(flow.address, options.engine.now())) return undefined;
  const decoded = decodeEvent(bytes);
  const fact = decoded.ok ? meaningOfEvent(decoded.value) : undefined;
  return fact?.kind === 'addresses' ? flows.identify(flow, fact) : undefined;
}

function report(sink: Sink, flow: ReportFlow, node: string, bytes: Buffer): void {
  const { engine, addresses, onLog } = sink.options;
  const { events, facts, drops } = sink.gates;
  const at = engine.now();
  if (!events.pass(node, at)) {
    greet(sink, node, flow, undefined);
    drops.add(node);
    return;
  }
  const decoded = decodeEvent(bytes);
  const told = decoded.ok ? toldByXid(decoded.value.id) : undefined;
  greet(sink, node, flow, told);
  if (!decoded.ok) {
    sink.gates.tally.errors += 1;
    onLog({ at, node, source: 'talos', level: 'warn', text: `an event that cannot be read: ${decoded.error}` });
    return;
  }
  const event = decoded.value;
  const state = sink.following(node);
  if (!state.seen.add(event.id)) return;
  const fact = meaningOfEvent(event, state.sequence);
  state.sequence = sequenceAfter(state.sequence, event);
  // Its address may change when its configuration is applied; it says so itself while the old one still holds.
  if (fact.kind === 'addresses') for (const one of fact.addresses) addresses.learnAlso(one.replace(/\/\d+$/, ''), node);
  const evidence = evidenceOfFact(node, fact);
  // After a restart of this program a node may tell its whole boot again: its log is filled by that, and nothing else.
  if (evidence !== undefined && (told === undefined || !wasReported(state.before, told))) {
    if (facts.pass(node, at)) engine.emit({ ...evidence, ...(told === undefined ? {} : { told }) });
    else drops.add(node);
  }
  onLog({ at, node, source: 'talos', level: levelOfFact(fact), text: describeFact(fact) });
}

function greet({ options, connected }: Sink, node: string, flow: ReportFlow, told: Told | undefined): void {
  const { engine } = options;
  const flows = connected.get(node) ?? new Set();
  if (flows.has(flow)) return;
  connected.set(node, flows.add(flow));
  const goesOn = isKnownProcess(nodeOf(engine.fleet(), node)?.reported, told);
  const { address } = flow;
  engine.emit({ type: 'talos.connected', node, address, by: 'events', ...(goesOn ? { goesOn } : {}) });
}

/** The end of the last connection of a node: it reboots, or the network between us is gone. */
function forget({ options, connected }: Sink, flow: ReportFlow, lost: boolean): void {
  for (const [node, flows] of connected) {
    if (!flows.delete(flow) || flows.size > 0) continue;
    connected.delete(node);
    options.engine.emit({ type: 'talos.disconnected', node, ...(lost ? { lost } : {}) });
  }
}

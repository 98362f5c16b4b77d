import type { EventBody } from '../core/event.ts';
import { leaseIn } from '../core/lease.ts';
import { type AddressPool, createAddressPool } from '../netboot/address-pool.ts';
import { answerDhcp } from '../netboot/answer-dhcp.ts';
import { senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import type { DhcpAnswer, DhcpArrival, DhcpView } from '../netboot/dhcp-ask.ts';
import { createIdentityMemo } from '../netboot/identity-memo.ts';
import { createSilenceTally, type SilenceCounts, type SilenceTally } from '../netboot/silence.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createReplyQueue, type EncodedReply, type ReplyQueue, type ReplySocket } from './reply-queue.ts';
import { MAY_WAIT, type ReplyRoads, roadTo } from './reply-roads.ts';
import type { CutReplies } from './reply-watch.ts';
import type { BootParts } from './server-parts.ts';

export type DhcpDeskOptions = Pick<
  BootParts,
  'engine' | 'site' | 'rendered' | 'artefacts' | 'addresses' | 'onLog' | 'captures'
> & {
  /** Resolves when what was emitted so far is on disk; leases are acknowledged only after that (conformance Q2). */
  readonly whenStored?: () => Promise<unknown>;
  /** Somebody else's OFFER or ACK, heard on the server port. */
  readonly onReply?: (message: DhcpMessage, from: string, iface: string | undefined) => void;
};

export interface DhcpCounts {
  readonly received: number;
  readonly sent: number;
  /** Replies to one machine's addresses beyond what any machine needs: not sent. */
  readonly cut: number;
  readonly broken: number;
  readonly sendErrors: number;
  readonly eventsCut: number;
}

/** Where a packet came in, and which socket answers there. */
export interface DeskPort {
  readonly iface: string | undefined;
  readonly roads: ReplyRoads<ReplySocket>;
  /** Of a socket without an address, to which all but broadcasts never come: those with one are nearer to them. */
  readonly isBroadcast: boolean;
}

/** A DHCP server without its sockets: packets in, replies through the port that they came by. */
export interface DhcpDesk {
  readonly pool: AddressPool;
  readonly receive: (port: DeskPort, bytes: Buffer, from: string, fromPort: number) => void;
  readonly counts: () => DhcpCounts;
  readonly silences: () => SilenceCounts;
  readonly cut: () => CutReplies;
}

/** A machine asks a dozen times in a bad boot, and there are only so many. Strangers share what a person could read. */
const NODE_LIMITS = { burst: 40, perSecond: 5, totalBurst: Number.MAX_SAFE_INTEGER, totalPerSecond: 0 };
const STRANGER_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 200, totalPerSecond: 20 };
/**
 * Replies that one machine has sent to addresses of our segments. It can name any (an INFORM, a renewal), and each where
 * nobody is costs the socket 3 s of room: 35 at once are a fifth of it.
 */
const NEIGHBOUR_LIMITS = { burst: 20, perSecond: 5, totalBurst: Number.MAX_SAFE_INTEGER, totalPerSecond: 0 };
const CLIENT_PORT = 68;
const BROADCAST = '255.255.255.255';

interface Running {
  readonly options: DhcpDeskOptions;
  readonly pool: AddressPool;
  readonly identify: ReturnType<typeof createIdentityMemo>;
  readonly nodes: RateGate;
  readonly strangers: RateGate;
  readonly neighbours: RateGate;
  cutFor: Omit<CutReplies, 'count'>;
  readonly replies: ReplyQueue;
  readonly counts: { -readonly [K in keyof DhcpCounts]: DhcpCounts[K] };
  readonly silences: SilenceTally;
}

export function createDhcpDesk(options: DhcpDeskOptions): DhcpDesk {
  const counts = { received: 0, sent: 0, cut: 0, broken: 0, sendErrors: 0, eventsCut: 0 };
  const running: Running = {
    options,
    pool: createAddressPool(),
    identify: createIdentityMemo(),
    nodes: createRateGate(NODE_LIMITS),
    strangers: createRateGate(STRANGER_LIMITS),
    neighbours: createRateGate(NEIGHBOUR_LIMITS),
    cutFor: { mac: '', iface: undefined },
    replies: createReplyQueue((error) => {
      if (error === null) counts.sent += 1;
      else counts.sendErrors += 1;
    }, options.whenStored),
    counts,
    silences: createSilenceTally(),
  };
  running.pool.sync(options.engine.fleet(), options.site(), options.engine.now());
  return {
    pool: running.pool,
    receive: (port, bytes, from, fromPort) => {
      counts.received += 1;
      receive(running, port, bytes, from, fromPort);
    },
    cut: () => ({ count: counts.cut, ...running.cutFor }),
    counts: () => ({ ...counts, eventsCut: running.nodes.dropped() + running.strangers.dropped() }),
    silences: running.silences.counts,
  };
}

function receive(running: Running, port: DeskPort, bytes: Buffer, from: string, fromPort: number): void {
  const { options, counts } = running;
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok) {
    counts.broken += 1;
    return;
  }
  const message = decoded.value;
  if (message.op === 'reply') {
    options.onReply?.(message, from, port.iface);
    return;
  }
  const { engine, rendered, artefacts } = options;
  const { pool, identify } = running;
  const fleet = engine.fleet();
  const at = engine.now();
  const site = options.site();
  pool.sync(fleet, site, at);
  const view: DhcpView = { fleet, at, rendered, artefacts, site, pool, identify };
  const arrival = { iface: port.iface, address: senderAddress(from), port: fromPort };
  const answer = answerDhcp(view, message, arrival);
  for (const change of answer.pool) pool.apply(change);
  if (answer.learned !== undefined) options.addresses.learn(renderIpv4(answer.learned.address), answer.learned.node);
  const sent = answer.reply === undefined ? undefined : running.replies.encode(answer.reply.packet);
  capture(running, bytes, arrival, port.isBroadcast, message, answer, sent);
  const tell = () => emitAll(running, answer, message.giaddr);
  if (answer.reply === undefined || sent === undefined) {
    if (answer.silence !== undefined) running.silences.add(answer.silence);
    running.replies.later(tell);
    return;
  }
  const { to } = answer.reply;
  const road = roadTo(options.site(), to);
  if (road === 'neighbour' && !running.neighbours.pass(message.mac, at)) {
    counts.cut += 1;
    running.cutFor = { mac: message.mac, iface: port.iface };
    running.replies.later(tell);
    return;
  }
  const host = to.kind === 'broadcast' ? BROADCAST : renderIpv4(to.address);
  const toPort = to.kind === 'broadcast' ? CLIENT_PORT : to.port;
  const queued = { ...sent, socket: port.roads[road], mayWait: MAY_WAIT[road], host, port: toPort };
  if (answer.reply.packet.options.messageType === 'ack') {
    // A lease is believed before it is told: a crash in between must not give the address to another machine.
    tell();
    running.replies.addWhenStored(queued);
  } else {
    running.replies.add(queued);
    running.replies.later(tell);
  }
}

function emitAll(running: Running, { events, reason, node }: DhcpAnswer, relay: number): void {
  const { engine, onLog } = running.options;
  const at = engine.now();
  const isHeard = node === undefined || running.nodes.pass(node, at);
  for (const event of events) {
    if (event.type === 'stranger.seen' && !running.strangers.pass(event.mac, at)) continue;
    const told = isHeard ? event : leaseAlone(event);
    if (told !== undefined) engine.emit(told);
  }
  if (node !== undefined && isHeard) onLog({ at, node, source: 'dhcp', level: 'info', text: reason });
  if (node !== undefined || events.length > 0 || relay === 0) return;
  // A relay that the site does not know carries a whole rack, and nothing else tells of it.
  const from = renderIpv4(relay);
  if (running.strangers.pass(from, at))
    onLog({ at, node: '', source: 'dhcp', level: 'warn', text: `relay ${from} is not answered: ${reason}` });
}

/** Leases are state, and always told: of a machine that shouts, without the rest of what it says. */
function leaseAlone(event: EventBody): EventBody | undefined {
  if (event.type === 'lease.granted' || event.type === 'lease.ended') return event;
  const lease = leaseIn(event);
  return lease === undefined ? undefined : { type: 'lease.granted', ...lease };
}

function capture(
  { options }: Running,
  bytes: Buffer,
  { address, port }: DhcpArrival,
  isBroadcast: boolean,
  message: DhcpMessage,
  { node, reply, reason }: DhcpAnswer,
  reused: EncodedReply | undefined,
): void {
  if (options.captures === undefined || node === undefined) return;
  const timeMs = options.engine.now();
  const server = { address: reply?.packet.options.serverId ?? 0xffffffff, port: 67 };
  const heardAt = isBroadcast ? { address: 0xffffffff, port: 67 } : server;
  const source = message.hlen === 6 ? { address, port, mac: message.mac } : { address, port };
  options.captures.keep(node, { timeMs, source, destination: heardAt, payload: bytes, comment: reason });
  if (reply === undefined || reused === undefined) return;
  const to = reply.to.kind === 'broadcast' ? { address: 0xffffffff, port: CLIENT_PORT } : reply.to;
  options.captures.keep(node, {
    timeMs,
    source: server,
    destination: to,
    payload: reused.buffer.subarray(0, reused.size),
    comment: reason,
  });
}

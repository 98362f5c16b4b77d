import { type AddressPool, createAddressPool } from '../netboot/address-pool.ts';
import { answerDhcp } from '../netboot/answer-dhcp.ts';
import { senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import type { DhcpAnswer, DhcpArrival, DhcpView } from '../netboot/dhcp-ask.ts';
import { createIdentityMemo } from '../netboot/identity-memo.ts';
import { createSilenceTally, type SilenceCounts, type SilenceTally } from '../netboot/silence.ts';
import { unbelievedPort } from '../netboot/unbelieved-port.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { createDhcpTelling, type DhcpTelling } from './dhcp-telling.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import {
  createReplyQueue,
  type EncodedReply,
  type QueuedReply,
  type ReplyQueue,
  type ReplySocket,
} from './reply-queue.ts';
import { MAY_WAIT, type ReplyRoads, roadTo } from './reply-roads.ts';
import type { CutReplies } from './reply-watch.ts';
import type { BootParts } from './server-parts.ts';
import { createShortPools, type ShortPools } from './short-pools.ts';

export type DhcpDeskOptions = Pick<
  BootParts,
  'engine' | 'site' | 'rendered' | 'artefacts' | 'addresses' | 'onLog' | 'captures'
> & {
  /** Resolves when what was emitted so far is on disk; leases are acknowledged only after that (conformance Q2). */
  readonly whenStored?: () => Promise<unknown>;
  /** Somebody else's OFFER, ACK or NAK, heard on the server port. */
  readonly onReply?: (message: DhcpMessage, from: string, iface: string | undefined, bytes: Buffer) => void;
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

/** Where a packet came in, and which sockets answer there. */
export interface DeskPort {
  readonly iface: string | undefined;
  /**
   * The address of ours that was asked, and answers. Undefined: a socket without one, to which all but broadcasts never
   * come (those with one are nearer to them). What it hears is answered from the address of the network.
   */
  readonly asked: number | undefined;
  /** Those that answer from this address of ours; undefined: none does now. `isHere`: out of this very interface. */
  readonly roadsFrom: (address: number, isHere?: boolean) => ReplyRoads<ReplySocket> | undefined;
  /** Our addresses that are not on this interface now. */
  readonly away?: () => ReadonlySet<number>;
}

/** A DHCP server without its sockets: packets in, replies through the port that they came by. */
export interface DhcpDesk {
  readonly pool: AddressPool;
  readonly receive: (port: DeskPort, bytes: Buffer, from: string, fromPort: number) => void;
  readonly counts: () => DhcpCounts;
  readonly sentBytes: () => number;
  readonly silences: () => SilenceCounts;
  readonly cut: () => CutReplies;
  /** Which pools had no address for machines of the inventory, as sentences. */
  readonly short: () => string | undefined;
  /** Tells what it has not told yet. */
  readonly stop: () => void;
}

/**
 * Replies that one machine has sent to addresses of our segments. It can name any (an INFORM, a renewal), and each where
 * nobody is costs the socket 3 s of room: 35 at once are a fifth of it.
 */
const NEIGHBOUR_LIMITS = { burst: 20, perSecond: 5, totalBurst: Number.MAX_SAFE_INTEGER, totalPerSecond: 0 };
/** A forged relay must fill neither the log of a machine nor the packets that are kept of it: as many as a boot sends. */
const UNSERVED_LIMITS = { burst: 8, perSecond: 0.1, totalBurst: 400, totalPerSecond: 20 };
const CLIENT_PORT = 68;
const BROADCAST = '255.255.255.255';

interface Running {
  readonly options: ReturnType<typeof ownOf>;
  readonly pool: AddressPool;
  readonly identify: ReturnType<typeof createIdentityMemo>;
  readonly neighbours: RateGate;
  readonly unserved: RateGate;
  cutFor: Omit<CutReplies, 'count'>;
  readonly replies: ReplyQueue;
  readonly telling: DhcpTelling;
  readonly counts: { -readonly [K in keyof DhcpCounts]: DhcpCounts[K] };
  readonly silences: SilenceTally;
  readonly short: ShortPools;
}

export function createDhcpDesk(parts: DhcpDeskOptions): DhcpDesk {
  const options = ownOf(parts);
  const counts = { received: 0, sent: 0, cut: 0, broken: 0, sendErrors: 0, eventsCut: 0 };
  const pool = createAddressPool();
  const running: Running = {
    options,
    pool,
    short: createShortPools(pool),
    identify: createIdentityMemo(),
    neighbours: createRateGate(NEIGHBOUR_LIMITS),
    unserved: createRateGate(UNSERVED_LIMITS),
    cutFor: { mac: '', iface: undefined },
    replies: createReplyQueue((error) => {
      if (error === null) counts.sent += 1;
      else counts.sendErrors += 1;
    }, options.whenStored),
    telling: createDhcpTelling(options),
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
    counts: () => ({ ...counts, eventsCut: running.telling.eventsCut() }),
    sentBytes: running.replies.sentBytes,
    silences: running.silences.counts,
    short: () => running.short.warning(options.site(), options.engine.now()),
    stop: running.telling.stop,
  };
}

/** Always of one shape, with all of them: where another has more beside it, V8 throws away what it compiled before. */
const ownOf = (parts: DhcpDeskOptions) =>
  ({
    engine: parts.engine,
    site: parts.site,
    rendered: parts.rendered,
    artefacts: parts.artefacts,
    addresses: parts.addresses,
    onLog: parts.onLog,
    captures: parts.captures,
    whenStored: parts.whenStored,
    onReply: parts.onReply,
  }) satisfies Record<keyof DhcpDeskOptions, unknown>;

function receive(running: Running, port: DeskPort, bytes: Buffer, from: string, fromPort: number): void {
  const { options, counts } = running;
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok) {
    counts.broken += 1;
    return;
  }
  const message = decoded.value;
  if (message.op === 'reply') {
    options.onReply?.(message, from, port.iface, bytes);
    return;
  }
  const { engine, rendered, artefacts } = options;
  const { pool, identify, telling } = running;
  const before = telling.untold(message);
  const fleet = engine.fleet();
  const at = engine.now();
  const site = options.site();
  pool.sync(fleet, site, at);
  const view: DhcpView = { fleet, at, rendered, artefacts, site, pool, identify };
  const arrival = { iface: port.iface, address: senderAddress(from), port: fromPort, away: port.away?.() };
  const answer = answerDhcp(view, message, arrival);
  if (answer.silence === 'network' && answer.node !== undefined && !running.unserved.pass(answer.node, at)) {
    running.silences.add('network');
    if (before !== undefined) telling.tellAlone(before);
    return;
  }
  for (const change of answer.pool) pool.apply(change);
  if (answer.learned !== undefined) options.addresses.learn(renderIpv4(answer.learned.address), answer.learned.node);
  const sent = answer.reply === undefined ? undefined : running.replies.encode(answer.reply.packet);
  capture(running, bytes, arrival, port.asked, message, answer, sent);
  if (answer.silence !== undefined) running.silences.add(answer.silence);
  if (answer.node === undefined && message.giaddr === 0 && message.options.relayInfo !== undefined) {
    const port = unbelievedPort(site, fleet, message, arrival);
    if (port !== undefined) telling.tellUnbelieved(arrival.iface, port);
  }
  if (answer.short !== undefined) running.short.note(answer.short);
  if (sent !== undefined && sent.leftOut.length > 0) telling.tellLeftOut(message, answer, sent.leftOut);
  const tell = () => telling.tell(message, answer, before);
  const queued = sent === undefined ? undefined : queue(running, port, message, answer, sent);
  if (queued === undefined) {
    running.replies.later(tell);
  } else if (answer.reply?.packet.options.messageType === 'ack') {
    // A lease is believed before it is told: a crash in between must not give the address to another machine.
    tell();
    running.replies.addWhenStored(queued);
  } else {
    running.replies.add(queued);
    if (!telling.hold(message, answer)) running.replies.later(tell);
  }
}

/** Where the reply goes and by which road; undefined where this machine has had too many, or the address is not open. */
function queue(
  running: Running,
  port: DeskPort,
  { mac }: DhcpMessage,
  { reply }: DhcpAnswer,
  sent: EncodedReply,
): QueuedReply | undefined {
  if (reply === undefined) return undefined;
  const { engine, site } = running.options;
  const { to } = reply;
  // What is broadcast elsewhere reaches another wire; a relay is reached by whichever way there is.
  const roads = port.roadsFrom(port.asked ?? reply.from, reply.to.kind === 'broadcast');
  if (roads === undefined) {
    running.counts.sendErrors += 1;
    return undefined;
  }
  const road = roadTo(site(), to);
  if (road === 'neighbour' && !running.neighbours.pass(mac, engine.now())) {
    running.counts.cut += 1;
    running.cutFor = { mac, iface: port.iface };
    return undefined;
  }
  const host = to.kind === 'broadcast' ? BROADCAST : renderIpv4(to.address);
  const toPort = to.kind === 'broadcast' ? CLIENT_PORT : to.port;
  return { ...sent, socket: roads[road], mayWait: MAY_WAIT[road], host, port: toPort };
}

function capture(
  { options }: Running,
  bytes: Buffer,
  { address, port }: DhcpArrival,
  asked: number | undefined,
  message: DhcpMessage,
  { node, reply, reason }: DhcpAnswer,
  reused: EncodedReply | undefined,
): void {
  if (options.captures === undefined || node === undefined) return;
  const timeMs = options.engine.now();
  const heardAt = { address: asked ?? 0xffffffff, port: 67 };
  const source = message.hlen === 6 ? { address, port, mac: message.mac } : { address, port };
  options.captures.keep(node, { timeMs, source, destination: heardAt, payload: bytes, comment: reason });
  if (reply === undefined || reused === undefined) return;
  const to = reply.to.kind === 'broadcast' ? { address: 0xffffffff, port: CLIENT_PORT } : reply.to;
  options.captures.keep(node, {
    timeMs,
    source: { address: asked ?? reply.from, port: 67 },
    destination: to,
    payload: reused.buffer.subarray(0, reused.size),
    comment: reason,
  });
}

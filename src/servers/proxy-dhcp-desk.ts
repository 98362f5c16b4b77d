import { createAddressPool } from '../netboot/address-pool.ts';
import { answerProxyDhcp, senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import type { DhcpAnswer, DhcpArrival } from '../netboot/dhcp-ask.ts';
import { createSilenceTally, type SilenceCounts, type SilenceTally } from '../netboot/silence.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import type { DhcpCounts, DhcpDeskOptions } from './dhcp-desk.ts';
import { createRateGate, type RateGate } from './rate-gate.ts';
import { createReplyQueue, type EncodedReply, type ReplyQueue, type ReplySocket } from './reply-queue.ts';
import { MAY_WAIT, type ReplyRoads, roadTo } from './reply-roads.ts';
import type { CutReplies } from './reply-watch.ts';
import type { ListenAddress } from './server-parts.ts';

export type ProxyDhcpDeskOptions = Omit<DhcpDeskOptions, 'whenStored' | 'onReply'>;

/** An address of ours that is asked. */
export interface ProxyPort {
  readonly local: ListenAddress;
  readonly roads: ReplyRoads<ReplySocket>;
}

/** The boot server of port 4011 without its sockets. */
export interface ProxyDhcpDesk {
  readonly receive: (port: ProxyPort, bytes: Buffer, from: string, fromPort: number) => void;
  readonly counts: () => Omit<DhcpCounts, 'eventsCut'>;
  readonly sentBytes: () => number;
  readonly silences: () => SilenceCounts;
  readonly cut: () => CutReplies;
}

/** One machine asks twice; who asks a hundred times a second uses us against a third. */
const LIMITS = { burst: 20, perSecond: 5, totalBurst: 5_000, totalPerSecond: 2_000 };

interface Running {
  readonly options: ProxyDhcpDeskOptions;
  readonly gate: RateGate;
  readonly replies: ReplyQueue;
  readonly silences: SilenceTally;
  readonly counts: { -readonly [K in 'received' | 'sent' | 'broken' | 'sendErrors']: number };
  cutFor: string;
  /** No address is given here; the pool is only what the answer's view asks for. */
  readonly pool: ReturnType<typeof createAddressPool>;
}

export function createProxyDhcpDesk(options: ProxyDhcpDeskOptions): ProxyDhcpDesk {
  const counts = { received: 0, sent: 0, broken: 0, sendErrors: 0 };
  const running: Running = {
    options,
    gate: createRateGate(LIMITS),
    replies: createReplyQueue((error) => {
      if (error === null) counts.sent += 1;
      else counts.sendErrors += 1;
    }, undefined),
    silences: createSilenceTally(),
    counts,
    cutFor: '',
    pool: createAddressPool(),
  };
  return {
    receive: (port, bytes, from, fromPort) => receive(running, port, bytes, from, fromPort),
    counts: () => ({ ...counts, cut: running.gate.dropped() }),
    sentBytes: running.replies.sentBytes,
    silences: running.silences.counts,
    cut: () => ({ count: running.gate.dropped(), mac: running.cutFor, iface: undefined }),
  };
}

function receive(running: Running, port: ProxyPort, bytes: Buffer, from: string, fromPort: number): void {
  const { options, counts, replies, pool } = running;
  counts.received += 1;
  const decoded = decodeDhcp(bytes);
  if (!decoded.ok) {
    counts.broken += 1;
    return;
  }
  const { engine, rendered, artefacts } = options;
  const at = engine.now();
  const message = decoded.value;
  if (!running.gate.pass(from, at)) {
    running.cutFor = message.mac;
    return;
  }
  const site = options.site();
  const view = { fleet: engine.fleet(), at, rendered, artefacts, site, pool };
  const arrival = { iface: undefined, address: senderAddress(from), port: fromPort };
  const answer = answerProxyDhcp(view, message, arrival);
  if (answer.learned !== undefined) options.addresses.learn(renderIpv4(answer.learned.address), answer.learned.node);
  if (answer.silence !== undefined) running.silences.add(answer.silence);
  const to = answer.reply?.to;
  const sent = answer.reply === undefined ? undefined : replies.encode(answer.reply.packet);
  capture(running, port, bytes, arrival, answer, sent);
  if (sent !== undefined && to?.kind === 'unicast') {
    const road = roadTo(site, to);
    const host = renderIpv4(to.address);
    replies.add({ ...sent, socket: port.roads[road], mayWait: MAY_WAIT[road], host, port: to.port });
  }
  replies.later(() => tell(running, answer));
}

function tell({ options }: Running, { events, node, asker, reason }: DhcpAnswer): void {
  const { engine, onLog } = options;
  for (const event of events) engine.emit(event);
  if (node !== undefined) onLog({ at: engine.now(), node, source: 'dhcp', level: 'info', text: `${asker}: ${reason}` });
}

function capture(
  { options: { captures, engine } }: Running,
  { local }: ProxyPort,
  payload: Buffer,
  { address, port }: DhcpArrival,
  { node, reason }: DhcpAnswer,
  reused: EncodedReply | undefined,
): void {
  if (captures === undefined || node === undefined) return;
  const here = { address: senderAddress(local.address), port: local.port };
  const there = { address, port };
  const kept = { timeMs: engine.now(), comment: reason };
  captures.keep(node, { ...kept, source: there, destination: here, payload });
  if (reused === undefined) return;
  captures.keep(node, { ...kept, source: here, destination: there, payload: reused.buffer.subarray(0, reused.size) });
}

import type { Worker } from 'node:worker_threads';
import { nodesWithMac } from '../core/fleet.ts';
import { senderAddress } from '../netboot/answer-proxy-dhcp.ts';
import { type RivalEvent, readAnswer, readRival } from '../netboot/read-rival.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { plainAddress } from './listen-tcp.ts';
import { type Ears, type HeardAnswer, heardBytes, openEars } from './radar-ears.ts';
import type { RadarStart } from './radar-thread.ts';
import { openEarsInThread } from './radar-thread-link.ts';
import { createRateGate } from './rate-gate.ts';
import type { BootParts, BootServer } from './server-parts.ts';

export type RadarOptions = Pick<BootParts, 'engine' | 'site' | 'onLog' | 'captures'> & {
  /** 68 but for tests. */
  readonly port?: number;
  /** One more thread of this program that runs `runRadarThread`. Absent (not run from a bundle): this one listens. */
  readonly startThread?: (start: RadarStart) => Worker;
  /** Its thread ended by itself: nobody listens any more. */
  readonly onLost?: (why: string) => void;
  /** Where it listens, or what it warns of, is another thing now. */
  readonly onNews?: () => void;
};

export interface Radar extends BootServer {
  /** An answer of another server that reached the server port: give it as `onReply` to the DHCP server. */
  readonly heard: (message: DhcpMessage, from: string, iface: string | undefined, bytes: Buffer) => void;
}

const BROADCAST = 0xffffffff;
const SERVER_PORT = 67;
const CLIENT_PORT = 68;
/** What a server hands out is told now and then, however many it answers. */
const SERVER_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 100, totalPerSecond: 10 };
/** What anybody can send us from anywhere takes nothing from that. */
const FAR_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 20, totalPerSecond: 1 };
/** Which machines it answered counts for each of them. */
const NODE_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: Number.MAX_SAFE_INTEGER, totalPerSecond: 0 };

/**
 * Other DHCP servers, by what they broadcast to machines. Unicast answers to a machine do not come by; that it took one is
 * told by its REQUEST, which names the server.
 */
export async function createRadar(options: RadarOptions): Promise<Radar> {
  const { engine, site, onLog } = options;
  const servers = createRateGate(SERVER_LIMITS);
  const far = createRateGate(FAR_LIMITS);
  const nodes = createRateGate(NODE_LIMITS);
  const own = (): readonly string[] => site().nets.map((net) => net.serverText);
  const judge = (heard: HeardAnswer, port: number): void => {
    const { answer, from, mac, iface, isTwin } = heard;
    const now = engine.now();
    const isToServer = port === SERVER_PORT ? true : undefined;
    const events = readRival(engine.fleet(), site(), answer, { address: from, mac, iface, isTwin, isToServer });
    keep(options, heard, port, events);
    for (const event of events) {
      if (event.type === 'dhcp.addressOffered') {
        if (nodes.pass(`${event.node} address`, now)) engine.emit(event);
      } else if (event.type === 'dhcp.rivalAnswered') {
        // Offers that come by all the time take nothing from what stops a boot.
        if (nodes.pass(event.refused ? `${event.node} NAK` : event.node, now)) engine.emit(event);
      } else if (
        (event.isFar === true ? far : servers).pass(
          `${event.server} ${event.refuses ? 'NAK' : (event.bootFile ?? '')}`,
          now,
        )
      ) {
        engine.emit(event);
        const by = event.server === from ? from : `${event.server} (by way of ${from})`;
        const who = isTwin === true ? `at our own address ${from}, ${mac}` : by;
        const did = event.refuses ? 'refused (NAK)' : 'answered';
        const text = `another DHCP server, ${who}, ${did} ${answer.mac} on ${iface === '' ? 'this network' : iface}`;
        onLog({ at: now, node: '', source: 'dhcp', level: 'warn', text });
      }
    }
  };
  const ifaces = [...new Set(site().spec.networks.flatMap((net) => net.interface ?? []))];
  const order = { ifaces, port: options.port ?? CLIENT_PORT, own: own() };
  let ears: Ears | undefined;
  const take = (heard: HeardAnswer): void => {
    // A reload may have given us another address.
    if (heard.isTwin !== true && own().includes(heard.from)) ears?.setOwn(own());
    // The ears have the clock of the host, which may be set.
    else judge({ ...heard, atMs: engine.now() }, CLIENT_PORT);
  };
  const { startThread, onLost = () => undefined, onNews = () => undefined } = options;
  ears =
    startThread === undefined || ifaces.length === 0
      ? await openEars(order, take, () => undefined, onNews)
      : await openEarsInThread(startThread({ role: 'radar', ...order }), take, onLost, onNews);
  const { stop } = ears;
  return {
    get listens() {
      return ears?.listens ?? [];
    },
    get warnings() {
      return ears?.warnings ?? [];
    },
    heard: (message, sender, iface, bytes) => {
      const answer = readAnswer(message);
      const from = plainAddress(sender);
      if (answer === undefined || own().includes(from)) return;
      const heard = { answer, atMs: engine.now(), ...heardBytes(bytes), from, mac: '', iface: iface ?? '' };
      judge(heard, SERVER_PORT);
    },
    stop,
  };
}

/** Beside our own packets of that machine: what a network's own people believe is what was on the wire. */
function keep(
  { engine, captures }: Pick<RadarOptions, 'engine' | 'captures'>,
  { answer, atMs, bytes, sizeBytes, from, mac }: HeardAnswer,
  port: number,
  events: readonly RivalEvent[],
): void {
  const [node, ...more] = nodesWithMac(engine.fleet(), answer.mac);
  if (captures === undefined || node === undefined || more.length > 0) return;
  const isExpected = events.every((event) => event.type === 'dhcp.addressOffered' || ('first' in event && event.first));
  const who = isExpected ? 'the DHCP server of this network' : 'another DHCP server';
  const source = { address: senderAddress(from), port: SERVER_PORT, ...(mac === '' ? {} : { mac }) };
  const destination = { address: answer.giaddr === 0 ? BROADCAST : answer.giaddr, port };
  const comment = `heard from ${who}, no answer of ours; its time is that of reading it`;
  captures.keep(node, { timeMs: atMs, source, destination, payload: bytes, wireBytes: sizeBytes, comment }, 'heard');
}

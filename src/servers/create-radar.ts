import type { Worker } from 'node:worker_threads';
import { readAnswer, readRival } from '../netboot/read-rival.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { plainAddress } from './listen-tcp.ts';
import { type Ears, type HeardAnswer, openEars } from './radar-ears.ts';
import type { RadarStart } from './radar-thread.ts';
import { openEarsInThread } from './radar-thread-link.ts';
import { createRateGate } from './rate-gate.ts';
import type { BootParts, BootServer } from './server-parts.ts';

export type RadarOptions = Pick<BootParts, 'engine' | 'site' | 'onLog'> & {
  /** 68 but for tests. */
  readonly port?: number;
  /** One more thread of this program that runs `runRadarThread`. Absent (not run from a bundle): this one listens. */
  readonly startThread?: (start: RadarStart) => Worker;
  /** Its thread ended by itself: nobody listens any more. */
  readonly onLost?: (why: string) => void;
};

export interface Radar extends BootServer {
  /** An answer of another server that reached the server port: give it as `onReply` to the DHCP server. */
  readonly heard: (message: DhcpMessage, from: string, iface: string | undefined) => void;
}

const CLIENT_PORT = 68;
/** What a server hands out is told now and then, however many it answers. */
const SERVER_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 100, totalPerSecond: 10 };
/** Which machines it answered counts for each of them. */
const NODE_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: Number.MAX_SAFE_INTEGER, totalPerSecond: 0 };

/**
 * Other DHCP servers, by what they broadcast to machines. Unicast answers to a machine do not come by; that it took one is
 * told by its REQUEST, which names the server.
 */
export async function createRadar(options: RadarOptions): Promise<Radar> {
  const { engine, site, onLog } = options;
  const servers = createRateGate(SERVER_LIMITS);
  const nodes = createRateGate(NODE_LIMITS);
  const own = (): readonly string[] => site().nets.map((net) => net.serverText);
  const judge = ({ answer, from, mac, iface }: HeardAnswer): void => {
    const now = engine.now();
    for (const event of readRival(engine.fleet(), site(), answer, { address: from, mac, iface })) {
      if (event.type === 'dhcp.rivalAnswered') {
        if (nodes.pass(event.node, now)) engine.emit(event);
      } else if (servers.pass(`${event.server} ${event.bootFile ?? ''}`, now)) {
        engine.emit(event);
        const who = event.server === from ? from : `${event.server} (by way of ${from})`;
        const text = `another DHCP server, ${who}, answered ${answer.mac} on ${iface === '' ? 'this network' : iface}`;
        onLog({ at: now, node: '', source: 'dhcp', level: 'warn', text });
      }
    }
  };
  const ifaces = [...new Set(site().nets.flatMap((net) => net.spec.interface ?? []))];
  const order = { ifaces, port: options.port ?? CLIENT_PORT, own: own() };
  let ears: Ears | undefined;
  const take = (heard: HeardAnswer): void => {
    // A reload may have given us another address.
    if (own().includes(heard.from)) ears?.setOwn(own());
    else judge(heard);
  };
  const { startThread, onLost = () => undefined } = options;
  ears =
    startThread === undefined || ifaces.length === 0
      ? await openEars(order, take)
      : await openEarsInThread(startThread({ role: 'radar', ...order }), take, onLost);
  return {
    listens: ears.listens,
    warnings: ears.warnings,
    heard: (message, sender, iface) => {
      const answer = readAnswer(message);
      const from = plainAddress(sender);
      if (answer !== undefined && !own().includes(from)) judge({ answer, from, mac: '', iface: iface ?? '' });
    },
    stop: ears.stop,
  };
}

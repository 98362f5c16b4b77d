import type { Socket } from 'node:dgram';
import { ok, type Result } from '../core/result.ts';
import { readRival } from '../netboot/read-rival.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { openOnInterface } from './interface-socket.ts';
import { plainAddress } from './listen-tcp.ts';
import { createRateGate } from './rate-gate.ts';
import { createArpReader } from './read-arp.ts';
import type { BootParts, BootServer, ListenAddress, ServerProblem } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { closeUdp } from './udp-socket.ts';

export type RadarOptions = Pick<BootParts, 'engine' | 'site' | 'onLog'> & {
  /** 68 but for tests. */
  readonly port?: number;
};

export interface Radar extends BootServer {
  /** An answer of another server that reached the server port: give it as `onReply` to the DHCP server. */
  readonly heard: (message: DhcpMessage, from: string, iface: string | undefined) => void;
  /** Many answers of ours are about to be broadcast, and are out. */
  readonly coverEars: (cover: boolean) => void;
}

const CLIENT_PORT = 68;
/** The kernel rounds it up, to room for two packets or three. */
const COVERED_BYTES = 1;
const LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 100, totalPerSecond: 10 };

/**
 * Listens on the client port of each interface: what other servers broadcast to machines comes by here too. Unicast answers
 * to a machine do not; that it took one is told by its REQUEST, which names the server.
 */
export async function createRadar(options: RadarOptions): Promise<Result<Radar, ServerProblem>> {
  const { engine, site, onLog } = options;
  const gate = createRateGate(LIMITS);
  const neighbours = createArpReader(engine.now);
  const isOwn = (address: string) => site().nets.some((net) => net.serverText === address);
  const heard: Radar['heard'] = (message, from, iface) => {
    const address = plainAddress(from);
    if (isOwn(address)) return;
    const place = { address, mac: neighbours().get(address) ?? '', iface: iface ?? '' };
    const events = readRival(engine.fleet(), site(), message, place);
    if (events.length === 0 || !gate.pass(`${address} ${message.mac}`, engine.now())) return;
    for (const event of events) engine.emit(event);
    const text = `another DHCP server, ${address}, answered ${message.mac} on ${iface ?? 'this network'}`;
    onLog({ at: engine.now(), node: '', source: 'dhcp', level: 'warn', text });
  };
  const port = options.port ?? CLIENT_PORT;
  const native = loadSocketOptions();
  const ears: Ear[] = [];
  const listens: ListenAddress[] = [];
  const warnings: string[] = [];
  for (const iface of new Set(site().nets.map((net) => net.spec.interface))) {
    if (iface === undefined) continue;
    const opened = await openOnInterface(iface, port, native);
    if (!opened.ok) {
      warnings.push(
        `no ears on ${iface} port ${port}, ${opened.error}; other DHCP servers there are found only by what machines say`,
      );
      continue;
    }
    const socket = opened.value;
    socket.on('error', () => undefined);
    socket.on('message', (bytes, peer) => {
      // Our own broadcasts come back to us, two for each machine that boots: looked at no further than their sender.
      if (isOwn(plainAddress(peer.address))) return;
      const decoded = decodeDhcp(bytes);
      if (decoded.ok) heard(decoded.value, peer.address, iface);
    });
    // Linux tells twice what it was asked for.
    ears.push({ socket, openBytes: socket.getRecvBufferSize() / 2 });
    listens.push({ address: iface, port });
  }
  return ok({
    listens,
    warnings,
    heard,
    // Reading each of our own answers again cost as much as reading the request; what a rival says in the same instant
    // still finds the room of two or three packets.
    coverEars: (cover) => {
      for (const { socket, openBytes } of ears) resize(socket, cover ? COVERED_BYTES : openBytes);
    },
    stop: async () => {
      await Promise.all(ears.map(({ socket }) => closeUdp(socket)));
    },
  });
}

interface Ear {
  readonly socket: Socket;
  readonly openBytes: number;
}

function resize(socket: Socket, sizeBytes: number): void {
  try {
    socket.setRecvBufferSize(sizeBytes);
  } catch {
    // It was stopped in between.
  }
}

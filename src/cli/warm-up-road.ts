import type { Socket } from 'node:dgram';
import { createDatagramReader } from '../servers/datagram-reader.ts';
import { createDatagramWriter } from '../servers/datagram-writer.ts';
import type { DeskPort } from '../servers/dhcp-desk.ts';
import { createFrameSocket } from '../servers/frame-socket.ts';
import { indexOf } from '../servers/interface-socket.ts';
import { type Libc, loadLibc } from '../servers/libc.ts';
import type { ReplySocket } from '../servers/reply-queue.ts';
import { openReplyRoads, type ReplyRoads, socketsOf } from '../servers/reply-roads.ts';
import { createReplySocket } from '../servers/reply-socket.ts';
import { bindUdp, closeUdp, createUdp } from '../servers/udp-socket.ts';
import { ofTurn } from './of-turn.ts';

/** From sockets of ours to others over loopback, past Node where the DHCP server goes past it. */
export interface WarmUpRoad {
  readonly port: DeskPort;
  readonly ask: (bytes: Uint8Array) => void;
  readonly close: () => Promise<void>;
}

export interface WarmUpEnds {
  readonly iface: string | undefined;
  /** Which one this is, of those that take turns. */
  readonly generation: number;
  readonly onAsk: (port: DeskPort, bytes: Buffer, from: string, fromPort: number) => void;
  readonly onReply: (bytes: Buffer) => void;
}

const HOME = '127.0.0.1';
/** What nearly all who ask have. */
const NO_ADDRESS = '0.0.0.0';
const CLIENT_PORT = 68;

/** Undefined where this host lets us open no such sockets: then the servers say so. */
export async function openWarmUpRoad({
  iface,
  generation,
  onAsk,
  onReply,
}: WarmUpEnds): Promise<WarmUpRoad | undefined> {
  const opened: Socket[] = [];
  const libc = loadLibc();
  const reader = await createDatagramReader(libc);
  const close = async (): Promise<void> => {
    reader?.stop();
    await Promise.all(opened.map(closeUdp));
  };
  try {
    const roads = await openReplyRoads('warm-up', HOME, 0);
    if (roads.ok) opened.push(...socketsOf(roads.value));
    const [server, client] = [await openHome(), createUdp('udp4')];
    opened.push(server, client);
    await bindUdp(client, 0, HOME);
    if (!roads.ok) throw new Error(roads.error.why);
    await new Promise<void>((resolve) => client.connect(server.address().port, HOME, resolve));
    // The answers come from other sockets than the one that is asked.
    const home = createUdp('udp4');
    opened.push(home);
    await bindUdp(home, 0, HOME);
    // One that nobody hears would end the program, and what is lost here is no loss.
    for (const socket of opened) socket.on('error', () => undefined);
    const replyPort = home.address().port;
    const past = (socket: Socket): ReplySocket =>
      reader === undefined || libc === undefined ? byNode(socket, replyPort) : pastNode(libc, socket, replyPort);
    const { broadcast, routed, neighbour } = roads.value;
    const answering = {
      broadcast: framed({ libc, iface, generation }, broadcast, past(broadcast)),
      routed: past(routed),
      neighbour: past(neighbour),
    };
    const port = ofTurn(PORTS, generation)(iface, answering);
    for (const socket of [server, broadcast, routed, neighbour]) {
      const hear = (bytes: Buffer) => onAsk(port, bytes, NO_ADDRESS, CLIENT_PORT);
      if (reader?.hear(socket, hear) !== true) socket.on('message', hear);
    }
    if (reader?.hear(home, onReply) !== true) home.on('message', onReply);
    const write = createDatagramWriter(client);
    return { port, ask: (bytes) => void write(bytes, 0, bytes.length), close };
  } catch {
    await close();
    return undefined;
  }
}

/** Like the one that hears broadcasts on an interface; IPv6 may be switched off. */
async function openHome(): Promise<Socket> {
  const socket = createUdp('udp6', true);
  try {
    await bindUdp(socket, 0, `::ffff:${HOME}`);
    return socket;
  } catch {
    await closeUdp(socket);
  }
  const plain = createUdp('udp4', true);
  try {
    await bindUdp(plain, 0, HOME);
    return plain;
  } catch (error) {
    await closeUdp(plain);
    throw error;
  }
}

const NONE: ReadonlySet<number> = new Set();

type Answering = ReplyRoads<ReplySocket>;
type PortKind = (iface: string | undefined, roads: Answering) => DeskPort;
/** In the real server other functions answer this, and its sockets are others. */
const PORTS: readonly [PortKind, ...PortKind[]] = [
  (iface, roads) => ({ iface, asked: undefined, roadsFrom: () => roads, away: () => NONE }),
  (iface, roads) => {
    const near = new Map([[0, roads]]);
    const roadsFrom = (address: number): Answering => near.get(address) ?? roads;
    return { iface, asked: undefined, roadsFrom, away: () => (near.size > 0 ? NONE : new Set<number>()) };
  },
];

/** Written as frames as well, like the broadcasts of the DHCP server on this interface; none of these leaves. */
function framed(
  { libc, iface, generation }: { readonly libc: Libc | undefined } & Pick<WarmUpEnds, 'iface' | 'generation'>,
  socket: Socket,
  home: ReplySocket,
): ReplySocket {
  const index = iface === undefined ? undefined : indexOf(iface);
  if (libc === undefined || iface === undefined || index === undefined) return home;
  const mute: Libc = { ...libc, sendto: () => 0, sendmmsg: (_socket, _head, count) => count };
  const frames = createFrameSocket(mute, { iface, index, socket });
  return frames === undefined ? home : ofTurn(FRAMED, generation)(frames, home);
}

type FramedKind = (frames: ReplySocket, home: ReplySocket) => ReplySocket;
const FRAMED: readonly [FramedKind, ...FramedKind[]] = [
  (frames, home) => ({
    send: (bytes, offset, size, port, host, done) => {
      frames.send(bytes, offset, size, port, host, IGNORE);
      home.send(bytes, offset, size, port, host, done);
    },
    flush: () => frames.flush?.(),
    getSendQueueCount: () => home.getSendQueueCount(),
  }),
  (frames, home) => ({
    send: (...reply) => {
      home.send(...reply);
      const [bytes, offset, size, port, host] = reply;
      frames.send(bytes, offset, size, port, host, IGNORE);
    },
    flush: () => {
      const { flush } = frames;
      flush?.();
    },
    getSendQueueCount: () => Math.max(0, home.getSendQueueCount()),
  }),
];
const IGNORE = (): void => undefined;

/** Whomever a reply is for, it comes here; what the kernel does not take at once goes nowhere. */
const pastNode = (libc: Libc, server: Socket, port: number): ReplySocket => {
  const { send } = createReplySocket(libc, server);
  return {
    send: (bytes, offset, size, _port, _host, done) => send(bytes, offset, size, port, HOME, done),
    getSendQueueCount: () => server.getSendQueueCount(),
  };
};

const byNode = (server: Socket, home: number): ReplySocket => ({
  send: (bytes, offset, size, _port, _host, done) => server.send(bytes, offset, size, home, HOME, done),
  getSendQueueCount: () => server.getSendQueueCount(),
});

import type { Socket } from 'node:dgram';
import { createSafeLook } from '../core/safe-look.ts';
import { type RivalAnswer, readAnswer } from '../netboot/read-rival.ts';
import { decodeDhcp } from '../protocols/dhcp/decode-dhcp.ts';
import { openOnInterface } from './interface-socket.ts';
import { loadLibc } from './libc.ts';
import { plainAddress } from './listen-tcp.ts';
import { createRateGate } from './rate-gate.ts';
import { createArpReader } from './read-arp.ts';
import { RECEIVE_BUFFER_BYTES } from './receive-buffer.ts';
import { dropSenders } from './sender-filter.ts';
import type { BootServer } from './server-parts.ts';
import { loadSocketOptions } from './socket-options.ts';
import { shownTwins, TWIN_ADVICE, twinText, watchTwins } from './twin-watch.ts';
import { closeUdp, growReceiveBuffer } from './udp-socket.ts';

export interface EarsOrder {
  readonly ifaces: readonly string[];
  readonly port: number;
  /** Our own addresses there: what comes from them is not read. */
  readonly own: readonly string[];
}

/** An OFFER, ACK or NAK of somebody else, and where it was heard. */
export interface HeardAnswer {
  readonly answer: RivalAnswer;
  readonly atMs: number;
  /** What was heard, or its beginning, and how much it was. */
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly from: string;
  /** Empty where the kernel does not know it. */
  readonly mac: string;
  readonly iface: string;
  /** `from` is an address of ours, and `mac` none. */
  readonly isTwin?: true;
}

export interface Ears extends Pick<BootServer, 'listens' | 'warnings' | 'stop'> {
  readonly setOwn: (own: readonly string[]) => void;
}

/** Of one server to one machine as many of each kind as a boot asks for; of all a burst of thousands, and no flood. */
const LIMITS = { burst: 4, perSecond: 0.2, totalBurst: 8192, totalPerSecond: 100 };

/** The longest that a DHCP server sends on Ethernet; who sends more must not drive out what was kept of others. */
const KEPT_BYTES = 1500;

/** Bytes of their own, which can go to another thread without the buffer that they came in. */
export const heardBytes = (bytes: Buffer): Pick<HeardAnswer, 'bytes' | 'sizeBytes'> => ({
  bytes: Uint8Array.from(bytes.subarray(0, KEPT_BYTES)),
  sizeBytes: bytes.length,
});

/** Listens on the client port of each interface: what servers broadcast to machines comes by here. */
export async function openEars(
  order: EarsOrder,
  onHeard: (heard: HeardAnswer) => void,
  /** Something was read, of whomever. */
  onFrame: () => void = () => undefined,
  /** Where it listens, or what it warns of, is another thing now. */
  onNews: () => void = () => undefined,
): Promise<Ears> {
  const native = loadSocketOptions();
  const libc = loadLibc();
  const gate = createRateGate(LIMITS);
  const neighbours = createArpReader(Date.now);
  let own: ReadonlySet<string> = new Set(order.own);
  const setOwn = (now: readonly string[]): void => {
    own = new Set(now);
    // Where the kernel does it, nothing of ours comes here any more.
    if (libc !== undefined) for (const { socket } of open) dropSenders(libc, socket, now);
  };
  const hear = (bytes: Buffer, sender: string, iface: string): void => {
    onFrame();
    const from = plainAddress(sender);
    if (!own.has(from)) judge(bytes, { from, mac: () => neighbours().get(from) ?? '', iface });
  };
  const judge = (bytes: Buffer, { from, mac, iface, isTwin }: Sender): void => {
    const decoded = decodeDhcp(bytes);
    const answer = decoded.ok ? readAnswer(decoded.value) : undefined;
    const atMs = Date.now();
    if (answer === undefined || !gate.pass(`${from} ${answer.mac} ${answer.options.messageType}`, atMs)) return;
    const twin = isTwin === undefined ? {} : { isTwin };
    onHeard({ answer, atMs, ...heardBytes(bytes), from, mac: mac(), iface, ...twin });
  };
  const open: Ear[] = [];
  /** By interface, why nothing is heard there. */
  const deaf = new Map<string, string>();
  const openOne = async (iface: string): Promise<void> => {
    const opened = await openOnInterface(iface, order.port, native);
    if (!opened.ok) {
      deaf.set(iface, opened.error);
      return;
    }
    deaf.delete(iface);
    const socket = opened.value;
    socket.on('error', () => undefined);
    socket.on('message', (bytes, peer) => hear(bytes, peer.address, iface));
    const sizeBytes = growReceiveBuffer(socket, native);
    const warning = sizeBytes < RECEIVE_BUFFER_BYTES ? smallEars(iface, sizeBytes) : undefined;
    open.push({ iface, socket, warning });
    setOwn([...own]);
  };
  for (const iface of order.ifaces) await openOne(iface);
  const twins =
    libc === undefined
      ? undefined
      : watchTwins({
          libc,
          ifaces: order.ifaces,
          own: () => own,
          onTwins: onNews,
          onDhcp: (bytes, { address, mac, iface }) =>
            judge(bytes, { from: address, mac: () => mac, iface, isTwin: true }),
        });
  const inOrder = () => order.ifaces.flatMap((iface) => open.find((one) => one.iface === iface) ?? []);
  const warningsNow = () => [
    ...noEars(deaf, order.port),
    ...shownTwins(twins?.twins() ?? [], (twin) => `${twinText(twin)}: ${COST_OF_TWIN}; ${TWIN_ADVICE}`),
    ...inOrder().flatMap(({ warning }) => warning ?? []),
  ];
  const again = createSafeLook(
    'the radar',
    async () => {
      const before = warningsNow().join();
      for (const iface of [...deaf.keys()]) await openOne(iface);
      if (warningsNow().join() !== before) onNews();
    },
    () => undefined,
  );
  const looking = setInterval(() => void again.look(), AGAIN_MS);
  return {
    get listens() {
      return inOrder().map(({ iface }) => ({ address: iface, port: order.port }));
    },
    get warnings() {
      return warningsNow();
    },
    setOwn,
    stop: async () => {
      clearInterval(looking);
      twins?.stop();
      await again.ended();
      await Promise.all(open.map(({ socket }) => closeUdp(socket)));
    },
  };
}

interface Sender extends Pick<HeardAnswer, 'from' | 'iface' | 'isTwin'> {
  readonly mac: () => string;
}

interface Ear {
  readonly iface: string;
  readonly socket: Socket;
  readonly warning: string | undefined;
}

/** Who held the port lets go of it some day. */
export const AGAIN_MS = 10_000;

const noEars = (deaf: ReadonlyMap<string, string>, port: number): readonly string[] =>
  [...new Set(deaf.values())].map((why) => {
    const ifaces = [...deaf].flatMap(([iface, one]) => (one === why ? [iface] : [])).join(', ');
    return `no ears on ${ifaces} port ${port}, ${why}; other DHCP servers there are found only by what machines say`;
  });

const COST_OF_TWIN = 'which of the two a machine reaches is chance';

const smallEars = (iface: string, sizeBytes: number): string =>
  `on ${iface} only ${Math.round(sizeBytes / 1024)} KiB wait to be read: while we answer hundreds of machines at once, another server's answer may be missed. sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}, or cap_net_admin`;

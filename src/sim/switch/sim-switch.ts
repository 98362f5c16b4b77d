import { createSocket, type Socket } from 'node:dgram';
import { fail, ok, type Result } from '../../core/result.ts';
import { decodeDhcp } from '../../protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpPacket } from '../../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../protocols/dhcp/encode-dhcp.ts';
import { parseIpv4 } from '../../protocols/ipv4.ts';
import type { Random } from '../run/random.ts';
import type { SimClock } from '../run/sim-clock.ts';
import { type HostPort, isLoopback } from '../wire/loopback.ts';
import { answerAsRival, type RivalDhcp } from './rival-dhcp.ts';

export interface SwitchFaults {
  /** Share of DHCP packets that get lost, each way. */
  readonly dropShare?: number;
  /** Simulated milliseconds that each packet takes. */
  readonly delayMs?: number;
  readonly rival?: RivalDhcp;
}

export interface SwitchOptions {
  /** The relay agent's address in the machines' subnet, 127.x.y.z. */
  readonly relayAddress: string;
  readonly dhcpServer: HostPort;
  /** The relay's second helper address: somebody else's DHCP server. */
  readonly office?: HostPort;
  readonly clock: SimClock;
  readonly random: Random;
  readonly faults?: SwitchFaults;
}

export interface SimSwitch {
  readonly relayAddress: string;
  /** From a machine's port to everybody on the segment: the relay takes it to the server. */
  broadcast(circuit: string, packet: DhcpPacket): void;
  /** Replies for this MAC come here; the machine knows its xid itself. */
  attach(mac: string, receive: (message: DhcpMessage) => void): () => void;
  setFaults(faults: SwitchFaults): void;
  readonly counts: { toServer: number; fromServer: number; fromOffice: number; dropped: number; byRival: number };
  close(): Promise<void>;
}

/** RFC 3046: 1 is the circuit. RFC 8357: 19 (empty) says that replies go to the port that the relay sent from. */
function relayInfoOf(circuit: string): { readonly raw: Uint8Array } {
  const id = Buffer.from(circuit, 'latin1').subarray(0, 64);
  return { raw: Buffer.concat([Buffer.from([1, id.length]), id, Buffer.from([19, 0])]) };
}

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

function bind(socket: Socket, address: string): Promise<Result<void>> {
  return new Promise((resolve) => {
    socket.once('error', (error) => resolve(fail(`the simulated switch cannot use ${address}: ${error.message}`)));
    socket.bind({ address, port: 0 }, () => {
      // A rack that asks at once gets its answers at once; the kernel gives as much of it as it may.
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      resolve(ok(undefined));
    });
  });
}

/** A top-of-rack switch with a relay agent: what machines shout is carried to the DHCP server over real UDP. */
export async function createSimSwitch(options: SwitchOptions): Promise<Result<SimSwitch>> {
  const { relayAddress, dhcpServer, office, clock, random } = options;
  const giaddr = parseIpv4(relayAddress);
  if (!giaddr.ok) return giaddr;
  if (!isLoopback(relayAddress) || !isLoopback(dhcpServer.address)) return fail('a simulated switch is loopback only');
  const socket = createSocket('udp4');
  const bound = await bind(socket, relayAddress);
  if (!bound.ok) return bound;
  socket.on('error', () => undefined);
  let faults = options.faults ?? {};
  let closed = false;
  const receivers = new Map<string, Set<(message: DhcpMessage) => void>>();
  const counts = { toServer: 0, fromServer: 0, fromOffice: 0, dropped: 0, byRival: 0 };

  const carry = (then: () => void) => {
    if (faults.dropShare !== undefined && random.chance(faults.dropShare)) {
      counts.dropped += 1;
      return;
    }
    const { delayMs = 0 } = faults;
    if (delayMs === 0) then();
    else clock.after(delayMs * random.between(0.5, 1.5), then);
  };
  const sendTo = (to: HostPort, bytes: Buffer) => {
    if (!closed) socket.send(bytes, to.port, to.address, () => undefined);
  };
  const toServer = (bytes: Buffer) => sendTo(dhcpServer, bytes);
  const deliver = (message: DhcpMessage) => {
    for (const receive of receivers.get(message.mac) ?? []) receive(message);
  };

  socket.on('message', (bytes, peer) => {
    const message = decodeDhcp(bytes);
    if (!message.ok || message.value.op !== 'reply') return;
    const isOffice = peer.address === office?.address && peer.port === office.port;
    counts[isOffice ? 'fromOffice' : 'fromServer'] += 1;
    // A broadcast is heard by all on the segment: the machine, and whoever listens for rivals.
    if (isOffice) toServer(bytes);
    carry(() => deliver(message.value));
  });

  return ok({
    relayAddress,
    counts,
    broadcast(circuit, packet) {
      const relayInfo = relayInfoOf(circuit);
      const relayed = {
        ...packet,
        hops: packet.hops + 1,
        giaddr: giaddr.value,
        options: { ...packet.options, relayInfo },
      };
      carry(() => {
        counts.toServer += 1;
        const bytes = encodeDhcp({ ...relayed, maxSizeBytes: 1_472 });
        toServer(bytes);
        if (office !== undefined) sendTo(office, bytes);
      });
      const answer = faults.rival === undefined ? undefined : answerAsRival(faults.rival, packet);
      if (answer === undefined) return;
      counts.byRival += 1;
      const bytes = encodeDhcp(answer);
      const heard = decodeDhcp(bytes);
      // A broadcast is heard by all on the segment: the machine, and whoever listens for rivals.
      toServer(bytes);
      if (heard.ok) deliver(heard.value);
    },
    attach(mac, receive) {
      const list = receivers.get(mac) ?? new Set();
      receivers.set(mac, list.add(receive));
      return () => {
        list.delete(receive);
        if (list.size === 0) receivers.delete(mac);
      };
    },
    setFaults(next) {
      faults = next;
    },
    close() {
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  });
}

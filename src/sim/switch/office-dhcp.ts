import { createSocket, type Socket } from 'node:dgram';
import { fail, ok, type Result } from '../../core/result.ts';
import { decodeDhcp } from '../../protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions } from '../../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../protocols/dhcp/encode-dhcp.ts';
import { parseIpv4 } from '../../protocols/ipv4.ts';
import { type HostPort, isLoopback } from '../wire/loopback.ts';

/** What the office's server says about booting, where it says anything. */
export interface OfficeBoot {
  readonly file: string;
  readonly nextServer: string;
  readonly vendorClass?: string;
}

export interface OfficeOptions {
  /** Of the server itself, 127.x.y.z; it listens there on a port that the kernel chooses. */
  readonly address: string;
  readonly pool: { readonly from: string; readonly to: string };
  /** Reservations by MAC. */
  readonly reserved: ReadonlyMap<string, string>;
  readonly bootFor: (message: DhcpMessage) => OfficeBoot | undefined;
}

/** The DHCP server that was there before us: it gives every machine its address, over real UDP and through the same relay. */
export interface OfficeDhcp {
  readonly at: HostPort;
  readonly counts: { offers: number; acks: number; naks: number };
  close(): Promise<void>;
}

const LEASE_SECONDS = 8 * 3600;
const MASK = 0xffff0000;

const numberOf = (text: string): number => {
  const parsed = parseIpv4(text);
  return parsed.ok ? parsed.value : 0;
};

export async function createOfficeDhcp(options: OfficeOptions): Promise<Result<OfficeDhcp>> {
  const { address } = options;
  if (!isLoopback(address)) return fail('a simulated DHCP server is loopback only');
  const socket = createSocket('udp4');
  const bound = await bind(socket, address);
  if (!bound.ok) return bound;
  socket.on('error', () => undefined);
  const own = numberOf(address);
  const addressOf = createBook(options);
  const counts = { offers: 0, acks: 0, naks: 0 };
  socket.on('message', (bytes, peer) => {
    const decoded = decodeDhcp(bytes);
    if (!decoded.ok || decoded.value.op !== 'request') return;
    const answer = answerOf(decoded.value, own, addressOf(decoded.value.mac), options.bootFor);
    if (answer === undefined) return;
    counts[answer.messageType === 'offer' ? 'offers' : answer.messageType === 'ack' ? 'acks' : 'naks'] += 1;
    // RFC 8357: the relay asked for answers on the port that it sends from.
    socket.send(render(decoded.value, answer), peer.port, peer.address, () => undefined);
  });
  return ok({
    at: { address, port: socket.address().port },
    counts,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  });
}

function bind(socket: Socket, address: string): Promise<Result<void>> {
  return new Promise((resolve) => {
    socket.once('error', (error) => resolve(fail(`the office's DHCP server cannot use ${address}: ${error.message}`)));
    socket.bind({ address, port: 0 }, () => resolve(ok(undefined)));
  });
}

/** A reservation, else the next of the pool, for as long as the simulation runs. */
function createBook({ pool, reserved }: OfficeOptions): (mac: string) => number | undefined {
  const given = new Map<string, number>();
  const fixed = new Set([...reserved.values()].map(numberOf));
  let next = numberOf(pool.from);
  const last = numberOf(pool.to);
  return (mac) => {
    const known = reserved.get(mac);
    if (known !== undefined) return numberOf(known);
    while (fixed.has(next)) next += 1;
    if (!given.has(mac) && next <= last) {
      given.set(mac, next);
      next += 1;
    }
    return given.get(mac);
  };
}

interface OfficeAnswer extends Partial<OfficeBoot> {
  readonly messageType: 'offer' | 'ack' | 'nak';
  readonly own: number;
  readonly yiaddr: number;
}

function answerOf(
  message: DhcpMessage,
  own: number,
  yiaddr: number | undefined,
  bootFor: OfficeOptions['bootFor'],
): OfficeAnswer | undefined {
  const { messageType, serverId, requestedAddress } = message.options;
  if (yiaddr === undefined || (serverId !== undefined && serverId !== own)) return undefined;
  if (messageType === 'discover') return { messageType: 'offer', own, yiaddr, ...bootFor(message) };
  if (messageType !== 'request') return undefined;
  const wished = message.ciaddr === 0 ? requestedAddress : message.ciaddr;
  if (wished !== yiaddr) return { messageType: 'nak', own, yiaddr: 0 };
  return { messageType: 'ack', own, yiaddr, ...bootFor(message) };
}

function render(message: DhcpMessage, { messageType, own, yiaddr, file, nextServer, vendorClass }: OfficeAnswer) {
  const { relayInfo, clientId } = message.options;
  const lease: DhcpOptions =
    messageType === 'nak'
      ? {}
      : { leaseSeconds: LEASE_SECONDS, subnetMask: MASK, routers: [((own & MASK) | 0xfe) >>> 0], dnsServers: [own] };
  return encodeDhcp({
    op: 'reply',
    htype: message.htype,
    hlen: message.hlen,
    hops: 0,
    xid: message.xid,
    secs: 0,
    broadcast: true,
    ciaddr: 0,
    yiaddr,
    siaddr: nextServer === undefined ? 0 : numberOf(nextServer),
    giaddr: message.giaddr,
    chaddr: message.chaddr,
    sname: '',
    file: file ?? '',
    options: {
      messageType,
      serverId: own,
      ...lease,
      ...(file === undefined ? {} : { bootFile: file }),
      ...(vendorClass === undefined ? {} : { vendorClass }),
      ...(clientId === undefined ? {} : { clientId }),
      ...(relayInfo === undefined ? {} : { relayInfo }),
    },
    maxSizeBytes: 1_472,
  });
}

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { type ClientKind, ip, packet } from '../netboot/client-packets.ts';

/** A machine behind a relay on loopback, by hand: the whole way of a boot over real sockets. */

export interface Relay {
  readonly socket: Socket;
  /** Sends with giaddr and option 82 that names this very port (RFC 8357); the next answer for this xid. */
  readonly ask: (sent: DhcpPacket, timeoutMs?: number) => Promise<DhcpMessage | undefined>;
  readonly close: () => void;
}

const RELAY_INFO = Uint8Array.from([1, 4, ...Buffer.from('ge-1'), 2, 3, ...Buffer.from('sw1'), 19, 0]);

export async function openRelay(serverPort: number, address = '127.77.0.1'): Promise<Relay> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.bind(0, address);
  await once(socket, 'listening');
  const waiting = new Map<number, (message: DhcpMessage | undefined) => void>();
  socket.on('message', (bytes) => {
    const decoded = decodeDhcp(Buffer.from(bytes));
    if (decoded.ok) waiting.get(decoded.value.xid)?.(decoded.value);
  });
  return {
    socket,
    ask: (sent, timeoutMs = 1000) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => done(undefined), timeoutMs);
        const done = (message: DhcpMessage | undefined) => {
          clearTimeout(timer);
          waiting.delete(sent.xid);
          resolve(message);
        };
        waiting.set(sent.xid, done);
        const relayed = encodeDhcp({
          ...sent,
          giaddr: ip(address),
          hops: 1,
          maxSizeBytes: 1472,
          options: { ...sent.options, relayInfo: { raw: RELAY_INFO } },
        });
        socket.send(relayed, serverPort, '127.0.0.1');
      }),
    close: () => socket.close(),
  };
}

let xids = 1;

/** DISCOVER, OFFER, REQUEST, ACK. */
export async function dora(
  relay: Relay,
  kind: ClientKind,
  mac: string,
): Promise<{ readonly offer: DhcpMessage; readonly ack: DhcpMessage; readonly address: string }> {
  xids += 1;
  const xid = xids;
  const offer = await relay.ask(packet(kind, mac, { xid }));
  if (offer === undefined) throw new Error(`no offer for ${kind} ${mac}`);
  const options: DhcpOptions = { messageType: 'request', requestedAddress: offer.yiaddr };
  const serverId = offer.options.serverId;
  const ack = await relay.ask(
    packet(kind, mac, { xid }, { ...options, ...(serverId === undefined ? {} : { serverId }) }),
  );
  if (ack === undefined) throw new Error(`no ack for ${kind} ${mac}`);
  return { offer, ack, address: renderIpv4(ack.yiaddr) };
}

/** A whole TFTP download as OVMF does it: size probe, abort, then with block size and window. */
export async function tftpGet(
  port: number,
  file: string,
  from: string,
  options: Readonly<Record<string, string>> = { blksize: '1468', windowsize: '4' },
): Promise<Buffer> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.bind(0, from);
  await once(socket, 'listening');
  const list = Object.entries(options).map(([name, value]) => ({ name, value }));
  const blocks: Buffer[] = [];
  const blockBytes = Number(options['blksize'] ?? 512);
  const window = Number(options['windowsize'] ?? 1);
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`TFTP of ${file} stalled at block ${blocks.length}`)), 5000);
      socket.on('message', (bytes, peer) => {
        timer.refresh();
        const message = decodeTftp(Buffer.from(bytes));
        if (!message.ok) return;
        const reply = message.value;
        const ack = (block: number) => socket.send(encodeTftp({ kind: 'ack', block }), peer.port, peer.address);
        if (reply.kind === 'oack') {
          if (options['tsize'] !== undefined) {
            socket.send(
              encodeTftp({ kind: 'error', code: 8, message: 'User aborted the transfer' }),
              peer.port,
              peer.address,
            );
            clearTimeout(timer);
            setTimeout(() => resolve(Buffer.from(JSON.stringify(reply.options))), 20);
          } else ack(0);
        } else if (reply.kind === 'error') {
          clearTimeout(timer);
          reject(new Error(`TFTP error ${reply.code}: ${reply.message}`));
        } else if (reply.kind === 'data') {
          const expected = (blocks.length + 1) & 0xffff;
          if (reply.block !== expected) return void ack(blocks.length & 0xffff);
          blocks.push(Buffer.from(reply.data));
          const last = reply.data.length < blockBytes;
          if (last || blocks.length % window === 0) ack(reply.block);
          if (last) {
            clearTimeout(timer);
            resolve(Buffer.concat(blocks));
          }
        }
      });
      socket.send(encodeTftp({ kind: 'read', file, mode: 'octet', options: list }), port, '127.0.0.1');
    });
  } finally {
    socket.close();
  }
}

export interface HttpGot {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export function httpGet(
  url: string,
  from: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<HttpGot> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { localAddress: from, headers, method, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts), headers: response.headers });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

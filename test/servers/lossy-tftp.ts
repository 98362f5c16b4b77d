import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import type { TftpMessage } from '../../src/protocols/tftp/tftp-message.ts';

/** A TFTP client on a bad line: what it sends and what it is sent gets lost or doubled, as told. */
export interface BadLine {
  readonly loses: () => boolean;
  readonly doubles: () => boolean;
}

export interface LossyResult {
  readonly bytes: Buffer;
  /** DATA packets that arrived, also those that it had already. */
  readonly arrived: number;
  readonly needed: number;
}

/** As ROMs do: their own timer repeats the last ACK. */
const REPEAT_MS = 200;
const BLOCK_BYTES = 1468;

interface Client {
  readonly socket: Socket;
  readonly line: BadLine;
  readonly window: number;
  readonly blocks: Buffer[];
  arrived: number;
  sinceAck: number;
  peerPort: number;
  last: Buffer;
}

export async function fetchOnBadLine(
  port: number,
  file: string,
  from: string,
  window: number,
  line: BadLine,
): Promise<LossyResult> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(0, from);
  await once(socket, 'listening');
  const options = [
    { name: 'blksize', value: String(BLOCK_BYTES) },
    ...(window > 1 ? [{ name: 'windowsize', value: String(window) }] : []),
  ];
  const last = encodeTftp({ kind: 'read', file, mode: 'octet', options });
  const client: Client = { socket, line, window, blocks: [], arrived: 0, sinceAck: 0, peerPort: port, last };
  let repeat: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      repeat = setInterval(() => send(client, client.last), REPEAT_MS);
      socket.on('message', (bytes, peer) => {
        if (line.loses()) return;
        const message = decodeTftp(Buffer.from(bytes));
        if (!message.ok) return;
        client.peerPort = peer.port;
        repeat?.refresh();
        if (message.value.kind === 'error') reject(new Error(`error ${message.value.code} ${message.value.message}`));
        else if (take(client, message.value)) resolve();
      });
      send(client, client.last);
    });
  } finally {
    clearInterval(repeat);
    socket.close();
  }
  return { bytes: Buffer.concat(client.blocks), arrived: client.arrived, needed: client.blocks.length };
}

function send(client: Client, bytes: Buffer): void {
  client.last = bytes;
  if (!client.line.loses()) client.socket.send(bytes, client.peerPort, '127.0.0.1');
  if (client.line.doubles()) client.socket.send(bytes, client.peerPort, '127.0.0.1');
}

/** True at the end. The last ACK of all is not repeated: nobody would hear that it got lost. */
function take(client: Client, message: TftpMessage): boolean {
  const { blocks, window } = client;
  const ack = () => {
    client.sinceAck = 0;
    send(client, encodeTftp({ kind: 'ack', block: blocks.length & 0xffff }));
  };
  if (message.kind === 'oack') ack();
  if (message.kind !== 'data') return false;
  client.arrived += 1;
  if (message.block !== ((blocks.length + 1) & 0xffff)) {
    // RFC 7440 4: one ACK for the last block in order, not one for each that comes after the gap.
    if (client.sinceAck > 0 || window === 1) ack();
    return false;
  }
  blocks.push(Buffer.from(message.data));
  client.sinceAck += 1;
  const end = message.data.length < BLOCK_BYTES;
  if (end || client.sinceAck >= window) ack();
  return end;
}

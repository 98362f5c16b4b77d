import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { encodeEvent } from '../../src/talos/encode-event.ts';
import { renderKernelLog } from '../../src/talos/parse-kernel-log.ts';
import type { TalosEventBody } from '../../src/talos/talos-event.ts';
import { renderXid } from '../../src/talos/xid.ts';

export interface Publisher {
  readonly publish: (message: Uint8Array) => Promise<string>;
  readonly close: () => void;
  readonly reset: () => void;
}

/** gRPC by hand: grpc-js cannot choose the address that it calls from. */
export async function openPublisher(port: number, from: string): Promise<Publisher> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  await once(session, 'connect');
  const publish = async (message: Uint8Array): Promise<string> => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/events.EventSinkService/Publish',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    let state = 'none';
    stream.on('trailers', (headers) => {
      state = String(headers['grpc-status']);
    });
    stream.on('response', (headers) => {
      if (headers['grpc-status'] !== undefined) state = String(headers['grpc-status']);
    });
    stream.resume();
    stream.end(frame);
    await once(stream, 'close');
    return state;
  };
  return { publish, close: () => session.destroy(), reset: () => socket.resetAndDestroy() };
}

const PROCESS = Uint8Array.of(1, 2, 3, 4, 5);

/** The `count`th event of one boot; another second for each. */
export const eventOf = (count: number, body: TalosEventBody, process = PROCESS): Uint8Array =>
  encodeEvent({ id: renderXid(1_700_000_000_000 + count * 1000, process, count), body });

export const phaseStart = (phase: string): TalosEventBody => ({ type: 'phase', phase, action: 'start' });

export async function openLogSender(port: number, from: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  await once(socket, 'connect');
  return socket;
}

export const lineOf = (seq: number, text: string, clockUs = 1_000_000 + seq): string =>
  `${renderKernelLog({ seq, clockUs, level: 'info', text })}\n`;

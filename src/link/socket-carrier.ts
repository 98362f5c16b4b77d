import type { Socket } from 'node:net';
import { cleanText } from '../core/clean-text.ts';
import type { Carrier } from './link-protocol.ts';

/** JSON lines over the control socket. A line, or a backlog, beyond these bounds ends the connection. */
const LINE_BYTES = 32 * 1024 * 1024;
const BACKLOG_BYTES = 64 * 1024 * 1024;

export function createSocketCarrier<Out, In>(socket: Socket): Carrier<Out, In> {
  let take: ((message: In) => void) | undefined;
  let reason = 'the connection was closed';
  let pieces: Buffer[] = [];
  let pieceBytes = 0;

  const line = (text: string) => {
    try {
      take?.(JSON.parse(text) as In);
    } catch (error) {
      reason = `it sent what is no message: ${cleanText(error instanceof Error ? error.message : String(error), 80)}`;
      socket.destroy();
    }
  };

  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      pieces.push(rest.subarray(0, end));
      const text = Buffer.concat(pieces).toString('utf8');
      pieces = [];
      pieceBytes = 0;
      rest = rest.subarray(end + 1);
      line(text);
    }
    if (rest.length === 0) return;
    pieces.push(rest);
    pieceBytes += rest.length;
    if (pieceBytes > LINE_BYTES) {
      reason = 'it sent a line without end';
      socket.destroy();
    }
  });
  socket.on('error', (error) => {
    reason = error.message;
  });

  return {
    send: (message) => {
      if (socket.destroyed || socket.writableLength > BACKLOG_BYTES) return false;
      socket.write(`${JSON.stringify(message)}\n`);
      return true;
    },
    onMessage: (taker) => {
      take = taker;
    },
    onClose: (closed) => {
      socket.on('close', () => closed(reason));
    },
    close: () => {
      socket.end();
      socket.destroySoon();
    },
  };
}

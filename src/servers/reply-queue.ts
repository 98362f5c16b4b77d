import type { Socket } from 'node:dgram';
import type { DhcpPacket } from '../protocols/dhcp/dhcp-message.ts';
import { DHCP_BUFFER_BYTES, encodeDhcpInto } from '../protocols/dhcp/encode-dhcp.ts';

/**
 * Replies of one turn of the loop, sent together at its end. A burst wakes the receivers once instead of once per packet,
 * which made a send four times as cheap (30 to 7 µs, measured); a lone reply leaves in the same turn.
 */
export interface ReplyQueue {
  /** `after` runs when all replies of this turn are out: what is only told, and never delays an answer. */
  readonly add: (
    socket: Socket,
    packet: DhcpPacket,
    host: string,
    port: number,
    after: (() => void) | undefined,
  ) => void;
  readonly later: (task: () => void) => void;
}

interface Waiting {
  readonly socket: Socket;
  readonly buffer: Buffer;
  readonly size: number;
  readonly host: string;
  readonly port: number;
}

const SPARE_BUFFERS = 256;

export function createReplyQueue(onSent: (error: Error | null) => void): ReplyQueue {
  const spare: Buffer[] = [];
  let waiting: Waiting[] = [];
  let tasks: (() => void)[] = [];
  let planned = false;

  const flush = (): void => {
    planned = false;
    const now = waiting;
    const then = tasks;
    waiting = [];
    tasks = [];
    for (const { socket, buffer, size, host, port } of now) {
      try {
        socket.send(buffer, 0, size, port, host, onSent);
        // Taken by the kernel at once, unless its queue is full: then the bytes must outlive this turn.
        if (socket.getSendQueueCount() === 0 && spare.length < SPARE_BUFFERS) spare.push(buffer);
      } catch (error) {
        // The server was stopped in between.
        onSent(error instanceof Error ? error : new Error(String(error)));
      }
    }
    for (const task of then) task();
  };

  const plan = (): void => {
    if (planned) return;
    planned = true;
    setImmediate(flush);
  };

  return {
    add: (socket, packet, host, port, after) => {
      const buffer = spare.pop() ?? Buffer.alloc(DHCP_BUFFER_BYTES);
      waiting.push({ socket, buffer, size: encodeDhcpInto(buffer, packet), host, port });
      if (after !== undefined) tasks.push(after);
      plan();
    },
    later: (task) => {
      tasks.push(task);
      plan();
    },
  };
}

import type { Socket } from 'node:dgram';
import { writeSync } from 'node:fs';
import { handleOf } from './socket-options.ts';

/** False: the kernel did not take it now; `send` of the socket says why, or waits until it does. */
export type DatagramWriter = (bytes: Uint8Array, at: number, sizeBytes: number) => boolean;

/**
 * Writes to a connected socket, which for the kernel is the same as to send. Node's `send` makes three objects for each
 * datagram, and that costs half as much as the call of the kernel (1.0 against 0.5 us, measured).
 */
export function createDatagramWriter(socket: Socket): DatagramWriter {
  const handle = handleOf(socket);
  return (bytes, at, sizeBytes) => {
    // Asked for each time: below 0 where the socket was closed, and then the number may be another file's.
    const descriptor = handle?.fd ?? -1;
    if (descriptor < 0) return false;
    try {
      writeSync(descriptor, bytes, at, sizeBytes);
      return true;
    } catch {
      return false;
    }
  };
}

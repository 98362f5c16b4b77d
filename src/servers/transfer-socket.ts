import type { Socket } from 'node:dgram';
import { fail, ok, type Result } from '../core/result.ts';
import { createDatagramWriter } from './datagram-writer.ts';
import type { ListenAddress } from './server-parts.ts';
import { SOL_UDP, type SocketOptions, UDP_SEGMENT } from './socket-options.ts';
import { errorCodeOf } from './transfer-problem.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/** What one transfer says and hears by: nothing of strangers (RFC 1350 4). */
export interface TransferSocket {
  readonly port: number;
  /** Whether the kernel cuts a large send into packets of this size from now on (UDP_SEGMENT). */
  readonly segment: (sizeBytes: number) => boolean;
  /** Who takes what comes. The bytes are the receiver's to read, not to keep. */
  readonly hear: (take: (bytes: Buffer) => void) => void;
  /** Who is told that what was said did not go out, and the kernel's word for why. */
  readonly hearFailures: (take: (code: string) => void) => void;
  /** `onRefused`: like this it can never go out. What there is no room for now is lost, as on any wire. */
  readonly send: (bytes: Uint8Array, at: number, sizeBytes: number, onRefused?: () => void) => void;
  readonly close: () => void;
}

export interface TransferSockets {
  /** `mayShare`: its port may be that of other transfers too; it cannot segment. What fails is the kernel's word for it. */
  readonly open: (local: string, peer: ListenAddress, mayShare?: boolean) => Promise<Result<TransferSocket>>;
}

/** For who gives an address to the kernel: that would send whatever memory lies there. */
export function checkSpan(bytes: Uint8Array, at: number, sizeBytes: number): void {
  if (at < 0 || at + sizeBytes > bytes.length) throw new RangeError('there are not so many bytes');
}

/** By Node's own sockets: what is there everywhere. */
export function createDgramSockets(native: SocketOptions | undefined): TransferSockets {
  return {
    open: async (local, peer) => {
      const socket = createUdp('udp4');
      try {
        await bindUdp(socket, 0, local);
        // From here on: an error that nobody hears ends the thread.
        socket.on('error', () => undefined);
        await connectUdp(socket, peer);
      } catch (error) {
        await closeUdp(socket);
        return fail(errorCodeOf(error));
      }
      return ok(fromDgram(socket, native));
    },
  };
}

function connectUdp(socket: Socket, { port, address }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.connect(port, address, (error?: Error) => (error === undefined ? resolve() : reject(error)));
  });
}

function fromDgram(socket: Socket, native: SocketOptions | undefined): TransferSocket {
  const write = createDatagramWriter(socket);
  let isOpen = true;
  let tellFailure = (_code: string): void => undefined;
  return {
    port: socket.address().port,
    segment: (sizeBytes) => native?.set(socket, SOL_UDP, UDP_SEGMENT, sizeBytes) === true,
    hear: (take) => socket.on('message', take),
    hearFailures: (take) => {
      tellFailure = take;
    },
    send: (bytes, at, sizeBytes, onRefused) => {
      if (!isOpen || write(bytes, at, sizeBytes)) return;
      socket.send(bytes, at, sizeBytes, (error) => {
        if (error === null || !isOpen) return;
        if (onRefused !== undefined) onRefused();
        else tellFailure(errorCodeOf(error));
      });
    },
    close: () => {
      isOpen = false;
      void closeUdp(socket);
    },
  };
}

import type { Socket } from 'node:dgram';
import { createDatagramWriter } from './datagram-writer.ts';
import type { ListenAddress } from './server-parts.ts';
import { SOL_UDP, type SocketOptions, UDP_SEGMENT } from './socket-options.ts';
import { bindUdp, closeUdp, createUdp } from './udp-socket.ts';

/** What one transfer says and hears by: nothing of strangers (RFC 1350 4). */
export interface TransferSocket {
  readonly port: number;
  /** Whether the kernel cuts a large send into packets of this size from now on (UDP_SEGMENT). */
  readonly segment: (sizeBytes: number) => boolean;
  /** Who takes what comes. The bytes are the receiver's to read, not to keep. */
  readonly hear: (take: (bytes: Buffer) => void) => void;
  /** `onRefused`: like this it can never go out. What there is no room for now is lost, as on any wire. */
  readonly send: (bytes: Uint8Array, at: number, sizeBytes: number, onRefused?: () => void) => void;
  readonly close: () => void;
}

export interface TransferSockets {
  /** `mayShare`: its port may be that of other transfers too; it cannot segment. Undefined: the system gives none now. */
  readonly open: (local: string, peer: ListenAddress, mayShare?: boolean) => Promise<TransferSocket | undefined>;
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
        socket.connect(peer.port, peer.address);
        await new Promise<void>((resolve) => socket.once('connect', resolve));
      } catch {
        await closeUdp(socket);
        return undefined;
      }
      return fromDgram(socket, native);
    },
  };
}

function fromDgram(socket: Socket, native: SocketOptions | undefined): TransferSocket {
  const write = createDatagramWriter(socket);
  let isOpen = true;
  // ECONNREFUSED: the client's port is closed. Its next word or our timer decides.
  socket.on('error', () => undefined);
  return {
    port: socket.address().port,
    segment: (sizeBytes) => native?.set(socket, SOL_UDP, UDP_SEGMENT, sizeBytes) === true,
    hear: (take) => socket.on('message', take),
    send: (bytes, at, sizeBytes, onRefused) => {
      if (!isOpen || write(bytes, at, sizeBytes)) return;
      socket.send(bytes, at, sizeBytes, (error) => {
        if (error !== null) onRefused?.();
      });
    },
    close: () => {
      isOpen = false;
      void closeUdp(socket);
    },
  };
}

import type { Libc } from './libc.ts';
import { createMessageTable } from './message-table.ts';

/** Of an IPv4 socket: the two words that count of struct sockaddr_in, as they lie in memory. */
export interface SocketName {
  /** The family, and the port. */
  readonly port: number;
  readonly address: number;
}

/** Datagrams of one socket that go out by one call. */
export interface Outbox {
  readonly put: (to: SocketName, bytes: Uint8Array, place: number, sizeBytes: number) => void;
  readonly isFull: () => boolean;
  /** What there is no room for now is lost, as on any wire; of all else that did not go out `onFailed` is told. */
  readonly send: (descriptor: number, onFailed?: (to: SocketName, errno: number) => void) => void;
}

/** Of Linux. */
const EAGAIN = 11;
const NAME_BYTES = 16;

export function createOutbox(libc: Libc, most: number): Outbox {
  const table = createMessageTable(libc, most);
  for (let index = 0; index < most; index += 1) table.setNameBytes(index, NAME_BYTES);
  /** Whose memory it is: nobody may give it away before it is sent. */
  const held: (Uint8Array | undefined)[] = Array.from({ length: most });
  const names: SocketName[] = [];
  let count = 0;
  const sendAll = (descriptor: number): readonly (readonly [SocketName, number])[] => {
    const failed: (readonly [SocketName, number])[] = [];
    for (let next = 0; next < count; ) {
      const sent = libc.sendmmsg(descriptor, table.headAt(next), count - next, 0);
      if (sent <= 0) {
        const errno = libc.errno();
        if (errno === EAGAIN) break;
        const to = names[next];
        if (to !== undefined) failed.push([to, errno]);
      }
      // It told of the first of them; those behind it have their turn.
      next += Math.max(sent, 1);
    }
    return failed;
  };
  return {
    put: (to, bytes, place, sizeBytes) => {
      const name = table.nameIn(count);
      table.words[name] = to.port;
      table.words[name + 1] = to.address;
      table.setBytes(count, place, sizeBytes);
      held[count] = bytes;
      names[count] = to;
      count += 1;
    },
    isFull: () => count === most,
    send: (descriptor, onFailed) => {
      const failed = sendAll(descriptor);
      held.fill(undefined, 0, count);
      count = 0;
      // Now: who is told may have something to say at once.
      for (const [to, errno] of failed) onFailed?.(to, errno);
    },
  };
}

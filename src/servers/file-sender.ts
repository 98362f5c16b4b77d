import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { changeOf, type FileProof } from './file-proof.ts';
import type { Libc } from './libc.ts';
import { handleOf } from './socket-options.ts';

/**
 * The kernel sends a file by itself, from its own memory: no byte of it comes through this program. An image of 64 MB to 200
 * machines costs 0.12 s/GB so, and 0.30 by writing it (measured, Reno). What the page cache has lost is read from the disk
 * within the call.
 */
export interface FileSender {
  /** Undefined: it cannot be opened, or is not what was proven any more. */
  readonly open: (path: string, proof: FileProof, socket: Socket) => SentFile | undefined;
}

/** One file on its way over one connection. */
export interface SentFile {
  /**
   * How many bytes from `start` on the kernel took, which is none where it has no room. `cannot`: the rest goes another way.
   * `changed`: what waits in the kernel stands in the file, so nobody knows what goes out of that.
   */
  readonly send: (start: number, end: number) => number | 'cannot' | 'changed';
  readonly close: () => void;
}

/** The others of the thread have their turn after this. */
export const MOST_AT_ONCE = 2 * 1024 * 1024;
const EAGAIN = 11;

interface OpenFile {
  readonly descriptor: number;
  users: number;
}

export function createFileSender(libc: Libc | undefined): FileSender | undefined {
  if (libc === undefined) return undefined;
  const send = createSend(libc);
  if (!isUsable(libc, send)) return undefined;
  /** One descriptor for all who get the same file. */
  const opened = new Map<string, OpenFile>();
  const release = (path: string, one: OpenFile): void => {
    one.users -= 1;
    if (one.users > 0) return;
    opened.delete(path);
    closeSync(one.descriptor);
  };
  return {
    open: (path, proof, socket) => {
      const handle = handleOf(socket);
      const one = handle === undefined ? undefined : (opened.get(path) ?? openFile(path));
      if (handle === undefined || one === undefined) return undefined;
      opened.set(path, one);
      one.users += 1;
      const { descriptor } = one;
      const change = () => changeOf(fstatSync(descriptor, { bigint: true }), proof);
      if (change() !== 'none') {
        release(path, one);
        return undefined;
      }
      return {
        send: (start, end) => {
          const changed = change();
          // Asked for anew each time: of a connection that was closed another one may have the number already.
          const to = handle.fd;
          if (changed === 'none' && to >= 0) return send(to, descriptor, start, end);
          return changed === 'changed' ? 'changed' : 'cannot';
        },
        close: () => release(path, one),
      };
    },
  };
}

function openFile(path: string): OpenFile | undefined {
  try {
    return { descriptor: openSync(path, 'r'), users: 0 };
  } catch {
    return undefined;
  }
}

type Send = (to: number, from: number, start: number, end: number) => number | 'cannot';

function createSend(libc: Libc): Send {
  const place = new BigInt64Array(1);
  const offset = new Uint8Array(place.buffer);
  return (to, from, start, end) => {
    place[0] = BigInt(start);
    const took = libc.sendfile(to, from, offset, Math.min(end - start, MOST_AT_ONCE));
    if (took > 0) return took;
    return took < 0 && libc.errno() === EAGAIN ? 0 : 'cannot';
  };
}

/** Four bytes from one file of memory to another: that the call means here what it means everywhere. */
function isUsable(libc: Libc, send: Send): boolean {
  const [from, to] = [createMemory(libc), createMemory(libc)];
  try {
    if (from < 0 || to < 0) return false;
    writeSync(from, 'crashcart');
    const got = Buffer.alloc(9);
    return send(to, from, 5, 9) === 4 && readSync(to, got, 0, 9, 0) === 4 && got.toString('latin1', 0, 4) === 'cart';
  } finally {
    // Not by Node, which did not open them and says so on the screen.
    for (const descriptor of [from, to]) libc.close(descriptor);
  }
}

const CLOSE_ON_EXEC = 1;
const createMemory = (libc: Libc): number => libc.memfdCreate(Buffer.from('self-test\0'), CLOSE_ON_EXEC);

import { closeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fail, ok, type Result } from '../core/result.ts';
import { createReadyList, watchDescriptor } from './epoll-events.ts';
import { encodeAddress, type KernelSocket, openEpollBell, openKernelSocket } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import type { ListenAddress } from './server-parts.ts';
import { createSharedPorts, type SharedPorts } from './shared-ports.ts';
import { SOL_UDP, type SocketOptions, UDP_SEGMENT } from './socket-options.ts';
import { errnoName } from './transfer-problem.ts';
import { checkSpan, createDgramSockets, type TransferSocket, type TransferSockets } from './transfer-socket.ts';

/**
 * Sockets that are worked off together: one call tells which of them heard something, and each datagram costs the calls of
 * the kernel and little else. By way of Node's sockets a block without windows costs twice the time (measured with 200
 * transfers): each datagram gets 64 KB of new memory there, two calls to receive, and mostly a wake-up of its own.
 */
export interface BatchedSockets extends TransferSockets {
  readonly stop: () => void;
}

/** Of Linux. */
const EAGAIN = 11;
/** In one round. */
const MOST_SOCKETS = 256;
/** More than an ACK or an ERROR ever needs; the rest of what is longer is cut off. */
const MOST_BYTES = 2048;
const ACK_BYTES = 4;
/** A turn of the loop costs as much as a few blocks: what comes while others are answered is worked off in the same one. */
const MOST_ROUNDS = 8;
/** Only to end it: what goes over loopback is there at once. */
const SELF_TEST_MS = 5000;

interface Batch {
  readonly libc: Libc;
  readonly epoll: number;
  /** Of sockets of their own, by descriptor. */
  readonly takers: Map<number, (bytes: Buffer) => void>;
  readonly shared: SharedPorts;
  /** Where bytes lie. */
  readonly placeOf: (bytes: Uint8Array) => number;
}

/** What a thread sends by: these, or Node's own where they cannot be had. */
export function createTransferSockets(libc: Libc | undefined, native: SocketOptions | undefined): TransferSockets {
  const ready = createBatchedSockets(libc).then((batched) => batched ?? createDgramSockets(native));
  return { open: async (local, peer, mayShare) => (await ready).open(local, peer, mayShare) };
}

export async function createBatchedSockets(libc: Libc | undefined): Promise<BatchedSockets | undefined> {
  if (libc === undefined) return undefined;
  let hear = (): void => undefined;
  const bell = openEpollBell(libc, () => hear());
  if (bell === undefined) return undefined;
  const placeOf = createPlaces(libc);
  const shared = createSharedPorts(libc, bell.epoll, placeOf);
  const batch: Batch = { libc, epoll: bell.epoll, takers: new Map(), shared, placeOf };
  hear = createHearing(batch);
  if (await hearsItself(batch)) {
    return {
      open: async (local, peer, mayShare = false) =>
        mayShare ? shared.open(local, peer) : openBatched(batch, local, peer),
      stop: bell.close,
    };
  }
  bell.close();
  return undefined;
}

/** Takes what is there; then others have their turn. */
function createHearing({ libc, epoll, takers, shared }: Batch): () => void {
  const eachReady = createReadyList(libc, epoll, MOST_SOCKETS);
  const readOne = createRead(libc, takers);
  const read = (descriptor: number): void => {
    if (!shared.read(descriptor)) readOne(descriptor);
  };
  return () => {
    for (let round = 0; round < MOST_ROUNDS && eachReady(read) > 0; round += 1);
  };
}

/** Files that are being sent, and what is said only once. */
function createPlaces(libc: Libc): (bytes: Uint8Array) => number {
  const places = new WeakMap<Uint8Array, number>();
  return (bytes) => {
    const place = places.get(bytes) ?? libc.addressOf(bytes);
    places.set(bytes, place);
    return place;
  };
}

/** One datagram, into the same room each time: who has more is told of again in the next turn. */
function createRead(libc: Libc, takers: Batch['takers']): (descriptor: number) => void {
  const received = Buffer.allocUnsafeSlow(MOST_BYTES);
  const at = libc.addressOf(received);
  // All that comes for most blocks: seen without a new object for each.
  const ack = received.subarray(0, ACK_BYTES);
  return (descriptor) => {
    const sizeBytes = libc.recv(descriptor, at, MOST_BYTES, 0);
    // Below 0: ECONNREFUSED, the client's port is closed. Its next word or a timer decides.
    if (sizeBytes < 0) return;
    takers.get(descriptor)?.(sizeBytes === ACK_BYTES ? ack : received.subarray(0, sizeBytes));
  };
}

type Opened = Result<TransferSocket & KernelSocket>;

function openBatched(batch: Batch, local: string, peer: ListenAddress): Opened {
  const { libc, epoll } = batch;
  const opened = openKernelSocket(libc, local, peer);
  if (!opened.ok) return opened;
  const { descriptor } = opened.value;
  if (watchDescriptor(libc, epoll, descriptor)) return ok(fromKernel(batch, opened.value));
  const why = errnoName(libc.errno());
  closeSync(descriptor);
  return fail(why);
}

function fromKernel(batch: Batch, { descriptor, port }: KernelSocket): TransferSocket & KernelSocket {
  const { libc, takers, placeOf } = batch;
  let isOpen = true;
  let tellFailure = (_code: string): void => undefined;
  return {
    descriptor,
    port,
    segment: (sizeBytes) => {
      const value = Buffer.from(Int32Array.of(sizeBytes).buffer);
      return isOpen && libc.setsockopt(descriptor, SOL_UDP, UDP_SEGMENT, value, value.length) === 0;
    },
    hear: (take) => void takers.set(descriptor, take),
    hearFailures: (take) => {
      tellFailure = take;
    },
    send: (bytes, at, sizeBytes, onRefused) => {
      checkSpan(bytes, at, sizeBytes);
      const from = placeOf(bytes) + at;
      const isSent = () => libc.send(descriptor, from, sizeBytes, 0) === sizeBytes;
      // The first failure may be of a packet before: a port that was closed for a moment.
      if (!isOpen || isSent() || isSent()) return;
      const errno = libc.errno();
      if (errno === EAGAIN) return;
      if (onRefused !== undefined) onRefused();
      else tellFailure(errnoName(errno));
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      takers.delete(descriptor);
      closeSync(descriptor);
    },
  };
}

/** Numbers and layouts are the kernel's: what is said to a port, and what it says to that, must be what both hear. */
async function hearsItself(batch: Batch): Promise<boolean> {
  const { libc, shared } = batch;
  const address = '127.0.0.1';
  const opened = openBatched(batch, address, { address, port: 9 });
  const client = opened.ok ? opened.value : undefined;
  const joined = client === undefined ? undefined : shared.open(address, { address, port: client.port });
  const port = joined?.ok === true ? joined.value : undefined;
  const to = port === undefined ? undefined : encodeAddress({ address, port: port.port });
  const isHeard = new Promise<boolean>((resolve) => {
    const said = ['crash', 'cart'];
    if (client === undefined || to === undefined || libc.connect(client.descriptor, to, to.length) !== 0)
      return resolve(false);
    port?.hear((bytes) => port.send(Buffer.from(bytes), 0, bytes.length));
    client.hear((bytes) => {
      const isRight = bytes.toString() === said.shift();
      if (!isRight || said.length === 0) resolve(isRight);
    });
    for (const text of [...said]) client.send(Buffer.from(text), 0, text.length);
  });
  try {
    return await Promise.race([isHeard, setTimeout(SELF_TEST_MS, false, { ref: false })]);
  } finally {
    port?.close();
    client?.close();
  }
}

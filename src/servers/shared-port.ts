import { closeSync } from 'node:fs';
import type { KernelSocket } from './kernel-socket.ts';
import type { Libc } from './libc.ts';
import { createInbox, type Inbox } from './receive-many.ts';
import { createOutbox, type Outbox, type SocketName } from './send-many.ts';
import { keepSenders } from './sender-filter.ts';
import { errnoName } from './transfer-problem.ts';
import { checkSpan, type TransferSocket } from './transfer-socket.ts';

/**
 * A port that transfers without windows share: what their clients say together is heard by one call, and answered by one.
 * A transfer is known by both ports (RFC 1350 4): what others say to it is not heard.
 */
export interface SharedPort {
  readonly descriptor: number;
  /** False: it served this client before, and what is late of that would get into the next; or it has served enough. */
  readonly takes: (peer: SocketName) => boolean;
  readonly isFull: () => boolean;
  readonly join: (peer: SocketName) => TransferSocket;
  /** Takes what is there. */
  readonly read: () => void;
}

/** What the ports of a thread use one after the other. */
export interface SharedRoom {
  readonly libc: Libc;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** Where bytes lie. */
  readonly placeOf: (bytes: Uint8Array) => number;
  /** The port whose clients are being heard: what its transfers say waits until all that came together is taken. */
  reading: Port | undefined;
}

interface Member extends SocketName {
  take: (bytes: Buffer) => void;
  failed: (code: string) => void;
}

interface Port extends KernelSocket {
  readonly room: SharedRoom;
  readonly onClosed: () => void;
  /** All that it ever served, by `keyOf`. */
  readonly members: Map<number, Member>;
  running: number;
  strangers: number;
  readonly onFailed: (to: SocketName, errno: number) => void;
}

/** What so many have on their way at a time, a block or an ACK each, the smallest buffers of Linux hold. */
const MOST_TRANSFERS = 64;
/** More than an ACK or an ERROR ever needs; the rest of what is longer is cut off. */
const MOST_BYTES = 2048;
/** No mistake any more: from then on what strangers send ends in the kernel. */
const FLOOD = 1000;

export function createSharedRoom(libc: Libc, placeOf: (bytes: Uint8Array) => number): SharedRoom {
  const inbox = createInbox(libc, MOST_TRANSFERS, MOST_BYTES);
  return { libc, inbox, outbox: createOutbox(libc, MOST_TRANSFERS), placeOf, reading: undefined };
}

/** Closed with the last of its transfers. */
export function createSharedPort(room: SharedRoom, socket: KernelSocket, onClosed: () => void): SharedPort {
  const members: Port['members'] = new Map();
  const onFailed = (to: SocketName, errno: number) => members.get(keyOf(to.port, to.address))?.failed(errnoName(errno));
  const port: Port = { ...socket, room, onClosed, members, running: 0, strangers: 0, onFailed };
  return {
    descriptor: socket.descriptor,
    takes: (peer) => !members.has(keyOf(peer.port, peer.address)),
    isFull: () => members.size >= MOST_TRANSFERS || port.strangers >= FLOOD,
    join: (peer) => join(port, peer),
    read: () => read(port),
  };
}

/** Two clients may have the same: then the port takes one of them. */
const keyOf = (port: number, address: number): number => port ^ Math.imul(address, 0x9e37_79b1);

const nobody = (): void => undefined;

function join(port: Port, peer: SocketName): TransferSocket {
  const { room, members } = port;
  const member: Member = { ...peer, take: nobody, failed: nobody };
  members.set(keyOf(peer.port, peer.address), member);
  port.running += 1;
  let isOpen = true;
  // Nearly all that a transfer says lies in one file.
  let known: Uint8Array | undefined;
  let place = 0;
  return {
    port: port.port,
    segment: () => false,
    hear: (take) => {
      member.take = take;
    },
    hearFailures: (take) => {
      member.failed = take;
    },
    send: (bytes, at, sizeBytes, onRefused) => {
      checkSpan(bytes, at, sizeBytes);
      if (!isOpen) return;
      if (bytes !== known) [known, place] = [bytes, room.placeOf(bytes)];
      say(port, peer, bytes, place + at, sizeBytes, onRefused);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      known = undefined;
      member.take = nobody;
      member.failed = nobody;
      port.running -= 1;
      if (room.reading !== port) closeIfIdle(port);
    },
  };
}

function say(
  port: Port,
  to: SocketName,
  bytes: Uint8Array,
  place: number,
  sizeBytes: number,
  onRefused: (() => void) | undefined,
): void {
  const { outbox, reading } = port.room;
  if (reading !== undefined && (reading !== port || onRefused !== undefined)) flush(reading);
  outbox.put(to, bytes, place, sizeBytes);
  if (onRefused !== undefined) outbox.send(port.descriptor, onRefused);
  else if (reading !== port || outbox.isFull()) flush(port);
}

const flush = ({ room, descriptor, onFailed }: Port): void => room.outbox.send(descriptor, onFailed);

function closeIfIdle({ running, descriptor, onClosed }: Port): void {
  if (running > 0) return;
  closeSync(descriptor);
  onClosed();
}

function read(port: Port): void {
  const { descriptor, members, room } = port;
  const { names, nameIn, bytesOf, receive } = room.inbox;
  const count = receive(descriptor);
  room.reading = port;
  for (let index = 0; index < count; index += 1) {
    const name = nameIn(index);
    const from = names[name] ?? 0;
    const address = names[name + 1] ?? 0;
    const member = members.get(keyOf(from, address));
    if (member?.port === from && member.address === address) member.take(bytesOf(index));
    else countStranger(port);
  }
  room.reading = undefined;
  flush(port);
  closeIfIdle(port);
}

function countStranger(port: Port): void {
  port.strangers += 1;
  if (port.strangers !== FLOOD) return;
  const addresses = new DataView(new ArrayBuffer(4));
  const clients = [...port.members.values()].map(({ address }) => {
    addresses.setInt32(0, address, true);
    return addresses.getUint32(0);
  });
  keepSenders(port.room.libc, port.descriptor, clients);
}

import type { Libc } from './libc.ts';

/** Of Linux. */
const EPOLLIN = 1;
const EPOLL_CTL_ADD = 1;
/** struct epoll_event, which is packed on this one kind of processor. */
const EVENT = process.arch === 'x64' ? { sizeBytes: 12, dataAt: 4 } : { sizeBytes: 16, dataAt: 8 };

/** Tells of it from now on, as long as it can be read. */
export function watchDescriptor(libc: Libc, epoll: number, descriptor: number): boolean {
  const event = Buffer.alloc(EVENT.sizeBytes);
  event.writeUInt32LE(EPOLLIN, 0);
  event.writeInt32LE(descriptor, EVENT.dataAt);
  return libc.epollCtl(epoll, EPOLL_CTL_ADD, descriptor, event) === 0;
}

/** Which of those that are watched can be read now; in one call at most so many. Gives how many there were. */
export function createReadyList(
  libc: Libc,
  epoll: number,
  most: number,
): (visit: (descriptor: number) => void) => number {
  const events = Buffer.allocUnsafeSlow(EVENT.sizeBytes * most);
  return (visit) => {
    const ready = libc.epollWait(epoll, events, most, 0);
    for (let index = 0; index < ready; index += 1) visit(events.readInt32LE(index * EVENT.sizeBytes + EVENT.dataAt));
    return ready;
  };
}

import type { Socket } from 'node:dgram';
import { parseIpv4 } from '../protocols/ipv4.ts';
import type { Libc } from './libc.ts';
import { attachFilter, CODE, type Instruction, IP_HEADER, NOTHING, WHOLE } from './packet-filter.ts';
import { handleOf } from './socket-options.ts';

const IP_SOURCE = IP_HEADER + 12;
/** A jump spans 255 instructions. */
const MOST_SENDERS = 200;

type Given = typeof WHOLE | typeof NOTHING;

/**
 * What these IPv4 addresses send to this socket ends in the kernel from now on: nobody is woken for it, and it takes no
 * room in the buffer. False: it could not be done, and who reads has to look at the sender.
 */
export function dropSenders(libc: Libc, socket: Socket, senders: readonly string[]): boolean {
  const descriptor = handleOf(socket)?.fd;
  const addresses = senders.flatMap((one) => {
    const parsed = parseIpv4(one);
    return parsed.ok ? [parsed.value] : [];
  });
  return descriptor !== undefined && filterSenders(libc, descriptor, addresses, NOTHING);
}

/** The same of all but these, which are numbers. */
export function keepSenders(libc: Libc, descriptor: number, senders: readonly number[]): boolean {
  return filterSenders(libc, descriptor, senders, WHOLE);
}

function filterSenders(libc: Libc, descriptor: number, senders: readonly number[], given: Given): boolean {
  const count = senders.length;
  if (count > MOST_SENDERS) return false;
  return attachFilter(libc, descriptor, [
    [CODE.loadByte, 0, 0, IP_HEADER],
    [CODE.shiftRight, 0, 0, 4],
    // Not IPv4: past them all.
    [CODE.jumpIfEqual, 0, count + 1, 4],
    [CODE.loadWord, 0, 0, IP_SOURCE],
    ...senders.map((address, at): Instruction => [CODE.jumpIfEqual, count - at, 0, address]),
    [CODE.give, 0, 0, given === WHOLE ? NOTHING : WHOLE],
    [CODE.give, 0, 0, given],
  ]);
}

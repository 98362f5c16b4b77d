import type { Socket } from 'node:dgram';
import { parseIpv4 } from '../protocols/ipv4.ts';
import type { Libc } from './libc.ts';
import { handleOf, SOL_SOCKET } from './socket-options.ts';

/** Of Linux: a classic packet filter, whose first byte is the UDP header; headers before it are reached by this offset. */
const SO_ATTACH_FILTER = 26;
const IP_HEADER = 0xfff0_0000;
const IP_SOURCE = IP_HEADER + 12;
const INSTRUCTION_BYTES = 8;
const PROGRAM_BYTES = 16;
const POINTER_AT = 8;
/** A jump spans 255 instructions. */
const MOST_SENDERS = 200;

const CODE = { loadByte: 0x30, loadWord: 0x20, shiftRight: 0x74, jumpIfEqual: 0x15, give: 0x06 } as const;
/** What is given of a packet. */
const WHOLE = 0xffff_ffff;
const NOTHING = 0;
type Given = typeof WHOLE | typeof NOTHING;

type Instruction = readonly [code: number, then: number, otherwise: number, value: number];

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
  return descriptor !== undefined && attachFilter(libc, descriptor, addresses, NOTHING);
}

/** The same of all but these, which are numbers. */
export function keepSenders(libc: Libc, descriptor: number, senders: readonly number[]): boolean {
  return attachFilter(libc, descriptor, senders, WHOLE);
}

function attachFilter(libc: Libc, descriptor: number, senders: readonly number[], given: Given): boolean {
  if (senders.length > MOST_SENDERS) return false;
  const filter = encodeFilter(senders, given);
  // In one piece: what the program points to lives as long as it does.
  const program = Buffer.concat([Buffer.alloc(PROGRAM_BYTES), filter]);
  program.writeUInt16LE(filter.length / INSTRUCTION_BYTES, 0);
  program.writeBigUInt64LE(BigInt(libc.addressOf(program) + PROGRAM_BYTES), POINTER_AT);
  return libc.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program, PROGRAM_BYTES) === 0;
}

function encodeFilter(addresses: readonly number[], given: Given): Buffer {
  const count = addresses.length;
  const instructions: Instruction[] = [
    [CODE.loadByte, 0, 0, IP_HEADER],
    [CODE.shiftRight, 0, 0, 4],
    // Not IPv4: past them all.
    [CODE.jumpIfEqual, 0, count + 1, 4],
    [CODE.loadWord, 0, 0, IP_SOURCE],
    ...addresses.map((address, at): Instruction => [CODE.jumpIfEqual, count - at, 0, address]),
    [CODE.give, 0, 0, given === WHOLE ? NOTHING : WHOLE],
    [CODE.give, 0, 0, given],
  ];
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  for (const [at, [code, then, otherwise, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, at * INSTRUCTION_BYTES);
    bytes[at * INSTRUCTION_BYTES + 2] = then;
    bytes[at * INSTRUCTION_BYTES + 3] = otherwise;
    bytes.writeUInt32LE(value, at * INSTRUCTION_BYTES + 4);
  }
  return bytes;
}

import type { Libc } from './libc.ts';
import { SOL_SOCKET } from './socket-options.ts';

/** Of Linux: a classic packet filter. */
const SO_ATTACH_FILTER = 26;
const INSTRUCTION_BYTES = 8;
const PROGRAM_BYTES = 16;
const POINTER_AT = 8;

/** Headers before the first byte of what is filtered are reached by these offsets. */
export const IP_HEADER = 0xfff0_0000;
export const LINK_HEADER = 0xffe0_0000;

export const CODE = {
  loadByte: 0x30,
  loadHalf: 0x28,
  loadWord: 0x20,
  /** From where the other register points to, which `ipLength` sets behind the IP header. */
  loadHalfFrom: 0x48,
  ipLength: 0xb1,
  shiftRight: 0x74,
  jumpIfEqual: 0x15,
  give: 0x06,
} as const;

/** What is given of a packet. */
export const WHOLE = 0xffff_ffff;
export const NOTHING = 0;

export type Instruction = readonly [code: number, then: number, otherwise: number, value: number];

/** False: it could not be done, and all comes as before. */
export function attachFilter(libc: Libc, descriptor: number, instructions: readonly Instruction[]): boolean {
  const filter = encodeFilter(instructions);
  // In one piece: what the program points to lives as long as it does.
  const program = Buffer.concat([Buffer.alloc(PROGRAM_BYTES), filter]);
  program.writeUInt16LE(filter.length / INSTRUCTION_BYTES, 0);
  program.writeBigUInt64LE(BigInt(libc.addressOf(program) + PROGRAM_BYTES), POINTER_AT);
  return libc.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program, PROGRAM_BYTES) === 0;
}

function encodeFilter(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  for (const [at, [code, then, otherwise, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, at * INSTRUCTION_BYTES);
    bytes[at * INSTRUCTION_BYTES + 2] = then;
    bytes[at * INSTRUCTION_BYTES + 3] = otherwise;
    bytes.writeUInt32LE(value, at * INSTRUCTION_BYTES + 4);
  }
  return bytes;
}

import { getSystemErrorName } from 'node:util';

/** Nothing that is said can ever go there: it is no shortage of the moment, and not said by the other side. */
const LASTING: ReadonlySet<string> = new Set(['ENETUNREACH', 'EACCES']);

export const isLasting = (code: string): boolean => LASTING.has(code);

export const errorCodeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Of a call of the kernel: what it calls its error. */
export const errnoName = (errno: number): string => (errno > 0 ? getSystemErrorName(-errno) : 'no reason given');

/** Why the socket of one transfer cannot be opened, or sends nothing; it goes to the machine as well, where it can. */
export function explainTransfer(code: string, peer: string, local?: string): string {
  switch (code) {
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
      return `there is no route from this host to ${peer} (a wrong mask, here or there?)`;
    case 'EACCES':
      return `${peer} is no address that one machine can have here`;
    case 'EADDRNOTAVAIL':
      return `${local ?? 'the address that was asked'} is no address of this host any more`;
    case 'EMFILE':
    case 'ENFILE':
      return 'the server has too many files open; try again';
    case 'EAGAIN':
    case 'EADDRINUSE':
      return 'no port is free on the server; try again';
    default:
      return `the server cannot send to ${peer}: ${code}`;
  }
}

import { createRequire } from 'node:module';

/**
 * Calls of the C library that Node does not offer, through an optional native package; as in C, below 0 is a failure.
 * Everything works without it.
 */
export interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (descriptor: number, address: Uint8Array, sizeBytes: number) => number;
  readonly connect: (descriptor: number, address: Uint8Array, sizeBytes: number) => number;
  readonly getsockname: (descriptor: number, address: Uint8Array, sizeBytes: Uint8Array) => number;
  readonly setsockopt: (
    descriptor: number,
    level: number,
    name: number,
    value: Uint8Array,
    sizeBytes: number,
  ) => number;
  /** `at` as `addressOf` gives it, as with `send`: a number is passed on sooner than a buffer. */
  readonly recv: (descriptor: number, at: number, sizeBytes: number, flags: number) => number;
  readonly send: (descriptor: number, at: number, sizeBytes: number, flags: number) => number;
  /** `heads` and `to` likewise. */
  readonly recvmmsg: (descriptor: number, heads: number, count: number, flags: number, timeout: number) => number;
  readonly sendmmsg: (descriptor: number, heads: number, count: number, flags: number) => number;
  readonly sendto: (
    descriptor: number,
    at: number,
    sizeBytes: number,
    flags: number,
    to: number,
    toBytes: number,
  ) => number;
  /** Its offset is 8 bytes: where to begin. */
  readonly sendfile: (to: number, from: number, offset: Uint8Array, sizeBytes: number) => number;
  readonly memfdCreate: (name: Uint8Array, flags: number) => number;
  readonly dup3: (descriptor: number, onto: number, flags: number) => number;
  readonly close: (descriptor: number) => number;
  readonly epollCreate: (flags: number) => number;
  readonly epollCtl: (epoll: number, operation: number, descriptor: number, event: Uint8Array) => number;
  readonly epollWait: (epoll: number, events: Uint8Array, most: number, timeoutMs: number) => number;
  /** Of the last call that failed. */
  readonly errno: () => number;
  /** Where the bytes lie. They stay there as long as somebody holds them. */
  readonly addressOf: (bytes: Uint8Array) => number;
}

type CFunction = (...values: readonly (number | Uint8Array)[]) => number;

interface Koffi {
  readonly load: (path: null) => {
    readonly func: (name: string, result: string, parameters: readonly string[]) => CFunction;
  };
  readonly errno: () => number;
  readonly address: (bytes: Uint8Array) => bigint;
}

function isKoffi(value: unknown): value is Koffi {
  return typeof value === 'object' && value !== null && 'load' in value && 'errno' in value && 'address' in value;
}

export function loadLibc(): Libc | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi: unknown = createRequire(import.meta.url)('koffi');
    return isKoffi(koffi) ? declareLibc(koffi) : undefined;
  } catch {
    return undefined;
  }
}

function declareLibc(koffi: Koffi): Libc {
  const library = koffi.load(null);
  const declare = (name: string, result: string, ...parameters: string[]) => library.func(name, result, parameters);
  return {
    socket: declare('socket', 'int', 'int', 'int', 'int'),
    bind: declare('bind', 'int', 'int', 'void *', 'uint32_t'),
    connect: declare('connect', 'int', 'int', 'void *', 'uint32_t'),
    getsockname: declare('getsockname', 'int', 'int', 'void *', 'void *'),
    setsockopt: declare('setsockopt', 'int', 'int', 'int', 'int', 'void *', 'uint32_t'),
    recv: declare('recv', 'intptr_t', 'int', 'uintptr_t', 'size_t', 'int'),
    send: declare('send', 'intptr_t', 'int', 'uintptr_t', 'size_t', 'int'),
    recvmmsg: declare('recvmmsg', 'int', 'int', 'uintptr_t', 'uint32_t', 'int', 'uintptr_t'),
    sendmmsg: declare('sendmmsg', 'int', 'int', 'uintptr_t', 'uint32_t', 'int'),
    sendto: declare('sendto', 'intptr_t', 'int', 'uintptr_t', 'size_t', 'int', 'uintptr_t', 'uint32_t'),
    sendfile: declare('sendfile', 'intptr_t', 'int', 'int', 'void *', 'size_t'),
    memfdCreate: declare('memfd_create', 'int', 'void *', 'uint32_t'),
    dup3: declare('dup3', 'int', 'int', 'int', 'int'),
    close: declare('close', 'int', 'int'),
    epollCreate: declare('epoll_create1', 'int', 'int'),
    epollCtl: declare('epoll_ctl', 'int', 'int', 'int', 'int', 'void *'),
    epollWait: declare('epoll_wait', 'int', 'int', 'void *', 'int', 'int'),
    errno: () => koffi.errno(),
    addressOf: (bytes) => Number(koffi.address(bytes)),
  };
}

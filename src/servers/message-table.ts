import type { Libc } from './libc.ts';

/** In words of four bytes. struct mmsghdr of 64-bit processors, struct iovec, and room for a struct sockaddr_in6. */
const HEAD = { words: 16, name: 0, nameBytes: 2, iov: 4, iovs: 6, sizeBytes: 14 } as const;
const IOV = { words: 4, base: 0, length: 2 } as const;
const NAME_WORDS = 8;
const WORD_BYTES = 4;
const HIGH_WORD = 2 ** 32;

/**
 * What recvmmsg(2) and sendmmsg(2) are told of many datagrams at once: each is one piece of memory, and the name of a
 * socket. It is written once; for the next call only what changes is.
 */
export interface MessageTable {
  /** All of it, little-endian. */
  readonly words: Int32Array;
  /** Where the head of a message lies, for the kernel. */
  readonly headAt: (index: number) => number;
  /** Where in `words` the socket's name begins. */
  readonly nameIn: (index: number) => number;
  readonly setNameBytes: (index: number, sizeBytes: number) => void;
  /** `at` as `addressOf` gives it. */
  readonly setBytes: (index: number, at: number, sizeBytes: number) => void;
  /** What the kernel received or sent. */
  readonly sizeOf: (index: number) => number;
}

export function createMessageTable(libc: Libc, count: number): MessageTable {
  const iovs = HEAD.words * count;
  const names = iovs + IOV.words * count;
  const words = new Int32Array(names + NAME_WORDS * count);
  const tableAt = libc.addressOf(new Uint8Array(words.buffer));
  // A store takes the low 32 bits of the whole number.
  const point = (word: number, at: number): void => {
    words[word] = at;
    words[word + 1] = at / HIGH_WORD;
  };
  for (let index = 0; index < count; index += 1) {
    const head = index * HEAD.words;
    point(head + HEAD.name, tableAt + (names + index * NAME_WORDS) * WORD_BYTES);
    point(head + HEAD.iov, tableAt + (iovs + index * IOV.words) * WORD_BYTES);
    words[head + HEAD.iovs] = 1;
  }
  return {
    words,
    headAt: (index) => tableAt + index * HEAD.words * WORD_BYTES,
    nameIn: (index) => names + index * NAME_WORDS,
    setNameBytes: (index, sizeBytes) => {
      words[index * HEAD.words + HEAD.nameBytes] = sizeBytes;
    },
    setBytes: (index, at, sizeBytes) => {
      const iov = iovs + index * IOV.words;
      point(iov + IOV.base, at);
      words[iov + IOV.length] = sizeBytes;
    },
    sizeOf: (index) => words[index * HEAD.words + HEAD.sizeBytes] ?? 0,
  };
}

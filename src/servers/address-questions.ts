import type { Socket } from 'node:dgram';
import type { TimeMs } from '../core/time.ts';
import type { AddressPool } from '../netboot/address-pool.ts';
import { type BootNet, isInNet } from '../netboot/boot-site.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';

/** Addresses looked at ahead of time, per network and round: a rack of machines that start together. */
const AHEAD = 64;
/** Of these the first, which the next machine gets, in every round: who came a moment ago must be seen. */
const NEXT = 4;
const LOOK_AGAIN_MS = 60_000;
const NEXT_AGAIN_MS = 1_500;
/** Where nobody is expected, looked at beside these: who answers there too answers for all. */
export const QUIET = 4;
/** The discard port (RFC 863): what answers, answers to ARP, and that is all that is wanted. */
const DISCARD = 9;

export interface AddressQuestionsParts {
  readonly pool: AddressPool;
  /** The socket that sends to addresses of the network where nobody may be. */
  readonly socketOf: (net: BootNet) => Socket | undefined;
}

/** What the kernel is made to ask for by ARP: one datagram to each address does that. */
export interface AddressQuestions {
  /** False: not now. */
  readonly ask: (net: BootNet, address: number, at: TimeMs) => boolean;
  /** Was it asked for lately? */
  readonly has: (address: number) => boolean;
  readonly asked: () => readonly number[];
  readonly forget: (address: number) => void;
  /** Until then the kernel may show there who is gone. */
  readonly doubt: (net: BootNet, address: number, until: TimeMs) => void;
  readonly askDoubted: (at: TimeMs) => void;
  /** `awaited`: addresses of the inventory whose machines are about to come. */
  readonly askNext: (nets: readonly BootNet[], awaited: readonly number[], at: TimeMs) => void;
}

export function createAddressQuestions({ pool, socketOf }: AddressQuestionsParts): AddressQuestions {
  const asked = new Map<number, TimeMs>();
  const doubts = new Map<number, { readonly net: BootNet; readonly until: TimeMs }>();

  const ask = (net: BootNet, address: number, at: TimeMs): boolean => {
    const socket = socketOf(net);
    // The rest in the next round: replies go by this socket too.
    if (socket === undefined || socket.getSendQueueCount() > 0) return false;
    asked.set(address, at);
    socket.send(Buffer.alloc(1), DISCARD, renderIpv4(address), () => undefined);
    return true;
  };

  /**
   * Until the kernel has dropped who was there, and asks everybody. Of a rack that runs already a few in each round, in turn:
   * a thousand at once are a tenth of a second in which nobody is answered.
   */
  const askDoubted = (at: TimeMs): void => {
    let room = AHEAD;
    for (const [address, doubt] of [...doubts]) {
      const isOver = doubt.until <= at;
      if (isOver || room > 0) doubts.delete(address);
      if (isOver || room === 0) continue;
      doubts.set(address, doubt);
      room -= 1;
      if (!ask(doubt.net, address, at)) return;
    }
  };

  const look = (net: BootNet, awaited: readonly number[], at: TimeMs): void => {
    if (socketOf(net) === undefined) return;
    pool.looked(net, new Set(asked.keys()));
    const upcoming = pool.upcoming(net, AHEAD, at);
    for (const address of upcoming.slice(0, NEXT)) {
      if (at - (asked.get(address) ?? 0) >= NEXT_AGAIN_MS && !ask(net, address, at)) return;
    }
    const own = awaited.filter((address) => isInNet(net, address));
    const quiet = own.length + upcoming.length === 0 ? [] : pool.quiet(net, QUIET);
    const next = [...quiet, ...own, ...upcoming].filter((address) => !asked.has(address));
    for (const address of next.slice(0, AHEAD)) if (!ask(net, address, at)) return;
  };

  return {
    ask,
    has: (address) => asked.has(address),
    asked: () => [...asked.keys()],
    forget: (address) => void asked.delete(address),
    doubt: (net, address, until) => void doubts.set(address, { net, until }),
    askDoubted,
    askNext: (nets, awaited, at) => {
      for (const [address, time] of asked) if (at - time > LOOK_AGAIN_MS) asked.delete(address);
      for (const net of nets) look(net, awaited, at);
    },
  };
}

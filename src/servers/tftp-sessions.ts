import type { TimeMs } from '../core/time.ts';
import type { ListenAddress } from './server-parts.ts';
import type { BreakOff } from './tftp-session.ts';

/** A whole room behind one router is one address; a quarter of all is what one hostile client can take from the others. */
const PART_OF_CLIENT = 1 / 4;
/** A request is soon forged, so that the rest is for the addresses of machines on record. */
const PART_OF_OTHERS = 3 / 4;
/** A machine that boots asks a few times. What goes to its address beyond that may be forged, and counts as a stranger's. */
const KEPT_PER_MACHINE = 8;
/** Long enough to be read by who looks now and then. */
const TOLD_MS = 60_000;
const NAMED_HOLDERS = 3;

/** Who asks. `known`: the address is that of a machine on record. */
export interface TftpPeer extends ListenAddress {
  readonly known: boolean;
}

/** Transfers that run, by address and port of the client. */
export interface TftpSessions {
  readonly find: (peer: ListenAddress) => TftpRun | undefined;
  readonly count: () => number;
  /** Why one more is refused; undefined: it may begin. */
  readonly whyBusy: (peer: TftpPeer, at: TimeMs) => string | undefined;
  /** Who has most of them: "10.20.0.9 (1024), 10.20.0.8 (40) and 3 more addresses". */
  readonly holders: () => string;
  /** Some were refused lately: what a person at the services screen must know. */
  readonly hampered: (at: TimeMs) => string | undefined;
  /** `start` gives how to break it off. `request`: by which one that comes again is known. */
  readonly begin: (peer: TftpPeer, request: string, start: (run: RunningTransfer) => BreakOff) => void;
  /** The client has asked anew from the same port. */
  readonly replace: (peer: ListenAddress, why: string) => void;
  readonly abortAll: (reason: string) => void;
}

/** What is known of one of them. */
export interface TftpRun {
  readonly request: string;
  /** When it last acknowledged something, be it our reply to its options. */
  readonly heardAt: TimeMs | undefined;
}

export interface RunningTransfer {
  readonly heard: (at: TimeMs) => void;
  readonly end: () => void;
}

interface Client {
  running: number;
  /** Of them those that take no room from others. */
  kept: number;
}

interface Running {
  readonly isKept: boolean;
  readonly request: string;
  heardAt: TimeMs | undefined;
  breakOff: BreakOff;
}

type Full = 'all' | 'others' | 'client';

/** `most`: transfers at a time, in all. */
export function createTftpSessions(most: number): TftpSessions {
  const mostPerClient = Math.ceil(most * PART_OF_CLIENT);
  const mostOfOthers = Math.ceil(most * PART_OF_OTHERS);
  const running = new Map<string, Running>();
  const clients = new Map<string, Client>();
  const troubles = new Map<Full, { readonly text: string; readonly at: TimeMs }>();
  let others = 0;
  const keyOf = ({ address, port }: ListenAddress): string => `${address}:${port}`;
  const mayKeep = ({ address, known }: TftpPeer): boolean =>
    known && (clients.get(address)?.kept ?? 0) < KEPT_PER_MACHINE;
  const fullFor = (peer: TftpPeer): Full | undefined => {
    if (running.size >= most) return 'all';
    if ((clients.get(peer.address)?.running ?? 0) >= mostPerClient) return 'client';
    return others >= mostOfOthers && !mayKeep(peer) ? 'others' : undefined;
  };
  const textOf = (full: Full, address: string): string => {
    if (full === 'all') return `${running.size} transfers run`;
    if (full === 'client') return `${clients.get(address)?.running ?? 0} transfers run to ${address} alone`;
    return `${others} transfers run to addresses of no machine on record`;
  };
  const holders = (): string => renderHolders(clients);
  const forget = (peer: ListenAddress, one: Running): void => {
    const client = clients.get(peer.address);
    if (running.get(keyOf(peer)) !== one || client === undefined) return;
    running.delete(keyOf(peer));
    client.running -= 1;
    if (one.isKept) client.kept -= 1;
    else others -= 1;
    if (client.running === 0) clients.delete(peer.address);
  };
  return {
    find: (peer) => running.get(keyOf(peer)),
    count: () => running.size,
    whyBusy: (peer, at) => {
      const full = fullFor(peer);
      if (full === undefined) return undefined;
      const why = textOf(full, peer.address);
      // The first words stay: of a flood one line in the journal is enough.
      troubles.set(full, {
        text: troubles.get(full)?.text ?? `${why}, ${REFUSED[full]}${advice(full, holders())}`,
        at,
      });
      return why;
    },
    holders,
    hampered: (at) => {
      for (const [full, trouble] of troubles) if (at - trouble.at > TOLD_MS) troubles.delete(full);
      return troubles.size === 0 ? undefined : [...troubles.values()].map(({ text }) => text).join('; ');
    },
    begin: (peer, request, start) => {
      const key = keyOf(peer);
      const isKept = mayKeep(peer);
      const client = clients.get(peer.address) ?? { running: 0, kept: 0 };
      client.running += 1;
      if (isKept) client.kept += 1;
      else others += 1;
      clients.set(peer.address, client);
      // Before it starts: a request that comes again while the file is read is the same transfer.
      const one: Running = { isKept, request, heardAt: undefined, breakOff: () => undefined };
      running.set(key, one);
      one.breakOff = start({
        heard: (at) => {
          one.heardAt = at;
        },
        end: () => forget(peer, one),
      });
    },
    replace: (peer, why) => {
      const one = running.get(keyOf(peer));
      if (one === undefined) return;
      // Its end may be told when the next one runs already.
      forget(peer, one);
      one.breakOff(why, 'replaced');
    },
    abortAll: (reason) => {
      for (const { breakOff } of [...running.values()]) breakOff(reason);
    },
  };
}

const REFUSED: Readonly<Record<Full, string>> = {
  all: 'and all others are refused, machines on record too',
  others: 'and others like them are refused; machines on record are served',
  client: 'and it is refused more',
};

const advice = (full: Full, holders: string): string =>
  full === 'client' ? '' : `. Most go to ${holders}. Who asks for them: tcpdump -eni any udp port 69`;

function renderHolders(clients: ReadonlyMap<string, Client>): string {
  const most = [...clients].sort(([, a], [, b]) => b.running - a.running).slice(0, NAMED_HOLDERS);
  const named = most.map(([address, { running }]) => `${address} (${running})`).join(', ');
  const more = clients.size - most.length;
  if (more === 0) return named;
  return `${named} and ${more} more ${more === 1 ? 'address' : 'addresses'}`;
}

import type { TimeMs } from '../core/time.ts';
import type { ReplySocket } from './reply-queue.ts';
import { MAY_WAIT, type ReplyRoads, ROADS, type Road } from './reply-roads.ts';

/** Replies that were not sent because one machine has had too many: how many in all, and who it was last. */
export interface CutReplies {
  readonly count: number;
  readonly mac: string;
  readonly iface: string | undefined;
}

export interface WatchedPort {
  readonly iface: string | undefined;
  readonly roads: ReplyRoads<Pick<ReplySocket, 'getSendQueueCount'>>;
}

export interface ReplyWatchParts {
  readonly ports: () => readonly WatchedPort[];
  readonly cut: () => CutReplies;
  /** What comes from machines of our own segments that have an address, and where. */
  readonly asks: { readonly neighbours: string; readonly port: number };
  /** Undefined: all is well again. */
  readonly onWarning: (warning: string | undefined) => void;
}

/** Long enough to be read by who looks now and then. */
const TOLD_MS = 60_000;

/** Sees when replies do not leave: machines hang then, while everything else looks well. */
export interface ReplyWatch {
  readonly round: (at: TimeMs) => void;
}

export function createReplyWatch({ ports, cut, asks, onWarning }: ReplyWatchParts): ReplyWatch {
  const troubles = new Map<string, { readonly text: string; readonly at: TimeMs }>();
  let waiting: ReadonlySet<string> = new Set();
  let cutBefore = 0;
  let told: string | undefined;
  return {
    round: (at) => {
      // The first words stay: of a flood from made-up MACs one line in the journal is enough.
      const see = (what: string, text: string) => troubles.set(what, { text: troubles.get(what)?.text ?? text, at });
      const { count, mac, iface } = cut();
      if (count > cutBefore) see('cut', cutText(mac, iface));
      cutBefore = count;
      const now = queuesOf(ports(), asks);
      for (const { key, text, isFull } of now) if (isFull || waiting.has(key)) see(key, text);
      waiting = new Set(now.map(({ key }) => key));
      for (const [what, trouble] of troubles) if (at - trouble.at > TOLD_MS) troubles.delete(what);
      const warning = troubles.size === 0 ? undefined : [...troubles.values()].map(({ text }) => text).join('; ');
      if (warning !== told) onWarning(warning);
      told = warning;
    },
  };
}

interface Queue {
  readonly key: string;
  readonly text: string;
  /** What comes now is not sent at all. */
  readonly isFull: boolean;
}

/** What a burst leaves behind is gone in milliseconds; what is there in two rounds is stuck. */
function queuesOf(ports: readonly WatchedPort[], asks: ReplyWatchParts['asks']): readonly Queue[] {
  return ports.flatMap(({ iface, roads }) =>
    ROADS.flatMap((road) => {
      const count = roads[road].getSendQueueCount();
      const about = { key: `${iface} ${road}`, text: stuckText(road, iface, asks) };
      return count === 0 ? [] : [{ ...about, isFull: count > MAY_WAIT[road] }];
    }),
  );
}

const on = (iface: string | undefined): string => (iface === undefined ? '' : ` on ${iface}`);

const stuckText = (road: Road, iface: string | undefined, { neighbours, port }: ReplyWatchParts['asks']): string =>
  road === 'neighbour'
    ? `${neighbours}${on(iface)} are not answered: too many answers go to addresses where no machine is. Who asks for them: tcpdump -eni ${iface ?? 'any'} udp port ${port}`
    : `${road === 'routed' ? 'answers to relays' : 'all answers'}${on(iface)} wait, the kernel does not take them: see ip -s link, tc -s qdisc`;

const cutText = (mac: string, iface: string | undefined): string =>
  `${mac}${on(iface)} asks for more answers to addresses of this network than any machine needs; most are not sent. Where it is: tcpdump -eni ${iface ?? 'any'} ether host ${mac}`;

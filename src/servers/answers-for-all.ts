import type { TimeMs } from '../core/time.ts';
import type { BootNet } from '../netboot/boot-site.ts';
import { strangerLimit } from '../netboot/pool-state.ts';

/** One host has a few addresses; who answers at more of those that were looked at is a router (local proxy ARP). */
const MOST_OF_ONE = 8;
const FEWEST_OF_ROUTER = 3;
/** Its answers come again with each look. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

/** Somebody answers at an address that was looked at, and is not its. */
export interface Answer {
  readonly net: BootNet;
  readonly mac: string;
}

/** On a private VLAN the router answers for every address, so that hosts reach each other by it: nobody need be there. */
export interface AnswersForAll {
  /** All answers that are heard now; who is found by them to answer for all. */
  readonly round: (answers: readonly Answer[], at: TimeMs) => readonly Answer[];
  readonly has: (net: BootNet, mac: string) => boolean;
}

export function createAnswersForAll(): AnswersForAll {
  const heard = new Map<string, TimeMs>();
  return {
    round: (answers, at) => {
      const counts = new Map<string, { readonly answer: Answer; count: number }>();
      for (const answer of answers) {
        const key = keyOf(answer.net, answer.mac);
        const counted = counts.get(key);
        if (counted === undefined) counts.set(key, { answer, count: 1 });
        else counted.count += 1;
      }
      for (const [key, since] of heard) if (at - since > FORGOTTEN_AFTER_MS) heard.delete(key);
      const found: Answer[] = [];
      for (const [key, { answer, count }] of counts) {
        if (count <= mostOf(answer.net)) continue;
        if (!heard.has(key)) found.push(answer);
        heard.set(key, at);
      }
      return found;
    },
    has: (net, mac) => heard.size > 0 && heard.has(keyOf(net, mac)),
  };
}

const mostOf = (net: BootNet): number => Math.min(MOST_OF_ONE, Math.max(FEWEST_OF_ROUTER, strangerLimit(net)));

const keyOf = ({ spec }: BootNet, mac: string): string => `${spec.subnet} ${mac}`;

import type { TimeMs } from '../core/time.ts';
import type { BootNet } from '../netboot/boot-site.ts';

/** So many addresses any host may have, wherever they are. */
const FEW = 3;
/** Of all that was asked for, so much is nearly all: a packet may be lost, and a router may leave something out. */
const NEARLY_ALL = 7 / 8;
/** Its answers come again with each look. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

/** Somebody answers at an address of ours. */
export interface Answer {
  readonly net: BootNet;
  readonly mac: string;
  readonly address: number;
}

/** An address that was asked for, or is about to be. `isQuiet`: nobody is expected there. */
export interface Asked {
  readonly net: BootNet;
  readonly address: number;
  readonly isQuiet: boolean;
}

/** On a private VLAN the router answers for every address, so that hosts reach each other by it: nobody need be there. */
export interface AnswersForAll {
  /** All answers that are heard now, and of these who stands where he has nothing from us; who is found to answer for all. */
  readonly round: (
    heard: readonly Answer[],
    strange: readonly Answer[],
    asked: readonly Asked[],
    at: TimeMs,
  ) => readonly Answer[];
  readonly has: (net: BootNet, mac: string) => boolean;
}

export function createAnswersForAll(): AnswersForAll {
  const routers = new Map<string, TimeMs>();
  return {
    round: (heard, strange, asked, at) => {
      for (const [key, since] of routers) if (at - since > FORGOTTEN_AFTER_MS) routers.delete(key);
      const by = new Map(heard.map(({ address, mac }) => [address, mac]));
      const found: Answer[] = [];
      for (const [key, { answer, addresses }] of byHost(strange)) {
        if (addresses.size <= FEW || !answersForAll(answer, addresses, asked, by)) continue;
        if (!routers.has(key)) found.push(answer);
        routers.set(key, at);
      }
      return found;
    },
    has: (net, mac) => routers.size > 0 && routers.has(keyOf(net, mac)),
  };
}

interface Host {
  readonly answer: Answer;
  readonly addresses: Set<number>;
}

function byHost(answers: readonly Answer[]): ReadonlyMap<string, Host> {
  const hosts = new Map<string, Host>();
  for (const answer of answers) {
    const key = keyOf(answer.net, answer.mac);
    const host = hosts.get(key);
    if (host === undefined) hosts.set(key, { answer, addresses: new Set([answer.address]) });
    else host.addresses.add(answer.address);
  }
  return hosts;
}

/** A host with many addresses (of containers, of services that move) is silent at the quiet ones. */
function answersForAll(
  { net, mac }: Answer,
  addresses: ReadonlySet<number>,
  asked: readonly Asked[],
  by: ReadonlyMap<number, string>,
): boolean {
  // Who stands at an address himself is nearer than the router.
  const open = asked.filter((one) => one.net === net && (by.get(one.address) ?? mac) === mac);
  const quiet = open.filter(({ isQuiet }) => isQuiet);
  const answered = (some: readonly Asked[]) => some.filter(({ address }) => addresses.has(address)).length;
  return answered(quiet) * 2 > quiet.length || (open.length > 0 && answered(open) >= open.length * NEARLY_ALL);
}

const keyOf = ({ spec }: BootNet, mac: string): string => `${spec.subnet} ${mac}`;

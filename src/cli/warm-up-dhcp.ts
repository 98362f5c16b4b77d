import { type Fleet, nodesOf } from '../core/fleet.ts';
import type { ArtefactPort } from '../core/ports.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { TimeMs } from '../core/time.ts';
import type { BootNet, BootSite } from '../netboot/boot-site.ts';
import { createWarmUpAsker, type WarmUpAsker } from './warm-up-asker.ts';
import { ASKERS } from './warm-up-packets.ts';
import { openUnheardServer } from './warm-up-server.ts';

export interface WarmUpParts {
  readonly site: () => BootSite;
  readonly artefacts: ArtefactPort;
  readonly fleet: () => Fleet;
  readonly now: () => TimeMs;
  /** Whether the program ends: then it is left at once. */
  readonly isOver?: () => boolean;
  readonly longestMs?: number;
}

export interface WarmedUp {
  readonly exchanges: number;
  /** Why there were not as many as it takes. */
  readonly cut?: 'over' | 'time' | 'sockets';
}

/** A smaller rack is answered in an instant either way. */
const WORTH_IT = 100;
const MOST_MACHINES = 1000;
/** Of each machine in each generation: as its firmware twice, as its iPXE and as its system. */
const EACH_ASKS = ASKERS.length;
/** Some 20,000 answers in all: from then on little is compiled any more, and nothing large (traced). */
const GENERATIONS = 6;
/** On a machine that is busy with other things it takes no more of its time. */
const LONGEST_MS = 5_000;
/**
 * Nothing is lost over loopback: who has no answer by then gets none, as where the pool has fewer addresses than there are
 * machines. In turns of the loop as well: whoever is kept from running for a while has not listened.
 */
const SILENT_MS = 5;
const SILENT_TURNS = 50;
const AT_ONCE = 8;
const ROUNDS_PER_TICK = 16;

/**
 * The first thousands of machines after a start were answered by code that V8 had not compiled yet, at up to three times
 * the cost of later ones. So machines of the inventory are answered at the start by servers of their own, in a copy of the
 * state, whose packets go over loopback, from sockets of ours to others: no event and no lease of them leaves this
 * function. There are several, one after the other: what is compiled for the functions of one server alone, and for one
 * that is not new any more, is thrown away when the next one comes. The real servers are open by then, and answer between.
 * It comes behind all that is made at a start: each new object that begins as one of the road does may cost what was compiled.
 */
export async function warmUpDhcp(parts: WarmUpParts): Promise<WarmedUp> {
  const { site, fleet } = parts;
  const net = site().nets.find((one) => one.spec.dhcp === 'authoritative' && one.relay === undefined);
  const known = nodesOf(fleet())
    .map(({ spec }) => spec)
    .filter((spec) => spec.identity.macs.length > 0)
    .slice(0, MOST_MACHINES);
  if (net === undefined || known.length < WORTH_IT) return { exchanges: 0 };
  const until = performance.now() + (parts.longestMs ?? LONGEST_MS);
  let cut: WarmedUp['cut'];
  const isOver = (): boolean => {
    if (parts.isOver?.() === true) cut = 'over';
    else if (performance.now() > until) cut ??= 'time';
    return cut !== undefined;
  };
  let exchanges = 0;
  let asking: readonly NodeSpec[] = known;
  for (let generation = 0; generation < GENERATIONS && !isOver(); generation += 1) {
    const asker = await openAsker(parts, asking, net, generation);
    if (asker === undefined) {
      if (!isOver()) cut = 'sockets';
      break;
    }
    exchanges += await exchange(asker, isOver);
    await asker.stop();
    asking = asker.served();
    if (asking.length === 0) break;
  }
  return cut === undefined ? { exchanges } : { exchanges, cut };
}

async function openAsker(
  parts: WarmUpParts,
  asking: readonly NodeSpec[],
  net: BootNet,
  generation: number,
): Promise<WarmUpAsker | undefined> {
  const server = await openUnheardServer(parts, generation, generation % 2 === 1 ? asking : []);
  return server.ok ? createWarmUpAsker(server.value, asking, net, EACH_ASKS, generation) : undefined;
}

async function exchange(asker: WarmUpAsker, isOver: () => boolean): Promise<number> {
  let answered = 0;
  let heardAt = performance.now();
  let silentTurns = 0;
  for (let round = 0; !asker.isDone(); round += 1) {
    asker.ask(AT_ONCE);
    if (round % ROUNDS_PER_TICK === 0) asker.tick();
    // What else begins at a start has its turn, and what was asked is read and answered.
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    if (isOver()) break;
    const isSilent = asker.answered() === answered;
    answered = asker.answered();
    silentTurns = isSilent ? silentTurns + 1 : 0;
    if (!isSilent) heardAt = now;
    if (silentTurns < SILENT_TURNS || now - heardAt < SILENT_MS) continue;
    asker.forget();
    silentTurns = 0;
    heardAt = now;
  }
  return asker.answered();
}

import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { Result } from '../core/result.ts';
import { isDoneUnsaved } from '../engine/act.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { awaitOverrideCleared, type Cleared, overridden } from './await-override-cleared.ts';

/** What is to be cancelled. */
export interface Goal {
  readonly waves: readonly string[];
  readonly nodes: readonly string[];
}

/** What was asked for of one state. */
export interface Round {
  readonly fleet: Fleet;
  readonly goal: Goal;
  readonly orders: readonly Order[];
  readonly cleared: Promise<ReadonlyMap<string, Cleared>>;
}

interface Order extends Goal {
  readonly answer: Promise<Answer>;
}

interface Answer {
  readonly isDone: boolean;
  readonly problem?: string;
}

export const answered = async ({ answer, ...goal }: Order): Promise<Goal & Answer> => ({ ...goal, ...(await answer) });

/**
 * A wave arms until its own cancel is taken, and what it arms after the state was read is in no list: the state is read
 * again until nothing is left. Nothing waits for an answer, as that waits for the disk.
 */
export async function orderAll(
  client: LinkClient,
  fleet: Fleet,
  meant: (now: Fleet) => Goal,
  waitMs: number,
): Promise<readonly Round[]> {
  const asked = new Set<string>();
  const rounds: Round[] = [];
  let now: Fleet | undefined = fleet;
  while (now !== undefined) {
    const goal = without(asked, now, meant(now));
    if (goal.waves.length + goal.nodes.length === 0) break;
    const held = overridden(now, goal.nodes);
    const cleared = awaitOverrideCleared(client, held, held.length === 0 ? 0 : waitMs);
    const round = { fleet: now, goal, orders: send(client, goal), cleared };
    rounds.push(round);
    for (const key of keysOf(now, goal)) asked.add(key);
    now = await fleetAfter(client, round, meant);
  }
  return rounds;
}

/** The waves first: else the place of each machine that is cancelled goes to the next one. */
function send(client: LinkClient, { waves, nodes }: Goal): readonly Order[] {
  const orders = waves.map(
    (wave): Order => ({ waves: [wave], nodes: [], answer: order(client, { type: 'waveCancel', wave }) }),
  );
  return nodes.length === 0
    ? orders
    : [...orders, { waves: [], nodes, answer: order(client, { type: 'cancel', nodes }) }];
}

/** A machine that got another job since is meant once more. */
const keyOf = (fleet: Fleet, name: string): string => `${name}/${nodeOf(fleet, name)?.job?.id ?? ''}`;

const keysOf = (fleet: Fleet, { waves, nodes }: Goal): readonly string[] => [
  ...waves,
  ...nodes.map((name) => keyOf(fleet, name)),
];

const without = (asked: ReadonlySet<string>, now: Fleet, { waves, nodes }: Goal): Goal => ({
  waves: waves.filter((id) => !asked.has(id)),
  nodes: nodes.filter((name) => !asked.has(keyOf(now, name))),
});

/** The first state in which each order has taken effect, or is known to be refused; undefined where all of them are. */
function fleetAfter(
  client: LinkClient,
  { fleet, orders }: Round,
  meant: (now: Fleet) => Goal,
): Promise<Fleet | undefined> {
  return new Promise((resolve) => {
    const open = new Set(orders);
    let refused = 0;
    let now = fleet;
    const settle = (one: Order) => {
      open.delete(one);
      if (open.size === 0) resolve(refused === orders.length ? undefined : now);
    };
    for (const one of orders)
      void one.answer.then(({ isDone }) => {
        if (isDone || !open.has(one)) return;
        refused += 1;
        settle(one);
      });
    client.follow((latest) => {
      now = latest;
      if (open.size === 0) return;
      const still = new Set(keysOf(now, meant(now)));
      for (const one of open) if (!keysOf(fleet, one).some((key) => still.has(key))) settle(one);
    }, 100);
  });
}

/** What could not be saved took effect all the same, and what else is asked for is not less wanted by it. */
async function order(client: LinkClient, action: OperatorAction): Promise<Answer> {
  const answer: Result<unknown> = await client.ask({ type: 'act', action });
  return answer.ok ? { isDone: true } : { isDone: isDoneUnsaved(answer), problem: answer.error };
}

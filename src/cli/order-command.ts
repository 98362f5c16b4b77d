import type { Fleet } from '../core/fleet.ts';
import { nodeOf } from '../core/fleet.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { Result } from '../core/result.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { awaitOverrideCleared, overridden } from './await-override-cleared.ts';
import { type CommandContext, EXIT, type ExitCode, flag, usageProblem } from './command.ts';
import { dialEngine, dialForOrder } from './engine-socket.ts';
import { readFleet } from './follow-once.ts';

/** `forbids`: what it forbids must not wait for a question. */
export type OrderSort = 'writes' | 'forbids' | 'reads';

/** A connection with the write side, closed whatever happens. */
export async function withClient(
  context: CommandContext,
  name: string,
  work: (client: LinkClient) => Promise<ExitCode>,
  sort: OrderSort = 'writes',
): Promise<ExitCode> {
  const dialled = sort === 'reads' ? dialEngine(context, name, false) : dialForOrder(context, name, sort === 'forbids');
  const client = await dialled;
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/** The same, with the state as it is now. */
export const withEngine = (
  context: CommandContext,
  name: string,
  work: (client: LinkClient, fleet: Fleet) => Promise<ExitCode>,
  sort?: OrderSort,
): Promise<ExitCode> => withClient(context, name, async (client) => work(client, await readFleet(client)), sort);

/** Before the engine is looked for: that none runs is not what is wrong with words that name nothing. */
export function takesNames(words: readonly string[], command: string): void {
  if (words.length === 0) throw usageProblem(`${command} takes the names of the machines`);
}

export function knownNodes(fleet: Fleet, words: readonly string[], command: string): readonly string[] {
  takesNames(words, command);
  const nodes = [...new Set(words)];
  const unknown = nodes.find((name) => nodeOf(fleet, name) === undefined);
  if (unknown !== undefined) throw usageProblem(`there is no machine named ${unknown} in the inventory of the engine`);
  return nodes;
}

/** Sends one order and says what the engine said. */
export async function orderAndSay(
  context: CommandContext,
  client: LinkClient,
  action: OperatorAction,
): Promise<ExitCode> {
  const done: Result<unknown> = await client.ask({ type: 'act', action });
  if (flag(context, 'json'))
    context.out(`${JSON.stringify(done.ok ? { done: String(done.value) } : { error: done.error })}\n`);
  else if (done.ok) context.out(`${String(done.value)}\n`);
  else context.err(`crashcart: ${done.error}\n`);
  return done.ok ? EXIT.done : EXIT.no;
}

const CLEARED_MS = 60_000;

/** An order that ends jobs: done when the BMCs of those machines read back that nothing is left of them. */
export async function orderAndSayCleared(
  context: CommandContext,
  client: LinkClient,
  fleet: Fleet,
  action: OperatorAction,
  ending: readonly string[],
): Promise<ExitCode> {
  const held = overridden(fleet, ending);
  const waiting = awaitOverrideCleared(client, held, held.length === 0 ? 0 : CLEARED_MS);
  const code = await orderAndSay(context, client, action);
  for (const [name, one] of code === EXIT.done ? await waiting : [])
    if (one.is !== 'cleared')
      context.err(
        `crashcart: ${name}: its boot override is not read back as cleared${one.is === 'failed' ? `: ${one.why}` : ''}\n`,
      );
  return code;
}

import type { BmcPort, BmcProblem, BmcTarget, OpenBmc, PowerAction, Switched } from '../core/bmc.ts';
import type { Effect } from '../core/effect.ts';
import type { EventBody } from '../core/event.ts';
import type { BmcOrder } from '../core/may-power.ts';
import { ok, type Result } from '../core/result.ts';

/** What all orders to BMCs need of the program. */
export interface BmcEffectParts {
  readonly openBmc: OpenBmc;
  /** Resolves the password just before use; a failure is told like one of the BMC. */
  readonly targetOf: (node: string) => Promise<Result<BmcTarget, BmcProblem>>;
  readonly now: () => number;
  /** Asked just before each write and each power: is this the BMC of our machine, and is the order still wanted? */
  readonly mayPower: (node: string, order: BmcOrder) => Result<void, BmcProblem>;
  /** Nobody read in this run whose BMC this is. */
  readonly isUnread: (node: string) => boolean;
  /** What is asked of this BMC goes before what is asked of others, until the returned function is called. */
  readonly hurry?: (node: string) => () => void;
  /** A line for the node's log. */
  readonly onLog?: (node: string, level: 'info' | 'warn' | 'error', text: string) => void;
  /** The path of the medium of this job, which alone is taken out at its end. */
  readonly mediumOf: (node: string, job: string) => string;
  /** Where the BMC of this machine fetches the medium of this job from; refused unless the gate lets it boot. */
  readonly mediaUrl?: (node: string, job: string) => Promise<Result<string>>;
}

export type BmcEffect = Extract<Effect, { readonly type: `bmc.${string}` }>;
export type Emit = (event: EventBody) => void;
/** One order at its BMC. */
export interface Doing extends BmcEffectParts {
  readonly port: BmcPort;
  readonly bmc: BmcTarget['spec'];
  /** It may have waited since for the orders before it. */
  readonly orderedAt: number;
  readonly emit: Emit;
  readonly failed: (step: string, problem: BmcProblem) => void;
}

/** Who is behind this BMC is read before the first write; what it says is compared by whoever takes the event. */
export async function known({ port, isUnread, emit }: Doing, node: string): Promise<Result<void, BmcProblem>> {
  if (!isUnread(node)) return ok(undefined);
  const identity = await port.readIdentity();
  if (!identity.ok) return identity;
  emit({ type: 'bmc.identityRead', node, identity: identity.value });
  return ok(undefined);
}

/** Where an order fails that has not begun. Whoever waits for a clearing must hear; a look at an order fails no job. */
export function firstStepOf(effect: BmcEffect, otherwise: 'open' | 'identify'): string {
  if (effect.type === 'bmc.clearOverride') return 'clearOverride';
  return effect.type === 'bmc.bootFromNetwork' && effect.onlyIfUsedUp !== undefined ? 'readOrder' : otherwise;
}

export const orderOf = (effect: BmcEffect) =>
  'order' in effect && effect.order !== undefined ? { order: effect.order } : {};

interface PowerOrder {
  readonly node: string;
  readonly job?: string;
  readonly action: PowerAction;
  readonly order?: string;
}

/** What was found as it was to be was not switched, and what was off was not cut: told is what happened. */
export function powerTold(order: PowerOrder, askedAt: number, { power, did }: Switched): EventBody {
  if (did === 'nothing') return { type: 'bmc.powerFound', ...order, power };
  return { type: 'bmc.resetDone', ...order, action: did === 'on' ? 'on' : order.action, power, askedAt };
}

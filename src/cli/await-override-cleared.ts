import type { Event } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { LinkClient } from '../link/connect-link.ts';

/** What became of the one-shot boot override of a machine whose job was cancelled. */
export type Cleared =
  /** `off`: its job left the machine without power. */
  | { readonly is: 'cleared'; readonly off?: true }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'silent' };

/** Machines whose BMC holds, or was just asked to hold, an override for their job. */
export const overridden = (fleet: Fleet, names: readonly string[]): readonly string[] =>
  names.filter((name) => {
    const { override, stored } = nodeOf(fleet, name)?.job ?? {};
    return stored === true && (override === 'set' || override === 'asked');
  });

/**
 * Resolves when the BMC of each machine read back that its override is off, or said why not. To be called before the
 * order goes out, so that no answer is missed.
 */
export function awaitOverrideCleared(
  client: LinkClient,
  names: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, Cleared>> {
  const found = new Map<string, Cleared>();
  const note = (fleet: Fleet, event: Event) => {
    if (event.type === 'bmc.overrideCleared' && names.includes(event.node)) {
      const power = nodeOf(fleet, event.node)?.power.is;
      found.set(event.node, { is: 'cleared', ...(power === 'off' || power === 'turningOff' ? { off: true } : {}) });
    }
    if (event.type === 'bmc.failed' && event.step === 'clearOverride' && names.includes(event.node))
      found.set(event.node, { is: 'failed', why: `${event.problem.message} ${event.problem.advice}` });
  };
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      resolve(new Map(names.map((name) => [name, found.get(name) ?? { is: 'silent' }])));
    };
    const timer = setTimeout(finish, timeoutMs);
    client.onClose(finish);
    client.follow((fleet, events) => {
      for (const event of events) note(fleet, event);
      for (const name of names)
        if (!found.has(name) && nodeOf(fleet, name) === undefined)
          found.set(name, {
            is: 'failed',
            why: 'it left the inventory, and its BMC with it; look there what it boots next',
          });
      if (found.size === names.length) finish();
    }, 100);
  });
}

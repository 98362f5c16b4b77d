import { type Fleet, nodeOf } from '../core/fleet.ts';
import { type NodeState, newNode } from '../core/node.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { CommandContext } from './command.ts';
import { dialIfAny } from './engine-socket.ts';
import { readFleet } from './follow-once.ts';

/** What a running engine knows of the machines; undefined where none runs, which is no problem here. */
export async function engineFleet(context: CommandContext, screen: string): Promise<Fleet | undefined> {
  try {
    const client = await dialIfAny(context, screen);
    const fleet = await readFleet(client);
    client.close();
    return fleet;
  } catch {
    return undefined;
  }
}

/** With the disks and the identity that the engine has seen, if it means the same machine; else as nobody has seen it. */
export function nodeAsKnown(fleet: Fleet | undefined, spec: NodeSpec, at: number): NodeState {
  const known = fleet === undefined ? undefined : nodeOf(fleet, spec.name);
  const isSame = known !== undefined && JSON.stringify(known.spec.identity) === JSON.stringify(spec.identity);
  return isSame ? { ...known, spec } : newNode(spec, at);
}

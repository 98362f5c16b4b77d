import { type Fleet, nodeOf } from '../../core/fleet.ts';
import type { NodeState } from '../../core/node.ts';
import { isProtected, protectionOf } from '../../core/protection.ts';
import { lookOf } from './node-look.ts';

/** What a wave over a rack would take, and what is not up either but would be refused. */
export interface RackTodo {
  /** Lowest unit first. */
  readonly todo: readonly string[];
  readonly leftOut: readonly { readonly node: string; readonly why: string }[];
}

/** `names` from the top of the rack. The first of `todo` is the canary that is announced: so nobody who cannot go is in it. */
export function rackTodo(fleet: Fleet, names: readonly string[]): RackTodo {
  const todo: string[] = [];
  const leftOut: RackTodo['leftOut'][number][] = [];
  for (const name of names.toReversed()) {
    const node = nodeOf(fleet, name);
    if (node === undefined || lookOf(node).group === 'ready') continue;
    const why = whyLeftOut(node, fleet.switches.glass !== undefined);
    if (why === undefined) todo.push(name);
    else leftOut.push({ node: name, why });
  }
  return { todo, leftOut };
}

function whyLeftOut(node: NodeState, isGlassBroken: boolean): string | undefined {
  if (isProtected(node) && !isGlassBroken) return protectionOf(node);
  if (node.intent.is === 'hold') return `on hold: ${node.intent.why}`;
  if (node.health.is === 'conflict') return `in conflict: ${node.health.detail}`;
  if (node.job === undefined) return undefined;
  const bad = node.health.is === 'failed' || node.health.is === 'stalled';
  return bad ? `its ${node.job.kind} still waits: retry or cancel it` : `its ${node.job.kind} is under way`;
}

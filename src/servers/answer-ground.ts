import { nodeOf } from '../core/fleet.ts';
import type { EnginePort, RenderedPort } from '../core/ports.ts';

/**
 * Whatever an order, a file or the wire can change about what a machine may have; undefined: one that nobody knows. While
 * all of it is what it was, the same request is answered as before, and need not be decided anew.
 */
export type AnswerGround = readonly unknown[];
export type ReadGround = (node: string | undefined) => AnswerGround;

export function createGroundReader(engine: EnginePort, rendered: RenderedPort): ReadGround {
  return (name) => {
    const fleet = engine.fleet();
    const { panic } = fleet.switches;
    if (name === undefined) return [panic];
    const node = nodeOf(fleet, name);
    return [panic, fleet.index, rendered.of(name), node?.job, node?.spec, node?.guard, node?.intent, node?.health];
  };
}

export const sameGround = (a: AnswerGround, b: AnswerGround): boolean => a.every((part, index) => part === b[index]);

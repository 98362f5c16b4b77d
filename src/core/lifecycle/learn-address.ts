import type { NodeState } from '../node.ts';
import { type Step, step } from './move.ts';

/** By which NIC it asks, and where it is. */
export function learnAddress(node: NodeState, event: { readonly address?: string; readonly mac: string }): Step {
  const { address, mac } = event;
  if (address === undefined) return step({ ...node, seen: { ...node.seen, mac } });
  const { elsewhere: _left, ...seen } = node.seen;
  return step({ ...node, seen: { ...seen, address, mac } });
}

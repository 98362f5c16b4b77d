import type { NodeState } from '../../core/node.ts';
import { renderAge, renderSpan } from '../format/duration.ts';
import { isAgeKnown, sinceOf } from '../select/node-look.ts';

/** How long it is as it looks, for every column `age`. */
export const ageCell = (node: NodeState, nowMs: number): string =>
  isAgeKnown(node) ? renderAge(nowMs - sinceOf(node)) : '-';

/** ` for 4 min`, or nothing: for sentences. */
export const ageWords = (node: NodeState, nowMs: number): string =>
  isAgeKnown(node) ? ` for ${renderSpan(nowMs - sinceOf(node))}` : '';

import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import type { PhaseFacts } from '../phase.ts';
import { enter, type Step, step } from './move.ts';

type Requested = EventOf<'loader.requested'>;

/** Of requests for the same file that came before, the end may not be told yet. */
function openBefore({ phase }: NodeState, { file }: Requested): number {
  return phase.is === 'loader' && phase.file === file && phase.sizeOnly === undefined ? (phase.open ?? 1) : 0;
}

/** Of two requests the one that came last, whichever thread tells of its first. */
function lastAsked({ phase }: NodeState, { askedAt }: Requested): Pick<PhaseFacts['loader'], 'askedAt'> {
  const before = phase.is === 'loader' ? phase.askedAt : undefined;
  const last = Math.max(before ?? 0, askedAt ?? 0);
  return last === 0 ? {} : { askedAt: last };
}

export function asLoader(event: Requested, node: NodeState): PhaseFacts['loader'] {
  const { file, totalBytes } = event;
  const asked = lastAsked(node, event);
  if (event.sizeOnly === true) return { file, sentBytes: 0, totalBytes, sizeOnly: true, ...asked };
  const open = openBefore(node, event) + 1;
  return { file, sentBytes: 0, totalBytes, ...(open > 1 ? { open } : {}), ...asked };
}

/** A transfer that ends after the machine has asked anew, or has booted anew: its end says nothing of what it does now. */
export function isOfBefore({ phase, attempt }: NodeState, { askedAt }: EventOf<'loader.aborted'>): boolean {
  const since = phase.is === 'loader' ? phase.askedAt : attempt?.openedAt;
  return askedAt !== undefined && since !== undefined && askedAt < since;
}

export const enterLoader = enter<'loader.requested', 'loader'>('loader', asLoader);

/**
 * Firmware asks for the size first, and breaks that transfer off. Two threads may send the two, and what the first one
 * reports may come last (seen): a request alone does not unsay that the file went out. Bytes that move do.
 */
export function loaderAgain(node: NodeIn<'loader'>, event: Requested): Step {
  const { file, doneAt, sizeOnly } = node.phase;
  const isKnown = file === event.file && (doneAt !== undefined || (event.sizeOnly === true && sizeOnly === undefined));
  return isKnown
    ? step({ ...node, phase: { ...node.phase, ...lastAsked(node, event) } })
    : enterLoader.apply(node, event);
}

/** Where no other request runs, one that was broken off for its size leaves nothing that could stall. */
export function requestEnded(node: NodeIn<'loader'>, event: EventOf<'loader.aborted'>): NodeIn<'loader'> {
  const { open = 1, ...phase } = node.phase;
  if (phase.file !== event.file || open === 0) return node;
  if (open > 1) return { ...node, phase: { ...phase, open: open - 1 } };
  if (isOfBefore(node, event)) return node;
  const isProbe = event.probe && phase.sentBytes === 0;
  return { ...node, phase: isProbe ? { ...phase, sizeOnly: true } : { ...phase, open: 0 } };
}

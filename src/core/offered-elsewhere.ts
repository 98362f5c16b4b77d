import type { NodeState } from './node.ts';
import type { AddressOffer } from './seen.ts';
import { SECOND_MS } from './time.ts';

/** So long before a request is told, the answer that it got from another server may have been heard. */
const HEARD_BEFORE_MS = 2 * SECOND_MS;

/** What another server was heard to offer it since it began to ask. */
export function offeredElsewhere({ phase, seen }: NodeState): AddressOffer | undefined {
  const since = phase.is === 'firmware' ? (phase.before?.since ?? phase.since) : phase.since;
  const offer = seen.addressOffer;
  return offer !== undefined && offer.at >= since - HEARD_BEFORE_MS ? offer : undefined;
}

const besideOf = ({ phase }: NodeState) =>
  phase.is === 'firmware' || (phase.is === 'ipxe' && phase.address === undefined) ? phase.beside : undefined;

/** It has no address to take, by all that is heard: addresses are another server's to give here. */
export const lacksOffer = (node: NodeState): boolean =>
  besideOf(node) !== undefined && offeredElsewhere(node) === undefined;

/** Whether it was offered an address cannot be told: what we offer may be the reason after all. */
export const mayLackOffer = (node: NodeState): boolean => besideOf(node) === 'unheard';

/** As the end of a line that says how often it asked. */
export function offerText(node: NodeState): string {
  const beside = besideOf(node);
  if (beside === undefined) return '';
  const offer = offeredElsewhere(node);
  if (offer !== undefined) return `; ${offer.server} offered it the address ${offer.address}`;
  const unheard = beside === 'unheard' ? ' (one that goes to it alone, or to its relay, is not heard here)' : '';
  return `; no offer of an address to it was heard${unheard}`;
}

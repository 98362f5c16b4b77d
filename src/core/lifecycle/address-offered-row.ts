import type { EventOf } from '../event.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { PHASES } from '../phase.ts';
import { askedOn } from '../silence.ts';
import { goTo, on, type Row, stays } from './move.ts';

type AddressOffered = EventOf<'dhcp.addressOffered'>;

function noteOffer<N extends NodeState>(node: N, { server, address, time }: AddressOffered): N {
  return { ...node, seen: { ...node.seen, addressOffer: { server, address, at: time } } };
}

const lackedOffer = ({ health }: NodeState): boolean => health.is === 'stalled' && health.code === 'NO_ADDRESS';

/** What was said of it is no longer true: whether it takes that one has a time of its own. */
function offeredAtLast(before: NodeIn<'firmware'>, event: AddressOffered): NodeState {
  const node = noteOffer(before, event);
  if (!lackedOffer(node)) return node;
  const { is: _is, since: _since, ...facts } = node.phase;
  return goTo(node, 'firmware', askedOn(node.phase, { ...facts, asks: 0 }), event.time, 'wire');
}

function offeredInIpxe(before: NodeIn<'ipxe'>, event: AddressOffered): NodeState {
  const node = noteOffer(before, event);
  if (!lackedOffer(node)) return node;
  const { is: _is, since: _since, ...facts } = node.phase;
  return goTo(node, 'ipxe', { ...facts, asks: 0 }, event.time, 'wire');
}

export const addressOffered: Row<'dhcp.addressOffered'> = {
  ...on(
    PHASES,
    stays((node: NodeState, event: AddressOffered) => noteOffer(node, event)),
  ),
  firmware: stays(offeredAtLast),
  ipxe: stays(offeredInIpxe),
};

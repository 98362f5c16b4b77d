import type { EventOf } from '../event.ts';
import { sawNoRequest } from '../health.ts';
import type { NodeState } from '../node.ts';
import { EARLY_PHASES, IMAGE_PHASES, NETWORK_PHASES } from '../phase.ts';
import { awaitsBoot, BEFORE_BOOT_PHASES, unansweredNow } from '../unanswered.ts';
import { failing, noted, on, type Row, stays } from './move.ts';

type LeftUnanswered = EventOf<'dhcp.leftUnanswered'>;

/** It may yet ask by another NIC, which firmware does after a minute: the clock gives it that long, as for any offer. */
function note(node: NodeState, { why, time }: LeftUnanswered): NodeState {
  if (!awaitsBoot(node)) return node;
  const since = unansweredNow(node)?.since ?? time;
  const known = { ...node, seen: { ...node.seen, unanswered: { since, at: time, why } } };
  return sawNoRequest(node.health) ? failing(known, 'stalled', 'UNSERVED_NETWORK', why, time) : known;
}

export const leftUnanswered: Row<'dhcp.leftUnanswered'> = {
  ...on(
    BEFORE_BOOT_PHASES,
    stays((node: NodeState, event: LeftUnanswered) => note(node, event)),
  ),
  ...on([...EARLY_PHASES, 'script', ...IMAGE_PHASES, ...NETWORK_PHASES] as const, noted),
};

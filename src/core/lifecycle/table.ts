import type { Evidenced, EvidenceType } from '../event.ts';
import type { NodeState } from '../node.ts';
import { bmcRows } from './bmc-rows.ts';
import { bootstrapAsked } from './bootstrap-row.ts';
import { dhcpRows } from './dhcp-rows.ts';
import { httpRows } from './http-rows.ts';
import type { Move, Step, Table } from './move.ts';
import { loaderNotServed } from './not-served-row.ts';
import { probeRows } from './probe-rows.ts';
import { talosRows } from './talos-rows.ts';
import { transferRows } from './transfer-rows.ts';
import { leftUnanswered } from './unanswered-row.ts';
import { loaderWithheld } from './withheld-row.ts';

/** Every piece of evidence × every phase. `Table` demands all of them: a missing row does not compile. */
export const LIFECYCLE: Table = {
  ...bmcRows,
  ...dhcpRows,
  'dhcp.leftUnanswered': leftUnanswered,
  ...transferRows,
  'loader.withheld': loaderWithheld,
  'loader.notServed': loaderNotServed,
  'http.bootstrapAsked': bootstrapAsked,
  ...httpRows,
  ...talosRows,
  ...probeRows,
};

/** The one place where evidence and phase meet; the types of the rows were checked where they were written. */
export function applyEvidence(node: NodeState, event: Evidenced): Step {
  const row = LIFECYCLE[event.type] as unknown as Record<
    NodeState['phase']['is'],
    Move<EvidenceType, NodeState['phase']['is']>
  >;
  return row[node.phase.is].apply(node, event as never);
}

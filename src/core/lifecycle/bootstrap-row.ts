import type { CauseCode } from '../cause.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { PHASES } from '../phase.ts';
import { noted, on, type Row, stays } from './move.ts';

const DISPROVED: ReadonlySet<CauseCode> = new Set(['OFFER_IGNORED', 'STOPPED_ASKING', 'SCRIPT_NO_FETCH']);

/** What it fetched asks for its script; where that never comes, the way here is no reason. */
function fetched(node: NodeIn<'ipxe'>): NodeState {
  const { health } = node;
  const isDisproved = health.is === 'stalled' && DISPROVED.has(health.code);
  return { ...node, phase: { ...node.phase, bootstrap: true }, health: isDisproved ? { is: 'ok' } : health };
}

export const bootstrapAsked: Row<'http.bootstrapAsked'> = { ...on(PHASES, noted), ipxe: stays(fetched) };

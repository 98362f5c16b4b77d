import { type Drift, ignoredBy } from '../core/drift.ts';
import type { NodeState } from '../core/node.ts';

/** A difference as scripts read it. */
export interface DriftRow extends Drift {
  readonly ignoredBy?: string;
}

export function driftRows(node: NodeState): readonly DriftRow[] {
  return (node.drift ?? []).map((one) => {
    const ignored = ignoredBy(node, one);
    return ignored === undefined ? one : { ...one, ignoredBy: ignored.by.user };
  });
}

/** One line each: what the inventory says, what the machine is, and what brings them together. */
export function driftLines(node: NodeState): readonly string[] {
  return driftRows(node).map(({ field, desired, observed, actions, note, ignoredBy: by }) => {
    const fate = by === undefined ? actions.map((one) => WORDS[one]).join(', ') : `ignored by ${by} until it changes`;
    const known = note === undefined ? '' : `; ${note}`;
    return `${node.name}  ${field}: inventory ${desired}, machine ${observed} (${fate})${known}`;
  });
}

const WORDS = {
  applyConfig: 'apply config',
  reinstall: 'reinstall',
  adopt: 'adopt',
  inspect: 'inspect',
  ignore: 'ignore',
} as const;

/** Differences that nobody ignored, as a sign behind the state. */
export function driftSign(rows: readonly DriftRow[]): string {
  const open = rows.filter((one) => one.ignoredBy === undefined).length;
  return open === 0 ? '' : `~${open} ${open === 1 ? 'differs' : 'differ'}`;
}

import type { NodeState } from './node.ts';
import { DISK_PHASES, type PhaseName, QUIET_PHASES, type Unanswered } from './phase.ts';

export const waitsForNetwork = ({ job }: NodeState): boolean =>
  job !== undefined && job.spentAt === undefined && job.suspended === undefined;

export const BEFORE_BOOT_PHASES = [...QUIET_PHASES, 'powering', ...DISK_PHASES] as const;
const BEFORE_BOOT: ReadonlySet<PhaseName> = new Set(BEFORE_BOOT_PHASES);

/** Armed, and nothing of its network boot was seen. Of a machine that boots, what else comes in its name says nothing. */
export const awaitsBoot = (node: NodeState): boolean => waitsForNetwork(node) && BEFORE_BOOT.has(node.phase.is);

/** It asked for a network boot from where DHCP is not served, and nothing else was seen of it since. */
export const unansweredNow = (node: NodeState): Unanswered | undefined =>
  BEFORE_BOOT.has(node.phase.is) ? unansweredSince(node, node.phase.since) : undefined;

export function unansweredSince({ seen }: NodeState, since: number): Unanswered | undefined {
  return seen.unanswered !== undefined && seen.unanswered.since >= since ? seen.unanswered : undefined;
}

/** Why nothing is seen of the boot that is waited for, where that is known. */
export const unansweredText = (node: NodeState): string | undefined =>
  waitsForNetwork(node) ? unansweredNow(node)?.why : undefined;

import type { CutOffNet } from './event.ts';
import type { Fleet } from './fleet.ts';
import { isInSubnet } from './in-subnet.ts';
import { shownAddress } from './lease.ts';
import type { NodeState } from './node.ts';
import { EARLY_PHASES, type PhaseName } from './phase.ts';
import { BEFORE_BOOT_PHASES, waitsForNetwork } from './unanswered.ts';

/** What has its system needs us no more, or says so itself. */
const NEEDS_US: ReadonlySet<PhaseName> = new Set([
  ...BEFORE_BOOT_PHASES,
  ...EARLY_PHASES,
  'script',
  'kernel',
  'initrd',
] as const);

/**
 * Why this host cannot hear the network boot of an armed machine: its own link or address on the network of that machine.
 * That is the network of its `ip:`, or of where it was last; where nothing is served now, whichever it is.
 */
export function cutOffNow(fleet: Pick<Fleet, 'services'>, node: NodeState): CutOffNet | undefined {
  const { DHCP: state } = fleet.services;
  if (state?.is !== 'ok' || state.cutOff === undefined) return undefined;
  if (!waitsForNetwork(node) || !NEEDS_US.has(node.phase.is)) return undefined;
  const address = node.spec.network.ip ?? shownAddress(node);
  if (address === undefined) return state.cutOff.find(({ isAll }) => isAll);
  return state.cutOff.find(({ subnet }) => isInSubnet(address, subnet));
}

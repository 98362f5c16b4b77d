import type { CutOffNet } from './event.ts';
import type { Fleet } from './fleet.ts';
import { isInSubnet } from './in-subnet.ts';
import type { NodeState } from './node.ts';
import { EARLY_PHASES, type PhaseName } from './phase.ts';
import type { TimeMs } from './time.ts';
import { BEFORE_BOOT_PHASES, waitsForNetwork } from './unanswered.ts';

const BEFORE_BOOT: ReadonlySet<PhaseName> = new Set(BEFORE_BOOT_PHASES);
/** What has its system needs us no more, or says so itself. */
const BOOTING: ReadonlySet<PhaseName> = new Set([...EARLY_PHASES, 'script', 'kernel', 'initrd'] as const);

/**
 * Why this host cannot hear the network boot of an armed machine: its own link or address on the network of that machine.
 * Before its boot that is the network of its `ip:`, or of where it was last; where nothing is served now, whichever it is.
 */
export function cutOffNow(fleet: Pick<Fleet, 'services'>, node: NodeState): CutOffNet | undefined {
  const { DHCP: state } = fleet.services;
  if (state?.is !== 'ok' || state.cutOff === undefined || !waitsForNetwork(node)) return undefined;
  const here = node.seen.elsewhere ?? node.seen.address;
  const ip = node.spec.network.ip;
  if (BEFORE_BOOT.has(node.phase.is)) {
    const cut = cutOf(state.cutOff, ip ?? here);
    const isElsewhere = cut !== undefined && here !== undefined && !isInSubnet(here, cut.subnet);
    return isElsewhere && isSince(node.seen.lastAt, cut) ? undefined : cut;
  }
  if (!BOOTING.has(node.phase.is)) return undefined;
  // Its firmware asks before it has an address: what is known is that of an earlier boot.
  const cut = cutOf(state.cutOff, node.phase.is === 'firmware' ? (ip ?? here) : (here ?? ip));
  return cut === undefined || isSince(heardAt(node), cut) ? undefined : cut;
}

function cutOf(cutOff: readonly CutOffNet[], address: string | undefined): CutOffNet | undefined {
  if (address === undefined) return cutOff.find(({ isAll }) => isAll);
  return cutOff.find(({ subnet }) => isInSubnet(address, subnet));
}

const isSince = (at: TimeMs | undefined, { since }: CutOffNet): boolean => at !== undefined && at > since;

/** When something of this boot came. That a transfer ended is what we say, when nothing more was heard. */
function heardAt({ phase, seen }: NodeState): TimeMs | undefined {
  if (phase.is === 'kernel' || phase.is === 'initrd') return Math.max(phase.since, phase.movedAt);
  return phase.is === 'loader' ? phase.since : seen.lastAt;
}

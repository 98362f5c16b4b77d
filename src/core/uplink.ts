import { wipesNow } from './attempt.ts';
import type { Fleet } from './fleet.ts';
import type { NodeState } from './node.ts';
import { NETWORK_PHASES, type PhaseName } from './phase.ts';
import { valuesOf } from './shard-map.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

/**
 * Room for more downloads. A link that is full carries no more for being asked by more: every machine gets slower, the
 * slowest run into their limits, and the wave fails for want of patience.
 */
export interface Room {
  /** Takes a place for this machine, or says in words why there is none. */
  readonly take: (node: NodeState) => string | undefined;
}

/** What one download should get at least: an image of 100 MB in 8 s. In bits per second. */
const SHARE = 100e6;
/** So slow that a full link is the likeliest reason. In bytes per second: 100 MB take a minute. */
const SLOW = 1.6e6;
/** One old NIC is no full link; so many at once are. */
const SLOW_AT_LEAST = 4;
/** What is over in a moment measures the latency, not the link. */
const MEASURED_BYTES = 8e6;

/** Of a boot that loads over the network, all is here. */
const LOADED: ReadonlySet<PhaseName> = new Set<PhaseName>(['handoff', ...NETWORK_PHASES]);

/** Images are still to come, as far as is known. A machine in POST counts: it will want its share. */
function willFetch(node: NodeState): boolean {
  const { job, phase, health, lostSightAt } = node;
  if (job === undefined || job.spentAt !== undefined || job.suspended !== undefined || lostSightAt !== undefined)
    return false;
  // Who waits for a person fetches nothing.
  if (health.is === 'failed' || health.is === 'conflict') return false;
  // What wipes and then installs loads everything twice, and would find its place taken by others.
  if (job.kind === 'reinstall' && wipesNow(node)) return true;
  if (phase.is === 'initrd') return phase.totalBytes === 0 || phase.sentBytes < phase.totalBytes;
  return !LOADED.has(phase.is);
}

/** Bytes per second of a download that moves, where it is long enough to tell. */
function rateOf({ phase }: NodeState, at: TimeMs): number | undefined {
  if (phase.is !== 'kernel' && phase.is !== 'initrd') return undefined;
  const measures = phase.totalBytes >= MEASURED_BYTES && phase.sentBytes > 0 && phase.sentBytes < phase.totalBytes;
  return measures && at - phase.movedAt < 10 * SECOND_MS ? phase.bytesPerSecond : undefined;
}

const placesOf = (bitsPerSecond: number): number => Math.max(1, Math.floor(bitsPerSecond / SHARE));

export const rateText = (bitsPerSecond: number): string =>
  bitsPerSecond >= 1e9 ? `${bitsPerSecond / 1e9} Gbit/s` : `${bitsPerSecond / 1e6} Mbit/s`;

const rackOf = ({ spec }: NodeState): string => spec.place.rack ?? '';

/** One look over all machines; what is taken after that is counted on. */
export function createRoom(fleet: Fleet, at: TimeMs): Room {
  const { uplink } = fleet;
  const fetching = new Map<string, number>();
  const rates: number[] = [];
  let all = 0;
  const count = (node: NodeState) => {
    fetching.set(rackOf(node), (fetching.get(rackOf(node)) ?? 0) + 1);
    all += 1;
  };
  for (const node of valuesOf(fleet.nodes)) {
    if (!willFetch(node)) continue;
    count(node);
    const rate = rateOf(node, at);
    if (rate !== undefined) rates.push(rate);
  }
  const slow = slowNow(rates);
  return {
    take(node) {
      const rack = rackOf(node);
      const perRack = rack === '' ? undefined : (uplink?.racks[rack] ?? uplink?.rack);
      if (slow !== undefined) return slow;
      if (uplink?.site !== undefined && all >= placesOf(uplink.site)) return full('the uplink', uplink.site);
      if (perRack !== undefined && (fetching.get(rack) ?? 0) >= placesOf(perRack))
        return full(`the uplink of ${rack}`, perRack);
      count(node);
      return undefined;
    },
  };
}

const full = (what: string, bitsPerSecond: number): string =>
  `${what} (${rateText(bitsPerSecond)}: ${placesOf(bitsPerSecond)} boots at a time)`;

/** Measured, whatever was declared: a link may carry others, or not be what it was sold as. */
function slowNow(rates: readonly number[]): string | undefined {
  if (rates.length < SLOW_AT_LEAST) return undefined;
  const median = rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)] ?? 0;
  if (median >= SLOW) return undefined;
  return `the downloads that run: ${rates.length} get ${(median / 1e6).toFixed(1)} MB/s each`;
}

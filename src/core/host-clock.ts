import type { EventOf } from './event.ts';
import type { Fleet, Switches } from './fleet.ts';
import type { NodeState } from './node.ts';
import { shardMapOf, valuesOf } from './shard-map.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from './time.ts';

/** How much later the time of this engine is than the host's clock, which was set while it ran. */
export const aheadOf = ({ clock }: Pick<Fleet, 'clock'>): number => clock?.aheadMs ?? 0;

/** A time of the engine as a person reads it on his own clock. */
export const asHostTime = (at: TimeMs, fleet: Pick<Fleet, 'clock'>): TimeMs => at - aheadOf(fleet);

/** And back, for whoever has the state of an engine and not its clock. */
export const asEngineTime = (at: TimeMs, fleet: Pick<Fleet, 'clock'>): TimeMs => at + aheadOf(fleet);

/** Since when somebody listens without a gap. */
export const listensSince = ({ startedAt, awakeAt }: Pick<Fleet, 'startedAt' | 'awakeAt'>): TimeMs =>
  Math.max(startedAt, awakeAt ?? 0);

/** Under this name among the services. */
export const CLOCK = 'clock';

/**
 * No age moves with it. A clock that is set forward and a host that stood still for as long (a virtual machine that was
 * paused) are one to us, so what was armed or opened for a time ends as much earlier: nothing may outlive that.
 */
export function clockStepped(before: Fleet, { byMs, aheadMs }: EventOf<'clock.stepped'>): Fleet {
  const { clock: _before, ...rest } = endingEarlier(before, Math.min(byMs, -aheadMs));
  const { [CLOCK]: _told, ...services } = rest.services;
  const warning = apartText(aheadMs);
  if (warning === undefined) return { ...rest, services };
  return {
    ...rest,
    clock: { aheadMs },
    services: { ...services, [CLOCK]: { is: 'ok', listens: 'this host', warning } },
  };
}

/** What lets a machine write, and what was opened for a time. */
export function endingEarlier(fleet: Fleet, byMs: number): Fleet {
  if (byMs <= 0) return fleet;
  const { glass, discoveryUntil } = fleet.switches;
  const nodes = [...valuesOf(fleet.nodes)].map((node): readonly [string, NodeState] => {
    const { job } = node;
    const isOpen = job !== undefined && job.spentAt === undefined;
    if (!isOpen) return [node.name, node];
    const cut = { expiresAt: job.expiresAt - byMs, cutMs: (job.cutMs ?? 0) + byMs };
    return [node.name, { ...node, job: { ...job, ...cut } }];
  });
  const switches: Switches = {
    ...fleet.switches,
    ...(glass === undefined ? {} : { glass: { ...glass, until: glass.until - byMs } }),
    ...(discoveryUntil === undefined ? {} : { discoveryUntil: discoveryUntil - byMs }),
  };
  return { ...fleet, nodes: shardMapOf(nodes), switches };
}

/** Less is no reason to doubt any time that is shown. */
const TOLD_MS = 5 * SECOND_MS;

function apartText(aheadMs: number): string | undefined {
  if (Math.abs(aheadMs) < TOLD_MS) return undefined;
  const how = aheadMs > 0 ? 'back' : 'forward';
  const ends = aheadMs > 0 ? 'ages and the ends of jobs and leases' : 'ages and the ends of leases';
  return `set ${how} by ${spanText(Math.abs(aheadMs))} while this engine runs: ${ends} stay true, as what has passed is counted; the journal goes on in the time before, until a restart takes over the new one`;
}

export function steppedText({ byMs, aheadMs }: Pick<EventOf<'clock.stepped'>, 'byMs' | 'aheadMs'>): string {
  const how = `the clock of this host was set ${byMs < 0 ? 'back' : 'forward'} by ${spanText(Math.abs(byMs))}`;
  if (apartText(aheadMs) === undefined) return `${how}: it is right again`;
  if (byMs < 0) return `${how}: nothing that is under way gets older or younger by that, and no job lives longer`;
  return `${how}: nothing that is under way gets older by that; what was armed ends as much earlier, as if this host had stood still for so long`;
}

export function sleptText({ forMs, stopped }: Pick<EventOf<'clock.slept'>, 'forMs' | 'stopped'>): string {
  const who = stopped === undefined ? 'this host slept' : 'this program was stopped, or got no processor,';
  return `${who} for ${spanText(forMs)}: nobody listened, and what is shown is how it was before; jobs expired in time`;
}

/** `3 h 00 min`: to the second where that is much of it. */
export function spanText(ms: number): string {
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(ms / MINUTE_MS);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.floor(minutes / (24 * 60))} days`;
}

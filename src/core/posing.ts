import type { Stranger } from './fleet.ts';
import { type ShardMap, valuesOf } from './shard-map.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** It poses as one of ours with each boot: the next one may be hours away, and the row of the other may be wrong by then. */
const SHOWN_FOR_MS = 60 * MINUTE_MS;

export const POSING_ADVICE =
  'Give it a file with its own MAC and serial; two machines with one UUID need another one in the firmware of one of them (SMBIOS), or files that name serials and MACs alone.';

export const describePosing = ({ mac }: Pick<Stranger, 'mac'>, node: string): string =>
  `${mac} names itself as ${node}, and asked while ${node} booted by a NIC of its own: it is another machine`;

/** Machines that name themselves as one of ours and are not. */
export function posingNow(strangers: ShardMap<Stranger>, at: TimeMs): readonly string[] {
  const found: string[] = [];
  for (const one of valuesOf(strangers))
    if (one.poses !== undefined && !one.ignored && at - one.lastAt < SHOWN_FOR_MS)
      found.push(describePosing(one, one.poses));
  return found;
}

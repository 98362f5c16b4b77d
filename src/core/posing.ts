import type { Stranger } from './fleet.ts';
import { type ShardMap, valuesOf } from './shard-map.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** It poses as one of ours with each boot: the next one may be hours away, and the row of the other may be wrong by then. */
const SHOWN_FOR_MS = 60 * MINUTE_MS;

const OWN_FILE =
  'a file with its own MAC and serial; two machines with one UUID need another one in the firmware of one of them (SMBIOS), or files that name serials and MACs alone.';
const POSING_ADVICE = `Give it ${OWN_FILE}`;
const UNPROVEN_ADVICE = `Look which machine has that MAC. If it is the one that it names, write the MAC into its file, beside the others. If it is another one, give it ${OWN_FILE}`;

type Posing = Pick<Stranger, 'mac' | 'unproven'>;

export const describePosing = ({ mac, unproven }: Posing, node: string): string =>
  unproven === true
    ? `${mac} names itself as ${node}, whose boot came by a NIC in its file: it is another machine, or a NIC of ${node} that is not in its file`
    : `${mac} names itself as ${node}, and asked while ${node} booted by a NIC of its own: it is another machine`;

export const posingAdvice = ({ unproven }: Pick<Stranger, 'unproven'>): string =>
  unproven === true ? UNPROVEN_ADVICE : POSING_ADVICE;

/** It was told apart from that machine of late, beyond doubt: by its next boot it has become no other. */
export const isPosing = (one: Stranger | undefined, node: string, at: TimeMs): boolean =>
  one?.poses === node && one.unproven !== true && at - one.lastAt < SHOWN_FOR_MS;

/** Machines that name themselves as one of ours and are not, or may not be, and what is to be done about it. */
export function posingNow(strangers: ShardMap<Stranger>, at: TimeMs): readonly string[] {
  const found: string[] = [];
  const advice = new Set<string>();
  for (const one of valuesOf(strangers)) {
    if (one.poses === undefined || one.ignored || at - one.lastAt >= SHOWN_FOR_MS) continue;
    found.push(describePosing(one, one.poses));
    advice.add(posingAdvice(one));
  }
  return [...found, ...advice];
}

import type { Stranger } from './fleet.ts';
import { type ShardMap, valuesOf } from './shard-map.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

/** Firmware asks again every few seconds, and gives up after a minute: what is older is no news. */
const SHOWN_FOR_MS = 10 * MINUTE_MS;

/** What helps unknown machines that get no address. */
export const UNSERVED_ADVICE =
  'Give that network a larger `pool:` in _site.yaml (it is read again by itself), or adopt machines and give them an `ip:`; then start those that got none once more.';

/** Unknown machines that asked while discovery is on and got nothing, by reason. */
export function unservedNow(strangers: ShardMap<Stranger>, at: TimeMs): readonly string[] {
  const counts = new Map<string, number>();
  for (const { unserved, lastAt, ignored } of valuesOf(strangers)) {
    if (unserved === undefined || ignored || at - lastAt >= SHOWN_FOR_MS) continue;
    counts.set(unserved, (counts.get(unserved) ?? 0) + 1);
  }
  return [...counts].map(
    ([why, count]) => `${count} unknown ${count === 1 ? 'machine' : 'machines'} got no answer: ${why}`,
  );
}

import type { Fleet } from '../core/fleet.ts';
import { asHostTime } from '../core/host-clock.ts';
import { valuesOf } from '../core/shard-map.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import { renderSpan } from '../ui/format/duration.ts';

const LATELY_MS = 10 * MINUTE_MS;

/** A switch that boots machines which are in no row of the table. */
export function discoveryLine(fleet: Fleet, until: TimeMs, nowMs: TimeMs): string {
  const lately = [...valuesOf(fleet.strangers)].filter((one) => !one.ignored && nowMs - one.lastAt < LATELY_MS).length;
  const seen = `${lately === 0 ? 'none' : lately} ${lately < 2 ? 'was' : 'were'} seen in the last 10 min`;
  const clock = new Date(asHostTime(until, fleet)).toISOString().slice(11, 16);
  return `DISCOVERY is on until ${clock} UTC (${renderSpan(Math.max(0, until - nowMs))} left): unknown machines boot into maintenance mode, to be read; ${seen} (\`crashcart attach\`, key d, lists them)`;
}

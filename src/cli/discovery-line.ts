import type { Fleet } from '../core/fleet.ts';
import { asHostTime } from '../core/host-clock.ts';
import { valuesOf } from '../core/shard-map.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import { renderSpan } from '../ui/format/duration.ts';

const LATELY_MS = 10 * MINUTE_MS;

/** A switch that boots machines which are in no row of the table. */
export function discoveryLine(fleet: Fleet, until: TimeMs, nowMs: TimeMs): string {
  const lately = [...valuesOf(fleet.strangers)].filter((one) => !one.ignored && nowMs - one.lastAt < LATELY_MS);
  const count = lately.length;
  const halted = lately.filter((one) => one.halted).length;
  const had = halted === 0 ? '' : `, ${halted} of them halted, as Talos is on a disk there`;
  const seen = `${count === 0 ? 'none' : count} ${count < 2 ? 'was' : 'were'} seen in the last 10 min${had}`;
  const clock = new Date(asHostTime(until, fleet)).toISOString().slice(11, 16);
  return `DISCOVERY is on until ${clock} UTC (${renderSpan(Math.max(0, until - nowMs))} left): unknown machines boot into maintenance mode, to be read; ${seen} (\`crashcart attach\`, key d, lists them)`;
}

import { fail, ok, type Result } from '../core/result.ts';
import type { TimeMs } from '../core/time.ts';

const UNIT_MS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `+90`, `+5m` (from the first event), `14:02` or `14:02:31` (on its day, local time), or a whole date with time. */
export function parseReplayTime(text: string, firstMs: TimeMs): Result<TimeMs> {
  const plus = /^\+(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  if (plus !== null) return ok(firstMs + Number(plus[1]) * (UNIT_MS[plus[2] ?? ''] ?? 1000));
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (clock !== null) {
    const [hours, minutes, seconds] = [Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0)];
    if (hours > 23 || minutes > 59 || seconds > 59) return fail(`"${text}" is no time of day`);
    const day = new Date(firstMs);
    day.setHours(hours, minutes, seconds, 0);
    return ok(day.getTime());
  }
  const whole = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(whole)) return ok(whole);
  return fail(`"${text}" is no time; expected 14:02:31, 2026-11-21T14:02:31Z or +5m`);
}

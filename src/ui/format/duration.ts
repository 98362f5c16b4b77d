import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `0:04`, `59:12`, `2h04m`, `41d03h`, `120d`: at most six columns, for tables. A clock that ran backwards shows 0:00. */
export function renderAge(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0:00';
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}:${pad(Math.floor(ms / SECOND_MS) % 60)}`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}h${pad(Math.floor(ms / MINUTE_MS) % 60)}m`;
  const days = Math.min(99_999, Math.floor(ms / DAY_MS));
  return days < 100 ? `${days}d${pad(Math.floor(ms / HOUR_MS) % 24)}h` : `${days}d`;
}

/** `12 s`, `4 min`, `3 h`, `41 days`: for sentences. */
export function renderSpan(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '0 s';
  if (ms < 2 * MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} days`;
}

/** `6m`, `1h20m`, `45s`; `-` for what nobody can know. */
export function renderEta(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return '-';
  const seconds = Math.max(0, Math.round(ms / SECOND_MS));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
}

const SPAN = /^(\d+(?:\.\d+)?)(s|m|h|d)?$/;
const UNIT_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

/** `90`, `90s`, `5m`, `2h`, `1d` as milliseconds; undefined for anything else. */
export function parseSpan(text: string): number | undefined {
  const match = SPAN.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_MS[(match[2] ?? 's') as keyof typeof UNIT_MS];
}

/** `14:02:31`, in the zone that the caller names (offset in minutes east of UTC), so that tests know what they get. */
export function renderClock(atMs: number, zoneMinutes: number): string {
  const seconds = Math.floor((atMs + zoneMinutes * MINUTE_MS) / SECOND_MS);
  const inDay = ((seconds % 86_400) + 86_400) % 86_400;
  return `${pad(Math.floor(inDay / 3600))}:${pad(Math.floor(inDay / 60) % 60)}:${pad(inDay % 60)}`;
}

const pad = (value: number): string => String(value).padStart(2, '0');

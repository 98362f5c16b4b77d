import { type Json, textAt } from './json.ts';

export type Health = 'ok' | 'warning' | 'critical';

const LEVELS: Readonly<Record<string, Health>> = { ok: 'ok', warning: 'warning', critical: 'critical' };

/** The rollup where there is one. A machine that is off often says nothing: unknown is not OK. */
export function readHealth(json: Json): Health | undefined {
  const text = textAt(json, 'Status', 'HealthRollup') ?? textAt(json, 'Status', 'Health');
  return LEVELS[(text ?? '').toLowerCase()];
}

import type { UplinkSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';
import type { SiteShape } from './site-shape.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };
/** Slower than any link that a server boots over: a unit was forgotten. */
const LEAST = 1e6;
const MOST = 1e13;

/** `10G`, `2.5Gbit/s`, `940 Mbps`: bits, as links are sold. Undefined for anything else, bytes among it. */
export function parseBitRate(text: string): number | undefined {
  const match = /^(\d{1,13}(?:\.\d{1,3})?)\s*([kmgt]?)(?:bit(?:\/s)?|bps|b\/s)?$/i.exec(text);
  // A capital B alone means bytes.
  if (match === null || /B(?:\/s)?$/.test(text)) return undefined;
  const rate = Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 1);
  return rate >= LEAST && rate <= MOST ? Math.round(rate) : undefined;
}

/** What the ways to the machines carry; undefined where nothing is declared. */
export function parseUplink({ value, report, at }: Reading<SiteShape>): UplinkSpec | undefined {
  const written = value.uplink;
  if (written === undefined) return undefined;
  const rate = (text: string | undefined, ...path: readonly string[]): number | undefined => {
    const parsed = text === undefined ? undefined : parseBitRate(text);
    if (text !== undefined && parsed === undefined)
      report.error(
        at('uplink', ...path),
        `${['uplink', ...path].join('.')}: ${quote(text)} is no rate; expected bits per second, such as 10G or 940M`,
      );
    return parsed;
  };
  if (typeof written === 'string') return given({ site: rate(written), racks: {} });
  const racks = Object.entries(written.racks ?? {}).flatMap(([name, text]) => {
    const parsed = rate(text, 'racks', name);
    return parsed === undefined ? [] : [[name, parsed] as const];
  });
  return given({
    site: rate(written.site, 'site'),
    rack: rate(written.rack, 'rack'),
    racks: Object.fromEntries(racks),
  });
}

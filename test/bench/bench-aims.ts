import type { BenchRow, OwnAim } from './bench-figures.ts';

/** `open`: what was measured decides nothing. */
export interface AimVerdict {
  readonly is: 'met' | 'missed' | 'open';
  readonly text: string;
}

/** Rows come back from JSON, which knows neither NaN nor infinity. */
const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** How many times better than a peer; above 1 is ahead. */
export function ratioTo(row: BenchRow, peer: string): number | undefined {
  const theirs = row.peers[peer];
  if (!isNumber(theirs) || !isNumber(row.ours) || theirs === 0 || row.ours === 0) return undefined;
  return row.better === 'up' ? row.ours / theirs : theirs / row.ours;
}

/** Of so many machines one may be lost by chance: that says nothing of a server. */
const LOST_BY_CHANCE = 0.01;

function verdictOn(row: BenchRow, peer: string, aim: number): AimVerdict {
  const theirs = row.peers[peer];
  if (typeof theirs === 'object' && theirs !== null && isNumber(row.ours)) {
    const { served, of } = theirs;
    return served < of * (1 - LOST_BY_CHANCE)
      ? { is: 'met', text: `${peer}: met, it was unfinished (aim ${aim}x, or that)` }
      : { is: 'open', text: `${peer}: OPEN, it served ${served} of ${of} (aim ${aim}x)` };
  }
  const ratio = ratioTo(row, peer);
  if (ratio === undefined) return { is: 'open', text: `${peer}: OPEN, nothing to compare (aim ${aim}x)` };
  return ratio >= aim
    ? { is: 'met', text: `${peer}: met (aim ${aim}x)` }
    : { is: 'missed', text: `${peer}: MISSED, ${ratio.toFixed(2)}x (aim ${aim}x)` };
}

function verdictOnOwn(own: OwnAim): AimVerdict {
  const { what, unit, value } = own;
  const aim = 'atMost' in own ? `aim at most ${own.atMost}` : `aim at least ${own.atLeast}`;
  if (!isNumber(value)) return { is: 'open', text: `${what}: OPEN, not measured (${aim} ${unit})` };
  const isMet = 'atMost' in own ? value <= own.atMost : value >= own.atLeast;
  const shown = Number(value.toFixed(value < 10 ? 2 : 0));
  return { is: isMet ? 'met' : 'missed', text: `${what} ${isMet ? '' : 'MISSED, '}${shown} ${unit} (${aim})` };
}

/** Every aim of a case. */
export function verdictsOf(row: BenchRow): readonly AimVerdict[] {
  const beside = Object.entries(row.aims ?? {}).map(([peer, aim]) => verdictOn(row, peer, aim));
  return [...beside, ...(row.own ?? []).map(verdictOnOwn)];
}

/** Why a case proves nothing: a series with such a case ends with an error. */
export function brokenIn(row: BenchRow): readonly string[] {
  return [
    ...(row.broken ?? []),
    ...(isNumber(row.ours) ? [] : ['there is no figure of ours']),
    ...(row.own ?? []).flatMap(({ what, value }) => (isNumber(value) ? [] : [`${what} was not measured`])),
    ...Object.keys(row.aims ?? {}).flatMap((peer) =>
      row.peers[peer] === undefined || row.peers[peer] === null ? [`${peer} is not here to compare with`] : [],
    ),
  ];
}

/** One figure over time: what a thread holds, or how many descriptors are open. */
export interface Series {
  readonly name: string;
  readonly unit: 'MB' | '';
  /** Growth below this is noise, whatever share of the whole it is. */
  readonly floor: number;
  readonly points: readonly { readonly minute: number; readonly value: number }[];
}

export interface Flatness {
  readonly name: string;
  readonly flat: boolean;
  /** Medians of the middle and of the last third of the run. */
  readonly middle: number;
  readonly last: number;
  /** By the slope of Theil and Sen over the last two thirds: what would be added in an hour. */
  readonly perHour: number;
  readonly text: string;
}

/** Of what was held in the middle of the run. */
const MAY_GROW = 0.05;
/** Two to each third: of fewer nobody can say anything. */
const LEAST_POINTS = 6;

/**
 * The first third is warming up: caches, rings and the heap itself fill. Flat is what then ends no higher than it stood
 * in the middle third, but for 5 % or the floor: the median of each third, so that single points decide nothing. The
 * slope (the median of the slopes between all pairs) is told beside it: it says what a night would cost.
 */
export function judgeFlatness({ name, unit, floor, points }: Series): Flatness {
  if (points.length < LEAST_POINTS) {
    const text = `${name}: NOT FLAT as far as anybody knows, measured ${points.length} times under load`;
    return { name, flat: false, middle: Number.NaN, last: Number.NaN, perHour: Number.NaN, text };
  }
  const third = (from: number, to: number) =>
    points.slice(Math.ceil(points.length * from), Math.ceil(points.length * to));
  const middle = medianOf(third(1 / 3, 2 / 3).map(({ value }) => value));
  const last = medianOf(third(2 / 3, 1).map(({ value }) => value));
  const perHour = slopeOf(third(1 / 3, 1)) * 60;
  const flat = last - middle <= Math.max(floor, middle * MAY_GROW);
  const show = (value: number) =>
    `${value.toFixed(value >= 100 || unit === '' ? 0 : 1)}${unit === '' ? '' : ` ${unit}`}`;
  const text = `${name}: ${show(middle)} in the middle third, ${show(last)} in the last${flat ? '' : ': NOT FLAT'} (${perHour >= 0 ? '+' : ''}${show(perHour)} an hour by slope)`;
  return { name, flat, middle, last, perHour, text };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] ?? Number.NaN) + (sorted[Math.floor(half)] ?? Number.NaN)) / 2;
}

function slopeOf(points: Series['points']): number {
  const slopes: number[] = [];
  for (const [index, a] of points.entries())
    for (const b of points.slice(index + 1))
      if (b.minute > a.minute) slopes.push((b.value - a.value) / (b.minute - a.minute));
  return slopes.length === 0 ? 0 : medianOf(slopes);
}

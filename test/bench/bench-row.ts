import { appendFileSync } from 'node:fs';

/** One line of the table: our figure beside those of others in the same run. */
export interface BenchRow {
  readonly series: string;
  readonly what: string;
  readonly unit: string;
  /** Undefined where we did not get there: nothing is compared then. */
  readonly ours: number | undefined;
  /** Undefined where a peer has no such thing, or is not here. */
  readonly peers: Readonly<Record<string, number | undefined>>;
  /** `up`: more is better. */
  readonly better: 'up' | 'down';
  readonly aims?: Readonly<Record<string, number>>;
  readonly note?: string;
}

/** Rows come back from JSON, which knows neither NaN nor infinity. */
const isMeasured = (value: number | undefined | null): value is number => Number.isFinite(value) && value !== 0;

/** How many times better than a peer; above 1 is ahead. */
export function ratioTo(row: BenchRow, peer: string): number | undefined {
  const theirs = row.peers[peer];
  if (!isMeasured(theirs) || !isMeasured(row.ours)) return undefined;
  return row.better === 'up' ? row.ours / theirs : theirs / row.ours;
}

const figure = (value: number | undefined | null): string =>
  value === undefined || value === null || !Number.isFinite(value)
    ? '-'
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2);

export function renderRow(row: BenchRow): string {
  const peers = Object.entries(row.peers).map(([name, theirs]) => {
    const ratio = ratioTo(row, name);
    const aim = row.aims?.[name];
    if (theirs === undefined || ratio === undefined) return `${name} -`;
    const verdict = aim === undefined ? '' : ratio >= aim ? ` (aim ${aim}x)` : ` (BELOW the aim of ${aim}x)`;
    return `${name} ${figure(theirs)}: **${ratio.toFixed(2)}x**${verdict}`;
  });
  return `| ${row.series} | ${row.what} | ${figure(row.ours)} ${row.unit} | ${peers.join('; ')} | ${row.note ?? ''} |`;
}

export const TABLE_HEAD = '| series | case | crashcart | peer: times better | note |\n| --- | --- | --- | --- | --- |';

/** To the table of the whole run where there is one, and to the screen. */
export function sayRow(row: BenchRow): void {
  console.log(renderRow(row));
  const file = process.env['BENCH_ROWS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}

/** The middle one: a machine that others use as well has outliers on both sides. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

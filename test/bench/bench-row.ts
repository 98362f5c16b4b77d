import { appendFileSync } from 'node:fs';
import { brokenIn, ratioTo, verdictsOf } from './bench-aims.ts';
import type { BenchRow, PeerFigure } from './bench-figures.ts';

const figure = (value: number | undefined | null): string =>
  value === undefined || value === null || !Number.isFinite(value)
    ? '-'
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2);

function renderPeer(row: BenchRow, name: string, theirs: PeerFigure | undefined): string {
  if (theirs === undefined) return `${name} -`;
  if (typeof theirs === 'object')
    return `${name} UNFINISHED after ${figure(theirs.after)} ${row.unit}, ${theirs.served} of ${theirs.of} served`;
  const ratio = ratioTo(row, name);
  return ratio === undefined ? `${name} -` : `${name} ${figure(theirs)}: **${ratio.toFixed(2)}x**`;
}

export function renderRow(row: BenchRow): string {
  const broken = brokenIn(row).map((what) => `**BROKEN: ${what}**`);
  const verdicts = verdictsOf(row).map(({ is, text }) => (is === 'met' ? text : `**${text}**`));
  const peers = Object.entries(row.peers).map(([name, theirs]) => renderPeer(row, name, theirs));
  const cells = [
    row.series,
    row.what,
    `${figure(row.ours)} ${row.unit}`,
    [...broken, ...verdicts].join('; '),
    peers.join('; '),
    row.note ?? '',
  ];
  return `| ${cells.join(' | ')} |`;
}

export const TABLE_HEAD =
  '| series | case | crashcart | aims | peer: times better | note |\n| --- | --- | --- | --- | --- | --- |';

/** To the table of the whole run where there is one, and to the screen. What is broken ends the series with 1, and so does a missed aim. */
export function sayRow(row: BenchRow): void {
  console.log(renderRow(row));
  const file = process.env['BENCH_ROWS'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
  const isMissed = verdictsOf(row).some(({ is }) => is === 'missed');
  if (isMissed || brokenIn(row).length > 0) process.exitCode = 1;
}

/** The middle one: a machine that others use as well has outliers on both sides. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

import { expect, test } from 'vitest';
import { type BenchRow, ratioTo, renderRow } from './bench-row.ts';

const row = (ours: number | undefined, theirs: number | undefined): BenchRow => ({
  series: 'storm',
  what: '1000 at once',
  unit: 's',
  ours,
  peers: { peer: theirs },
  better: 'down',
  aims: { peer: 4 },
});
/** As the table of the whole run reads it. */
const written = (one: BenchRow): BenchRow => JSON.parse(JSON.stringify(one)) as BenchRow;

test('a time four times shorter is four times better, and meets an aim of four', () => {
  expect(renderRow(written(row(5, 20)))).toContain('peer 20.0: **4.00x** (aim 4x)');
});

test('below the aim is said', () => {
  expect(renderRow(row(10, 20))).toContain('**2.00x** (BELOW the aim of 4x)');
});

test.each([
  ['was not reached', undefined],
  ['is no number', Number.NaN],
  ['has no end', Number.POSITIVE_INFINITY],
])('a figure of ours that %s is compared with nothing, and takes no other row along', (_, ours) => {
  expect(ratioTo(written(row(ours, 20)), 'peer')).toBeUndefined();
  expect(renderRow(written(row(ours, 20)))).toBe('| storm | 1000 at once | - s | peer - |  |');
});

import { describe, expect, test } from 'vitest';
import { brokenIn, ratioTo, verdictsOf } from './bench-aims.ts';
import type { BenchRow, OwnAim, PeerFigure } from './bench-figures.ts';
import { renderRow } from './bench-row.ts';

const row = (ours: number | undefined, theirs: PeerFigure | undefined): BenchRow => ({
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
  expect(renderRow(written(row(5, 20)))).toContain('| peer: met (aim 4x) | peer 20.0: **4.00x** |');
});

test('below the aim is said', () => {
  expect(renderRow(row(10, 20))).toContain('| **peer: MISSED, 2.00x (aim 4x)** | peer 20.0: **2.00x** |');
});

test.each([
  ['was not reached', undefined],
  ['is no number', Number.NaN],
  ['has no end', Number.POSITIVE_INFINITY],
])('a figure of ours that %s is compared with nothing, and takes no other row along', (_, ours) => {
  expect(ratioTo(written(row(ours, 20)), 'peer')).toBeUndefined();
  expect(renderRow(written(row(ours, 20)))).toBe(
    '| storm | 1000 at once | - s | **BROKEN: there is no figure of ours**; **peer: OPEN, nothing to compare (aim 4x)** | peer - |  |',
  );
});

const p99 = (value: number | undefined): OwnAim => ({ what: 'p99', unit: 'ms', value, atMost: 50 });
const rate = (value: number): OwnAim => ({ what: 'scripts', unit: '/s', value, atLeast: 8000 });
const unfinished = (served: number): PeerFigure => ({ after: 90, served, of: 1000 });

describe('a peer that did not serve all', () => {
  test('has no time and no ratio, but how many it served', () => {
    const told = renderRow(written(row(9, unfinished(412))));
    expect(told).toContain('| peer UNFINISHED after 90.0 s, 412 of 1000 served |');
    expect(told).not.toMatch(/\*\*[\d.]+x\*\*/);
  });

  test.each<readonly [string, number, 'met' | 'open']>([
    ['of which it left many', 412, 'met'],
    ['of which it left one: chance decides no aim', 999, 'open'],
  ])('meets the aim of the issue by that, %s', (_, served, is) => {
    expect(verdictsOf(row(9, unfinished(served)))).toMatchObject([{ is }]);
  });

  test('meets nothing where we did not finish either', () => {
    expect(verdictsOf(row(undefined, unfinished(412)))).toMatchObject([{ is: 'open' }]);
  });
});

describe('what a case is held to beside its peers', () => {
  test.each<readonly [string, OwnAim, 'met' | 'missed' | 'open', string]>([
    ['at most, and is', p99(12.34), 'met', 'p99 12 ms (aim at most 50)'],
    ['at most, and is more', p99(61), 'missed', 'p99 MISSED, 61 ms (aim at most 50)'],
    ['at least, and is', rate(8100), 'met', 'scripts 8100 /s (aim at least 8000)'],
    ['at least, and is less', rate(7000), 'missed', 'scripts MISSED, 7000 /s (aim at least 8000)'],
    ['at most, and was never measured', p99(undefined), 'open', 'p99: OPEN, not measured (aim at most 50 ms)'],
  ])('%s', (_, own, is, text) => {
    const one: BenchRow = { ...row(5, 20), aims: {}, own: [own] };
    expect(verdictsOf(written(one))).toEqual([{ is, text }]);
    expect(renderRow(one)).toContain(is === 'met' ? `| ${text} |` : `**${text}** |`);
  });
});

describe('a case is broken, and its series ends with an error', () => {
  test.each<readonly [string, BenchRow, readonly string[]]>([
    ['not where all is there', row(5, 20), []],
    ['not where an aim is missed', { ...row(5, 10), own: [p99(61)] }, []],
    ['not where a peer did not finish', row(5, unfinished(3)), []],
    ['without a figure of ours', row(undefined, 20), ['there is no figure of ours']],
    ['without the peer that its aim names', row(5, undefined), ['peer is not here to compare with']],
    ['without a figure that it is held to', { ...row(5, 20), own: [p99(Number.NaN)] }, ['p99 was not measured']],
    ['by what the series says itself', { ...row(5, 20), broken: ['3 were NOT SERVED'] }, ['3 were NOT SERVED']],
  ])('%s', (_, one, broken) => {
    expect(brokenIn(written(one))).toEqual(broken);
    for (const what of broken) expect(renderRow(one)).toContain(`**BROKEN: ${what}**`);
  });
});

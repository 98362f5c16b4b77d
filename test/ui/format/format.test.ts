import { describe, expect, test } from 'vitest';
import { parseSpan, renderAge, renderClock, renderEta, renderSpan } from '../../../src/ui/format/duration.ts';
import { renderRate, renderSize } from '../../../src/ui/format/size.ts';

describe('ages', () => {
  test.each([
    [0, '0:00'],
    [-5, '0:00'],
    [Number.NaN, '0:00'],
    [250_000, '4:10'],
    [3_599_999, '59:59'],
    [3_600_000, '1h00m'],
    [86_399_000, '23h59m'],
    [41 * 86_400_000 + 3 * 3_600_000, '41d03h'],
    [400 * 86_400_000, '400d'],
  ])('%d ms is %s', (ms, expected) => {
    expect(renderAge(ms)).toBe(expected);
    expect(renderAge(ms).length).toBeLessThanOrEqual(6);
  });
});

test.each([
  [12_000, '12 s'],
  [240_000, '4 min'],
  [3 * 3_600_000, '3 h'],
  [41 * 86_400_000, '41 days'],
])('%d ms is said as %s', (ms, expected) => {
  expect(renderSpan(ms)).toBe(expected);
});

test.each([
  [undefined, '-'],
  [45_000, '45s'],
  [360_000, '6m'],
  [4_800_000, '1h20m'],
  [Number.POSITIVE_INFINITY, '-'],
])('%s ms to go is %s', (ms, expected) => {
  expect(renderEta(ms)).toBe(expected);
});

test.each([
  ['5m', 300_000],
  ['90', 90_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['', undefined],
  ['5 m', undefined],
  ['m', undefined],
])('"%s" parses to %s', (text, expected) => {
  expect(parseSpan(text)).toBe(expected);
});

test('the clock is in the zone that was named', () => {
  const at = Date.UTC(2026, 10, 21, 23, 2, 31);
  expect(renderClock(at, 0)).toBe('23:02:31');
  expect(renderClock(at, 120)).toBe('01:02:31');
  expect(renderClock(at, -300)).toBe('18:02:31');
});

test.each([
  [undefined, '-'],
  [0, '0 B'],
  [512, '512 B'],
  [1_200, '1.2 kB'],
  [999_600, '1 MB'],
  [480_000_000_000, '480 GB'],
  [3_840_755_982_336, '3.84 TB'],
  [-1, '-'],
])('%s bytes are %s', (bytes, expected) => {
  expect(renderSize(bytes)).toBe(expected);
});

test('a rate has no blank', () => {
  expect(renderRate(112_000_000)).toBe('112MB/s');
});

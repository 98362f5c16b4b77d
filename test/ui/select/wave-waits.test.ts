import { expect, test } from 'vitest';
import { keepWaits } from '../../../src/ui/select/wave-waits.ts';
import { NOW, sampleFleet } from '../sample-fleet.ts';

const fleet = sampleFleet('normal');
const wave = fleet.waves['w1'];
if (wave === undefined) throw new Error('no wave');
const running = { ...wave, canary: 0, width: 50 };
const waves = { w1: running };

test('what a wave waits for is worked out once for each look', () => {
  const waits = keepWaits({ ...fleet, waves }, NOW, undefined);
  const first = waits.of(running);
  expect(first.length).toBeGreaterThan(0);
  expect(waits.of(running)).toBe(first);
});

test.each<[name: string, again: boolean, change: object, laterMs: number]>([
  ['is kept while machines move', true, { nodes: sampleFleet('failure').nodes }, 100],
  ['is made anew after a second', false, {}, 1_000],
  ['is made anew when a wave changed', false, { waves: { w1: { ...running, width: 2 } } }, 100],
  ['is made anew when saving fails', false, { saving: { is: 'failing', since: NOW, reason: 'full' } }, 100],
  ['is made anew when the clock was set back', false, {}, -5],
])('it %s', (_name, isKept, change, laterMs) => {
  const first = keepWaits({ ...fleet, waves }, NOW, undefined);
  expect(keepWaits({ ...fleet, waves, ...change }, NOW + laterMs, first) === first).toBe(isKept);
});

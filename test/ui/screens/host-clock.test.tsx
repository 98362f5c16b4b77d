import { expect, test } from 'vitest';
import { aheadOf } from '../../../src/core/host-clock.ts';
import { reduce } from '../../../src/core/reduce.ts';
import type { LinkClient } from '../../../src/link/connect-link.ts';
import { createScreenPort } from '../../../src/link/screen-over-link.ts';
import type { ScreenBatch } from '../../../src/link/screen-port.ts';
import { renderClock } from '../../../src/ui/format/duration.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { sampleModel } from '../sample-model.ts';

/** The host's clock was set back while the engine runs: its ages go on, and a time of day is that of the host. */

const HOURS = 3 * 3_600_000;
const model = sampleModel('normal');
const stepped = { type: 'clock.stepped', byMs: -HOURS, aheadMs: HOURS, time: NOW } as const;
const [fleet] = reduce(model.fleet, stepped);

test('the clock of the screen is that of the host, and no age changes', async () => {
  const before = (await drawScreen(model, PROFILES.ascii)).lines();
  const after = (await drawScreen({ ...model, fleet }, PROFILES.ascii)).lines();
  const clock = (ms: number): string => renderClock(ms, model.session.zoneMinutes).slice(0, 5);
  expect(before[0]).toContain(clock(NOW));
  expect(after[0]).toContain(clock(NOW - HOURS));
  expect(after.slice(1)).toEqual(before.slice(1));
});

test('it is among what happened, at the time of the host', () => {
  const batches: ScreenBatch[] = [];
  const client: Pick<LinkClient, 'ask' | 'follow'> = {
    ask: () => Promise.reject(new Error('nothing is asked')),
    follow: (take) => take(fleet, [stepped], NOW, 0),
  };
  createScreenPort(client, 100).subscribe((batch) => batches.push(batch));
  expect(aheadOf(fleet)).toBe(HOURS);
  expect(batches[0]?.recent).toEqual([
    { at: NOW - HOURS, text: expect.stringMatching(/^the clock of this host was set back by 3 h 00 min/) },
  ]);
});

import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import { reduce } from '../../src/core/reduce.ts';

const start = (more: Partial<Extract<EventBody, { type: 'engine.started' }>>): EventBody => ({
  type: 'engine.started',
  version: '1',
  simulated: true,
  ...more,
});
const played = { faults: [{ node: 'n1', text: 'its kernel panics (kernelPanic)' }], notes: ['made up'] };

test('what a demo plays is part of the state, also of a snapshot, and ends with the run', () => {
  const [demo] = reduce(emptyFleet(0), { ...start({ played }), time: 1 });
  expect(demo.played).toEqual(played);
  const kept = parseFleet(JSON.parse(fleetText(demo)));
  expect(kept.ok && kept.value.played).toEqual(played);
  const [next] = reduce(demo, { ...start({ simulated: false }), time: 2 });
  expect('played' in next).toBe(false);
});

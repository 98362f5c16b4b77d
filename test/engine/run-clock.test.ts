import { expect, test } from 'vitest';
import { dueAt } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import { valuesOf } from '../../src/core/shard-map.ts';
import { createDueWatch } from '../../src/engine/run-clock.ts';
import { ACTOR, at, fleetOf, specOf } from '../core/kit.ts';

const asked = (node: string): EventBody => ({
  type: 'dhcp.firmwareTook',
  node,
  mac: '52:54:00:00:00:01',
  address: '10.0.0.9',
  firmware: 'uefi',
  via: 'dhcp',
});
const after = (fleet: Fleet, seconds: number, body: EventBody): Fleet =>
  reduce(fleet, { ...body, time: at(seconds) })[0];

test('it says of every moment what a look at all machines would say', () => {
  const isDue = createDueWatch();
  const all = (fleet: Fleet, now: number) => [...valuesOf(fleet.nodes)].some((node) => (dueAt(node) ?? now + 1) <= now);
  let fleet = fleetOf(specOf('node-01'), specOf('node-02'));
  const said: boolean[] = [];
  for (let seconds = 1; seconds < 400; seconds += 7) {
    if (seconds === 8) fleet = after(fleet, seconds, asked('node-01'));
    if (seconds === 29) fleet = after(fleet, seconds, asked('node-02'));
    const now = isDue(fleet, at(seconds));
    expect(now).toBe(all(fleet, at(seconds)));
    said.push(now);
    if (now) fleet = after(fleet, seconds, { type: 'clock.ticked' });
  }
  expect(said.filter(Boolean).length).toBeGreaterThan(0);
});

test('a machine that left the inventory is not due any more', () => {
  const isDue = createDueWatch();
  const fleet = after(fleetOf(specOf('node-01')), 1, asked('node-01'));
  expect(isDue(fleet, at(2))).toBe(false);
  const left = after(fleet, 3, { type: 'inventory.loaded', nodes: [], site: 'lab', hash: 'x', warnings: [] });
  expect(isDue(left, at(4000))).toBe([...valuesOf(left.nodes)].length > 0);
});

test('a window that is over is due', () => {
  const isDue = createDueWatch();
  const open = after(fleetOf(), 1, { type: 'site.discoverySwitched', on: true, until: at(50), by: ACTOR } as EventBody);
  expect([isDue(open, at(49)), isDue(open, at(51))]).toEqual([false, true]);
});

import { describe, expect, test } from 'vitest';
import { siteLines } from '../../src/cli/site-lines.ts';
import { clockAtStart } from '../../src/core/clock-at-start.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { fleetText } from '../../src/core/fleet-json.ts';
import { aheadOf, sleptText, steppedText } from '../../src/core/host-clock.ts';
import { bmcUnread } from '../../src/core/may-power.ts';
import { movedBack } from '../../src/core/set-back.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { bodiesOf } from './bodies.ts';
import {
  ACTOR,
  apply,
  armed,
  at,
  EVENT_SAMPLES,
  fleetOf,
  reduceAt,
  specOf,
  stateOf,
  stored,
  T0,
  type Timed,
  withoutBmc,
} from './kit.ts';

/** The clock of the host is set, or the host sleeps, while a rack boots. */

const HOURS = 3 * 3600;
const spec = specOf('node-01');
const e = bodiesOf(spec.name);
const start: EventBody = { type: 'engine.started', version: '1', simulated: false };
const begun: readonly Timed[] = [
  [0, start],
  [1, armed('install', { expiresAt: at(1801) })],
  [1, stored()],
];
const told = (...events: readonly Timed[]): Fleet => apply(fleetOf(withoutBmc(spec)), ...begun, ...events);
const health = (fleet: Fleet) => stateOf(fleet).health;

describe('set while the engine runs', () => {
  const back: EventBody = { type: 'clock.stepped', byMs: -HOURS * 1000, aheadMs: HOURS * 1000 };

  test('it is told by how much, and what that means, until it is right again', () => {
    const fleet = told([10, back]);
    expect(aheadOf(fleet)).toBe(HOURS * 1000);
    expect(siteLines(fleet, at(10)).join()).toMatch(
      /^clock WARNS: set back by 3 h 00 min while this engine runs: ages/,
    );
    const right = apply(fleet, [20, { type: 'clock.stepped', byMs: HOURS * 1000, aheadMs: 0 }]);
    expect(siteLines(right, at(20))).toEqual([]);
    expect(aheadOf(right)).toBe(0);
  });

  test('nothing else is believed because of it', () => {
    const before = told([5, e.took()]);
    const { services: _told, clock: _clock, ...after } = apply(before, [10, back]);
    const { services: _none, ...same } = { ...before, at: at(10) };
    expect(after).toEqual(same);
  });

  test('forward, it may as well have stood still: what was armed ends as much earlier, and no age is other than it was', () => {
    const forward = (byMs: number, aheadMs: number): EventBody => ({ type: 'clock.stepped', byMs, aheadMs });
    const before = told(
      [5, e.took()],
      [6, { type: 'site.glassBroken', reason: 'it is down', until: at(900), by: ACTOR }],
      [7, { type: 'site.discoverySwitched', until: at(600), by: ACTOR }],
    );
    const fleet = apply(before, [10, forward(500_000, -500_000)]);
    expect(stateOf(fleet).job?.expiresAt).toBe(at(1301));
    expect(fleet.switches).toMatchObject({ glass: { until: at(400) }, discoveryUntil: at(100) });
    expect(stateOf(fleet).phase).toEqual(stateOf(before).phase);
    const early = apply(fleet, [1302, e.tick()]);
    expect(stateOf(early).job).toBeUndefined();
    expect(health(early)).toMatchObject({
      code: 'JOB_EXPIRED',
      detail: expect.stringMatching(
        /; it ended 8 min early, as the clock of this host was set forward, or this host stood/,
      ),
    });
    expect(health(apply(fleet, [1802, e.tick()]))).not.toMatchObject({ detail: expect.stringContaining('early') });
    // Only as far as it is ahead then: set back before, it is right again.
    const right = apply(before, [10, back], [20, forward(HOURS * 1000, 0)]);
    expect(stateOf(right).job?.expiresAt).toBe(at(1801));
    const over = apply(before, [10, back], [20, forward(HOURS * 1000 + 60_000, -60_000)]);
    expect(stateOf(over).job?.expiresAt).toBe(at(1741));
  });

  test.each<[number, number, RegExp]>([
    [-10_800_000, 10_800_000, /was set back by 3 h 00 min: nothing that is under way/],
    [21_600_000, -21_600_000, /was set forward by 6 h 00 min: nothing .* what was armed ends as much earlier/],
    [-7_000, 7_000, /was set back by 7 s: nothing/],
    [300_000, 0, /was set forward by 5 min: it is right again$/],
    [9e11, -9e11, /was set forward by 10416 days/],
  ])('by %i ms, as a line of the log', (byMs, aheadMs, text) => {
    expect(steppedText({ byMs, aheadMs })).toMatch(text);
  });
});

describe('a start whose clock is behind its journal', () => {
  // What was at 100 s is told by a clock that shows -10700 s.
  const wake = (seconds: number, setBackMs?: number): Timed => [
    seconds - HOURS,
    { ...start, ...(setBackMs === undefined ? {} : { setBackMs }) },
  ];
  const tick = (seconds: number): Timed => [seconds - HOURS, e.tick()];

  test('no job lives longer than it was armed for', () => {
    const fleet = told(wake(100, HOURS * 1000));
    expect(stateOf(apply(fleet, tick(1790))).job?.id).toBe('job-1');
    expect(stateOf(apply(fleet, tick(1802))).job).toBeUndefined();
    expect(stateOf(told(wake(1802, HOURS * 1000))).job).toBeUndefined();
  });

  test('no hang is without its cause, and every age is what it was', () => {
    const fleet = told([10, e.took()], wake(20, HOURS * 1000));
    expect(stateOf(fleet).phase.since).toBe(at(10 - HOURS));
    expect(health(apply(fleet, tick(41)))).toMatchObject({ code: 'NO_LOADER', since: at(41 - HOURS) });
  });

  test('a switch that was on for a time is on for no longer, and a lease ends when it was to', () => {
    const fleet = told(
      [5, { type: 'site.glassBroken', reason: 'it is down', until: at(900), by: ACTOR }],
      [6, { type: 'site.discoverySwitched', until: at(600), by: ACTOR }],
      [7, { type: 'lease.granted', mac: '52:54:00:00:00:09', address: '10.77.0.9', until: at(1800) }],
      wake(20, HOURS * 1000),
    );
    expect(fleet.switches).toMatchObject({ glass: { until: at(900 - HOURS) }, discoveryUntil: at(600 - HOURS) });
    expect(getIn(fleet.leases, '52:54:00:00:00:09')).toMatchObject([{ until: at(1800 - HOURS) }]);
  });

  test('what a BMC said of its machine before counts as said before', () => {
    const read = {
      type: 'bmc.identityRead',
      node: spec.name,
      identity: { vendor: 'x', macs: [], drives: [], bootTargets: [], canInsertMedia: false },
    } as const;
    const before = told([10, read]);
    const { setBackMs } = clockAtStart(before, at(20 - HOURS), undefined);
    if (setBackMs === undefined) throw new Error('it is behind');
    expect(bmcUnread(before, stateOf(before))).toBe(false);
    const after = apply(before, wake(20, setBackMs));
    expect(bmcUnread(after, stateOf(after))).toBe(true);
  });

  test('set forward under the engine before, nothing is older after a restart either', () => {
    const ran = told([10, e.took()], [20, { type: 'clock.stepped', byMs: HOURS * 1000, aheadMs: -HOURS * 1000 }]);
    const { setBackMs } = clockAtStart(ran, at(30 + HOURS), undefined);
    expect(setBackMs).toBe(-HOURS * 1000);
    if (setBackMs === undefined) throw new Error('it is before it');
    const fleet = apply(ran, [30 + HOURS, { ...start, setBackMs }]);
    expect(stateOf(fleet).phase.since).toBe(at(10 + HOURS));
    // Of its job nothing is left, as of one that was armed before a pause.
    expect(stateOf(fleet).job).toBeUndefined();
    expect(stateOf(ran).job?.expiresAt).toBe(at(1801 - HOURS));
  });

  test('a journal of an older version moves nothing, as it did', () => {
    const fleet = told([10, e.took()], wake(20));
    expect(stateOf(fleet).phase.since).toBe(at(10));
    expect(stateOf(apply(fleet, tick(1802))).job?.id).toBe('job-1');
  });

  test('and one that moved something moved nothing of before this century', () => {
    const young = movedBack(told([10, e.took()]), T0 - 60_000);
    const older: Timed = [20, { ...start, setBackMs: -T0 + 60_000 }];
    expect(stateOf(apply(young, older)).phase.since).toBe(70_000);
    const boot = { id: 'a', uptimeMs: 1, sleptMs: 0 };
    expect(stateOf(apply(young, [20, { ...start, setBackMs: -T0 + 60_000, boot }])).phase.since).toBe(at(10));
  });

  test('by which time a machine tells its events is its own affair, and they are known again by it', () => {
    const event = { ...e.up(), told: { by: 'events', series: 'a1', count: 7, at: at(12) } } as const;
    const fleet = told([5, e.took()], [12, event]);
    const [mark] = stateOf(fleet).reported?.events ?? [];
    expect(mark).toMatchObject({ at: at(12), heardAt: at(12) });
    const [after] = stateOf(movedBack(fleet, HOURS * 1000)).reported?.events ?? [];
    expect(after).toEqual({ ...mark, heardAt: at(12 - HOURS) });
  });

  test('all that is a time in it is moved, and nothing else', () => {
    let fleet = apply(fleetOf(spec), ...begun);
    let seconds = 10;
    for (const bodies of Object.values(EVENT_SAMPLES))
      for (const body of bodies) {
        seconds += 30;
        [fleet] = reduceAt(fleet, seconds, body);
      }
    const moved = movedBack(fleet, HOURS * 1000);
    const before = timesIn(fleet);
    expect(before.length).toBeGreaterThan(20);
    expect(timesIn(moved)).toEqual(before.map((time) => time - HOURS * 1000));
    const near = (value: unknown) => typeof value === 'number' && Math.abs(value - T0) < 400_000_000;
    const untimed = (text: string) => JSON.parse(text, (_key, value: unknown) => (near(value) ? 'T' : value));
    expect(untimed(fleetText(moved))).toEqual(untimed(fleetText(fleet)));
    // To 1970, and for some to before it, and back.
    expect(fleetText(movedBack(movedBack(fleet, T0 + 60_000), -T0 - 60_000))).toBe(fleetText(fleet));
  });
});

/** Whatever it is called: so large is nothing but a time. */
function timesIn(fleet: Fleet): readonly number[] {
  const found: number[] = [];
  JSON.stringify(fleet, (key, value: unknown) => {
    if (key === 'reported') return undefined;
    if (typeof value === 'number' && Math.abs(value - T0) < 400_000_000) found.push(value);
    return value;
  });
  return found.sort((a, b) => a - b);
}

describe('the host slept', () => {
  const slept = (seconds: number): Timed => [seconds, { type: 'clock.slept', forMs: 7_000_000 }];

  test('what hung is told after its limit anew, with the word that nobody listened', () => {
    const fleet = told([10, e.took()], slept(1000));
    const soon = apply(fleet, [1029, e.tick()]);
    expect(health(soon).is).toBe('ok');
    expect(health(apply(soon, [1030, e.tick()]))).toMatchObject({
      code: 'NO_LOADER',
      detail: expect.stringMatching(/; this program was away in between, and has listened again for 30 s$/),
    });
  });

  test('its jobs expired meanwhile', () => {
    expect(stateOf(told(slept(7200), [7200, e.tick()])).job).toBeUndefined();
  });

  test('is a line of the log', () => {
    expect(sleptText({ forMs: 7_380_000 })).toMatch(/^this host slept for 2 h 03 min: nobody listened/);
    expect(sleptText({ forMs: 60_000, stopped: true })).toMatch(/^this program was stopped, .*, for 60 s: nobody/);
  });
});

import { describe, expect, test } from 'vitest';
import { clockAtStart, clockText } from '../../src/core/clock-at-start.ts';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, putNode } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { HostBoot } from '../../src/core/host-boot.ts';
import { movedBack } from '../../src/core/set-back.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, phaseOf, specOf, stateOf, stored, T0, type Timed } from './kit.ts';

/** Each reading of the clock that a start finds: what the last run noted, what the host tells now, and what is made of it. */

const HOUR = 3600;
const spec = specOf('node-01');
const e = bodiesOf(spec.name);

/** Of a host that was up for an hour at T0, of which it slept ten minutes. */
const bootAt = (seconds: number, changes: Partial<HostBoot> = {}): HostBoot => ({
  id: 'boot-a',
  uptimeMs: (HOUR + seconds) * 1000,
  sleptMs: 600_000,
  ...changes,
});
const other = bootAt(0, { id: 'boot-b', uptimeMs: 20_000, sleptMs: 0 });
const start = (more: Partial<Extract<EventBody, { type: 'engine.started' }>> = {}): EventBody => ({
  type: 'engine.started',
  version: '1',
  simulated: false,
  ...more,
});
const stepped = (forwardSeconds: number, aheadSeconds: number): EventBody => ({
  type: 'clock.stepped',
  byMs: forwardSeconds * 1000,
  aheadMs: aheadSeconds * 1000,
});
const opened: readonly Timed[] = [
  [10, armed('reinstall', { expiresAt: at(1810) })],
  [10, stored()],
  [11, { type: 'site.glassBroken', reason: 'it is down', until: at(911), by: ACTOR }],
  [12, { type: 'site.discoverySwitched', until: at(612), by: ACTOR }],
  [13, { type: 'lease.granted', mac: '52:54:00:00:00:09', address: '10.77.0.9', until: at(1813) }],
];
const first: Timed = [0, start({ boot: bootAt(0) })];
const ran = (...events: readonly Timed[]): Fleet => apply(fleetOf(spec), first, ...events);

/** It starts again when its host's clock shows `shown`, and `passed` seconds after T0 by its uptime. */
function startsAt(fleet: Fleet, shown: number, boot: HostBoot | undefined): Fleet {
  return apply(fleet, [shown, start(clockAtStart(fleet, at(shown), boot))]);
}

const lives = (fleet: Fleet) => ({
  job: stateOf(fleet).job?.expiresAt,
  glass: fleet.switches.glass?.until,
  discovery: fleet.switches.discoveryUntil,
  lease: getIn(fleet.leases, '52:54:00:00:00:09')?.[0]?.until,
});
const ends = (seconds: number) => ({
  job: at(1810 + seconds),
  glass: at(911 + seconds),
  discovery: at(612 + seconds),
  lease: at(1813 + seconds),
});

describe('in the same boot of the host its uptime tells what has passed', () => {
  const day = 24 * HOUR;

  test.each<[string, readonly Timed[], number, number]>([
    ['its clock goes on', opened, 100, 0],
    ['it was set a day forward before the arming, and is right again', [[1, stepped(day, -day)], ...opened], 100, 0],
    ['it was set an hour back before the arming, and is right again', [[1, stepped(-HOUR, HOUR)], ...opened], 100, 0],
    ['it was set a day forward and stays so', [[1, stepped(day, -day)], ...opened], day + 100, day],
    ['it was set an hour back and stays so', [[1, stepped(-HOUR, HOUR)], ...opened], 100 - HOUR, -HOUR],
    ['it is set back between the runs', opened, 100 - HOUR, -HOUR],
    ['it was set forward, and further back than before', [[1, stepped(day, -day)], ...opened], 100 - HOUR, -HOUR],
    ['it was set back, and both runs are in the future of it', [...opened, [20, stepped(-day, day)]], 100 - day, -day],
  ])('%s', (_name, events, shown, movedBy) => {
    const fleet = startsAt(ran(...events), shown, bootAt(100));
    expect(lives(fleet)).toEqual(ends(movedBy));
    expect(stateOf(fleet).phase.since).toBe(at(10 + movedBy));
    expect(fleet.at).toBe(at(shown));
  });

  test('a clock that was set forward between the runs may as well be a host that stood still', () => {
    const fleet = ran(...opened);
    const clock = clockAtStart(fleet, at(100 + 300), bootAt(100));
    expect(clock).toEqual({ boot: bootAt(100), setBackMs: -300_000, endsEarlierMs: 300_000 });
    const after = startsAt(fleet, 400, bootAt(100));
    expect(lives(after)).toEqual({ ...ends(0), lease: at(1813 + 300) });
    expect(stateOf(after).phase.since).toBe(at(310));
    // Back by an hour before: only as far as it is ahead now.
    expect(clockAtStart(ran(...opened, [20, stepped(-HOUR, HOUR)]), at(400), bootAt(100))).toEqual(clock);
  });

  test('less than a second is how coarse that is', () => {
    for (const shown of [99.2, 100.8])
      expect(clockAtStart(ran(...opened), at(shown), bootAt(100))).toEqual({ boot: bootAt(100) });
    // But never is a time in the future, nor as new as the start.
    const fleet = startsAt(ran([99.9, e.tick()]), 99.8, bootAt(100));
    expect(clockAtStart(ran([99.9, e.tick()]), at(99.9), bootAt(99.9)).setBackMs).toBe(1);
    expect(fleet.at).toBe(at(99.8));
  });

  test('over many starts, and from the snapshot', () => {
    let fleet = ran(...opened);
    for (const [shown, passed] of [
      [-5000, 100],
      [90_000, 160],
      [300, 300],
    ] as const) {
      const kept = parseFleet(JSON.parse(fleetText(fleet)));
      if (!kept.ok) throw new Error(kept.error);
      fleet = startsAt(kept.value, shown, bootAt(passed));
      expect(getIn(fleet.leases, '52:54:00:00:00:09')?.[0]?.until).toBe(at(shown - passed + 1813));
    }
    // Forward by 94,940 s between the first two: as if it had stood still.
    expect(lives(fleet)).toEqual({ lease: at(1813), glass: at(911 - 94_940), discovery: at(612 - 94_940) });
  });

  test('a host that began in 1970 has the ages that it had when its clock is told', () => {
    const years = T0 / 1000 - 60;
    const young = movedBack(ran(), years * 1000);
    expect(young).toMatchObject({ at: 60_000, startedAt: 60_000, boot: { at: 60_000 } });
    const told = apply(
      young,
      [5 - years, stepped(years, -years)],
      [10 - years, armed('reinstall', { expiresAt: at(1810 - years) })],
      [10 - years, stored()],
      [12 - years, e.discover(1)],
      [13 - years, { type: 'lease.granted', mac: '52:54:00:00:00:09', address: '10.77.0.9', until: at(1813 - years) }],
    );
    const fleet = startsAt(told, 20, bootAt(20));
    expect(stateOf(fleet).phase).toMatchObject({ is: 'firmware', since: at(12) });
    expect(lives(fleet)).toEqual({ job: at(1810), lease: at(1813) });
    // And back again, to before there was a time.
    const again = startsAt(fleet, 5 - T0 / 1000, bootAt(30));
    expect(stateOf(again).phase.since).toBe(5_000 - 18_000);
    expect(lives(again)).toEqual({ job: 1_785_000, lease: 1_788_000 });
    expect(stateOf(startsAt(again, 40, bootAt(40))).phase.since).toBe(at(12));
  });
});

describe('otherwise nobody knows for how long nobody ran', () => {
  test.each<[string, Fleet, HostBoot | undefined, 'rebooted' | 'unnoted']>([
    ['in another boot of the host', ran(...opened), other, 'rebooted'],
    ['where its uptime is less than it was', ran(...opened), bootAt(-1), 'rebooted'],
    ['where the uptime is that of a container begun anew', ran(...opened), bootAt(60, { sleptMs: -1e6 }), 'rebooted'],
    ['where the journal is ahead of what has passed', ran(...opened, [500, e.tick()]), bootAt(60), 'rebooted'],
    ['where the host tells none', ran(...opened), undefined, 'unnoted'],
    ['after an older version', apply(fleetOf(spec), [0, start()], ...opened), bootAt(60), 'unnoted'],
    ['after an older version that kept a note', { ...ran(...opened), startedAt: at(5) }, bootAt(60), 'unnoted'],
  ])('%s', (_name, fleet, boot, spanUnknown) => {
    const clock = clockAtStart(fleet, at(600), boot);
    expect(clock).toEqual({ ...(boot === undefined ? {} : { boot }), spanUnknown });
    const after = apply(fleet, [600, start(clock)]);
    expect(lives(after)).toEqual({ lease: at(1813) });
    expect(stateOf(after).endedJobs).toMatchObject([{ outcome: 'expired', code: 'JOB_EXPIRED' }]);
    expect(stateOf(after).health).toMatchObject({
      detail: expect.stringMatching(
        /^(this host|the last run) .* nobody knows .*: no job outlives what was confirmed; no network boot of it was seen$/,
      ),
    });
    expect(after.boot).toEqual(boot === undefined ? undefined : { ...boot, at: at(600) });
  });

  test('what has begun to write goes on, as an installation does', () => {
    const fleet = ran(...opened);
    const { job, ...node } = stateOf(fleet);
    if (job === undefined) throw new Error('it is armed');
    const phase = phaseOf('installing', { disk: '/dev/sda', percent: 4, step: 'pull' }, at(50));
    const writing = putNode(fleet, { ...node, phase, job: { ...job, spentAt: at(40) } });
    expect(stateOf(startsAt(writing, 70, other)).job?.id).toBe('job-1');
  });

  test('a boot that has its script is let through no longer', () => {
    const fleet = ran(
      [10, armed('install', { expiresAt: at(1810), letsEnd: true })],
      [10, stored()],
      [20, e.script('install')],
    );
    expect(stateOf(startsAt(fleet, 25, bootAt(25))).job?.id).toBe('job-1');
    expect(stateOf(startsAt(fleet, 25, other)).job).toBeUndefined();
  });

  // The last event of each is at 50 s.
  test.each<[string, Timed[], number, number]>([
    ['its clock goes on', [], 100, 0],
    ['it is behind the journal: as if no time had passed', [], 40, 10.001],
    ['set forward by a day, and right again', [[20, stepped(86_400, -86_400)]], 100, 0],
    ['set forward by a day, and it stays so', [[20, stepped(86_400, -86_400)]], 86_500, -86_400],
    ['set back by an hour, and right again', [[20, stepped(-HOUR, HOUR)]], 100, 0],
    ['set back by an hour, and it stays so', [[20, stepped(-HOUR, HOUR)]], 100 - HOUR, HOUR],
    ['set back by an hour, and further between', [[20, stepped(-HOUR, HOUR)]], 40 - HOUR, HOUR + 10.001],
  ])('ages take the reading in which it was away shortest: %s', (_name, events, shown, setBack) => {
    const fleet = ran(...opened, ...events, [50, e.tick()]);
    expect(clockAtStart(fleet, at(shown), other).setBackMs ?? 0).toBe(setBack * 1000);
    const after = startsAt(fleet, shown, other);
    expect(after.at).toBe(at(shown));
    expect(stateOf(after).evidence.every((line) => line.at <= at(shown))).toBe(true);
  });
});

test('where nothing was before, nothing is said', () => {
  const clock = clockAtStart({ ...fleetOf(spec), at: 0 }, at(0), bootAt(0));
  expect(clock).toEqual({ boot: bootAt(0) });
  expect(clockText(clock)).toBeUndefined();
});

test.each<[Parameters<typeof clockText>[0], RegExp | undefined]>([
  [{ setBackMs: 1 }, undefined],
  [{ boot: bootAt(0) }, undefined],
  [
    { setBackMs: 3_600_000 },
    /^the clock of this host is 60 min behind what has passed .*: all times are moved back with it, so ages and ends stay true$/,
  ],
  [{ setBackMs: -1.795e12 }, /^the clock of this host is 20775 days ahead of what has passed .* stay true$/],
  [
    { setBackMs: -300_000, endsEarlierMs: 300_000 },
    /so ages stay true; what was armed or opened ends 5 min earlier, as if this host had stood still for so long$/,
  ],
  [
    { spanUnknown: 'rebooted' },
    /^this host was started anew, or is another one, .*: what was armed and had not begun to write has ended, broken glass and discovery too; ages go by the clock of this host, no time is moved$/,
  ],
  [
    { spanUnknown: 'unnoted', setBackMs: 7_200_000 },
    /^the last run noted no uptime .* all times are moved back by 2 h 00 min to fit it$/,
  ],
])('as a line of the log: %j', (clock, text) => {
  if (text === undefined) expect(clockText(clock)).toBeUndefined();
  else expect(clockText(clock)).toMatch(text);
});

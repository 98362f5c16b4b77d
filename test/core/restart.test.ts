import { describe, expect, test } from 'vitest';
import { cutReason } from '../../src/core/power-order.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, planOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** What a start of the program makes of what the journal gives back. Nothing is armed by it, and nothing is forgotten. */

const e = bodiesOf('node-01');
const base = apply(fleetOf(specOf('node-01')), [0, armed('install')], [0, stored()]);
const STOPPED = { code: 'stopped', message: 'the program is ending', advice: '' } as const;
const TIMEOUT = { code: 'timeout', message: 'no answer', advice: '' } as const;
const SILENT = { ...TIMEOUT, maybeDone: true } as const;
const wake = (seconds: number): Timed => [seconds, e.startEngine()];

test('a job that is unexpired and unspent stays armed, without a new order', () => {
  const [fleet, effects] = reduceAt(base, 60, e.startEngine());
  expect(stateOf(fleet).job?.id).toBe('job-1');
  expect(effects).toEqual([]);
});

test('an arming whose acknowledgement was lost is on disk, and waits for its machine', () => {
  const unstored = apply(fleetOf(specOf('node-01')), [0, armed('install')]);
  const [fleet, effects] = reduceAt(unstored, 60, e.startEngine());
  expect(stateOf(fleet).job?.stored).toBe(true);
  expect(effects).toEqual([]);
});

describe('a power order that was under way is lost, and its BMC may carry it out yet', () => {
  const asked = apply(base, [5, { type: 'bmc.powerAsked', node: 'node-01', job: 'job-1', action: 'cycle' }]);
  const isCut = (fleet: typeof base, seconds: number) => cutReason(stateOf(fleet), at(seconds)) !== undefined;

  const cases: readonly (readonly [string, readonly Timed[], holdsAt: number, endsAt: number])[] = [
    ['for two minutes since it was given', [wake(10)], 124, 125],
    ['for five seconds after a restart that comes later', [wake(3600)], 3604, 3605],
    ['over more than one restart', [wake(10), wake(20)], 124, 125],
    ['whatever firmware asks: that may be the boot before', [wake(10), [11, e.discover(1)]], 124, 125],
    [
      'also where the stop of the program broke it off',
      [[8, { type: 'bmc.failed', node: 'node-01', step: 'power', problem: STOPPED }], wake(10)],
      124,
      125,
    ],
    [
      'also where its BMC fell silent over it',
      [[40, { type: 'bmc.failed', node: 'node-01', step: 'power', problem: SILENT }]],
      124,
      125,
    ],
    [
      'also where the driver stumbled over it',
      [[40, { type: 'bmc.failed', node: 'node-01', step: 'driver', problem: SILENT }]],
      124,
      125,
    ],
    [
      'whatever else of its BMC fails since',
      [wake(10), [12, { type: 'bmc.failed', node: 'node-01', step: 'identify', problem: TIMEOUT }]],
      124,
      125,
    ],
  ];
  test.each(cases)('%s', (_name, events, holdsAt, endsAt) => {
    const fleet = apply(asked, ...events);
    expect([isCut(fleet, holdsAt), isCut(fleet, endsAt)]).toEqual([true, false]);
  });

  test('but not after its BMC has switched on what was off', () => {
    const on = { type: 'bmc.resetDone', node: 'node-01', action: 'on', power: 'on', askedAt: at(19) } as const;
    expect(isCut(apply(asked, wake(10), [20, on]), 21)).toBe(false);
  });

  test('and one that failed in the journal of an older version, which told no more of it, is over as it was then', () => {
    const failed: Timed = [40, { type: 'bmc.failed', node: 'node-01', step: 'power', problem: TIMEOUT }];
    expect(isCut(apply(asked, failed), 41)).toBe(false);
  });

  test('and one that was answered before the restart holds as long as ever', () => {
    const done = { type: 'bmc.resetDone', node: 'node-01', action: 'cycle', power: 'on', askedAt: at(5) } as const;
    const fleet = apply(asked, [9, done], wake(10));
    expect([isCut(fleet, 13), isCut(fleet, 14)]).toEqual([true, false]);
  });
});

test('an expired job ends, and its boot override is taken back', () => {
  const [fleet, effects] = reduceAt(apply(base, [2, e.overrideSet()]), 2000, e.startEngine());
  expect(stateOf(fleet)).toMatchObject({ phase: { is: 'idle' }, health: { is: 'failed', code: 'JOB_EXPIRED' } });
  expect(effects.map((effect) => effect.type)).toContain('bmc.clearOverride');
});

test('a spent job stays to see its end, and arms nothing', () => {
  const fleet = apply(base, [10, e.script('install')], [20, e.phase('install')], wake(4000));
  expect(stateOf(fleet).job?.spentAt).toBe(at(20));
});

test('an install that began unseen is spent by the time its job would have expired', () => {
  const fleet = apply(base, [10, e.script('install')], [20, e.sent()], [40, e.config()], wake(4000));
  expect(stateOf(fleet).job?.spentAt).toBe(at(4000));
});

test('a phase older than its limit is no longer believed, and does not advance by itself', () => {
  const fleet = apply(base, [10, e.script('install')], [11, e.kernel()], wake(100), [114, e.tick()]);
  expect(stateOf(fleet)).toMatchObject({ phase: { is: 'kernel' }, lostSightAt: at(100), health: { is: 'ok' } });
});

test('the next evidence finds it again', () => {
  const fleet = apply(base, [10, e.script('install')], [11, e.kernel()], wake(100), [120, e.up()]);
  expect(stateOf(fleet).lostSightAt).toBeUndefined();
  expect(stateOf(fleet).phase.is).toBe('up');
});

test('what a BMC says is no sight of the machine', () => {
  const fleet = apply(base, [10, e.script('install')], [11, e.kernel()], wake(100), [101, e.power('on')]);
  expect(stateOf(fleet).lostSightAt).toBe(at(100));
});

test('power is unknown until it is read', () => {
  const fleet = apply(base, [5, e.power('on')], wake(60));
  expect(stateOf(fleet).power).toEqual({ is: 'unknown', since: at(60) });
});

describe('arming is refused', () => {
  const specs = { plain: specOf('node-01'), protected: specOf('node-01', { protected: true }) };
  const by = ACTOR;
  const cases: readonly (readonly [string, readonly Timed[], Timed, keyof typeof specs])[] = [
    ['while nothing can be stored', [[1, { type: 'store.failed', reason: 'full' }]], [2, armed('install')], 'plain'],
    [
      'while the panic key is pressed',
      [[1, { type: 'site.panicSwitched', on: true, by }]],
      [2, armed('install')],
      'plain',
    ],
    ['on hold', [[1, e.hold()]], [2, armed('install')], 'plain'],
    ['of a machine that has a job', [[1, armed('inspect', { job: 'old' })]], [2, armed('install')], 'plain'],
    ['of a protected machine', [], [2, armed('install')], 'protected'],
    [
      'after the glass was mended',
      [
        [1, { type: 'site.glassBroken', reason: 'r', until: at(99), by }],
        [2, { type: 'site.glassMended', by }],
      ],
      [3, armed('install')],
      'protected',
    ],
    [
      'after the glass closed by itself',
      [[1, { type: 'site.glassBroken', reason: 'r', until: at(9), by }]],
      [10, armed('install')],
      'protected',
    ],
    ['to erase without the typed name', [], [2, armed('reinstall', { confirmed: 'node-02' })], 'plain'],
    [
      'with a disk that is not sure',
      [],
      [2, armed('install', { plan: planOf('install', { disk: { sure: false, why: 'two' } }) })],
      'plain',
    ],
    [
      'with a configuration that nobody checked',
      [],
      [2, armed('install', { plan: planOf('install', { configChecked: false }) })],
      'plain',
    ],
    ['with the plan of another job', [], [2, armed('install', { plan: planOf('inspect') })], 'plain'],
    ['with an expiry that has passed', [], [2, armed('install', { expiresAt: at(2) })], 'plain'],
  ];

  test.each(cases)('%s', (_name, before, arming, spec) => {
    const fleet = apply(fleetOf(specs[spec]), ...before, arming);
    expect(stateOf(fleet).job?.id === 'job-1').toBe(false);
  });

  test('but given through broken glass, which the job remembers', () => {
    const broken: Timed = [1, { type: 'site.glassBroken', reason: 'cluster down', until: at(99), by }];
    expect(stateOf(apply(fleetOf(specs.protected), broken, [2, armed('install')])).job?.underGlass).toBe(true);
  });
});

describe('the inventory', () => {
  const loaded = (spec: ReturnType<typeof specOf>): Timed => [
    9,
    { type: 'inventory.loaded', nodes: [spec], site: 'lab', hash: 'x', warnings: [] },
  ];

  test('takes the arm of a machine that leaves, and does not give it back', () => {
    const gone: Timed = [8, { type: 'inventory.loaded', nodes: [], site: 'lab', hash: 'x', warnings: [] }];
    expect(stateOf(apply(base, gone, loaded(specOf('node-01')))).job).toBeUndefined();
  });

  test('ends a job whose name means another machine now, and forgets what was seen of the old one', () => {
    const fleet = apply(
      base,
      [3, e.discover(1)],
      loaded(specOf('node-01', { identity: { macs: ['52:54:00:77:77:77'] } })),
    );
    expect(stateOf(fleet).job).toBeUndefined();
    expect(stateOf(fleet).endedJobs).toMatchObject([{ outcome: 'cancelled', code: 'PLAN_CHANGED' }]);
    expect(stateOf(fleet).seen).toEqual({});
  });

  test('leaves a job alone when other things change', () => {
    expect(stateOf(apply(base, loaded(specOf('node-01', { labels: { a: 'b' } })))).job?.id).toBe('job-1');
  });

  test('never arms, whatever its flat key says', () => {
    const spec = specOf('node-01', { talos: { ...specOf('node-01').talos, install: true } });
    expect(stateOf(fleetOf(spec)).job).toBeUndefined();
  });
});

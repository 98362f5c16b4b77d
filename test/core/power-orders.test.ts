import { describe, expect, test } from 'vitest';
import type { PowerAction } from '../../src/core/bmc.ts';
import type { EventBody } from '../../src/core/event.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** What an order at its BMC makes of the boot that is under way: a reset ends it, and what was so already does not. */

const node = 'node-01';
const e = bodiesOf(node);
const idle = fleetOf(specOf(node));
const jobOf = (kind: 'wipe' | 'install') => apply(idle, [0, armed(kind)], [0, stored()]);

const found = (action: PowerAction, power: 'on' | 'off', job?: string): EventBody => ({
  type: 'bmc.powerFound',
  node,
  action,
  power,
  ...(job === undefined ? {} : { job }),
});
const asked = (action: PowerAction): EventBody => ({ type: 'bmc.powerAsked', node, action, spares: true });
const silent: EventBody = {
  type: 'bmc.failed',
  node,
  step: 'power',
  problem: { code: 'timeout', message: 'no answer', advice: 'look at it', maybeDone: true },
};
const done = (action: PowerAction, askedAt: number, power: 'on' | 'off' = 'on'): EventBody => ({
  type: 'bmc.resetDone',
  node,
  action,
  power,
  askedAt: at(askedAt),
});
const toScript = (answer: 'wipe' | 'install' | 'local', from: number): readonly Timed[] => [
  [from, e.discover(from)],
  [from + 1, e.loader()],
  [from + 2, e.ipxe()],
  [from + 3, e.script(answer)],
];

describe('"on" at a machine that is on', () => {
  const wiping = apply(jobOf('wipe'), ...toScript('wipe', 10), [14, e.kernel()]);
  const loading = apply(jobOf('install'), ...toScript('install', 10), [14, e.initrd()]);
  const ready = apply(idle, [1, e.up()], [2, e.stage('running', true)]);

  test.each([
    ['a wipe on its way', wiping],
    ['an install in its download', loading],
    ['a machine that is ready', ready],
  ] as const)('leaves %s as it is', (_name, before) => {
    const after = apply(before, [15, asked('on')], [16, found('on', 'on')]);
    const [was, is] = [stateOf(before), stateOf(after)];
    expect(is).toMatchObject({ phase: was.phase, attempt: was.attempt, failedBoots: [] });
    expect(is.job).toEqual(was.job);
    expect(is.power).toMatchObject({ is: 'on' });
  });

  test('is no boot that failed, however often it is ordered', () => {
    const again = Array.from({ length: 5 }, (_, i): readonly Timed[] => [
      [15 + i, asked('on')],
      [15 + i, found('on', 'on')],
    ]).flat();
    expect(stateOf(apply(loading, ...again))).toMatchObject({ phase: { is: 'initrd' }, health: { is: 'ok' } });
  });

  test('is the boot that its own job waits for, where somebody else was faster at the button', () => {
    const fleet = apply(jobOf('wipe'), [1, e.overrideSet()], [2, asked('on')], [3, found('on', 'on', 'job-1')]);
    expect(stateOf(fleet).phase).toMatchObject({ is: 'powering', overrideSet: true, poweredAt: at(3) });
  });

  test('is no reset either where its BMC had said "off" of it', () => {
    const fleet = apply(loading, [15, e.power('off')], [16, asked('on')], [17, e.moved(500)], [18, done('on', 16)]);
    expect(stateOf(fleet)).toMatchObject({ phase: { is: 'initrd' }, attempt: { number: 1 }, failedBoots: [] });
  });

  test('is a new boot where nothing was heard of it since', () => {
    const fleet = apply(loading, [15, e.power('off')], [16, asked('on')], [18, done('on', 16)]);
    expect(stateOf(fleet).phase.is).toBe('powering');
  });
});

describe('"forceOff" at a machine that is off', () => {
  const told: readonly Timed[] = [
    [15, asked('forceOff')],
    [16, found('forceOff', 'off')],
  ];

  test('is a reading: a machine at rest is down', () => {
    expect(stateOf(apply(idle, ...told)).phase).toMatchObject({ is: 'down', why: 'off' });
  });

  test('and one that boots is down when it is read once more', () => {
    const loading = apply(jobOf('install'), ...toScript('install', 10), [14, e.initrd()], ...told);
    expect(stateOf(loading).phase.is).toBe('initrd');
    expect(stateOf(apply(loading, [26, e.power('off')])).phase.is).toBe('down');
  });
});

describe('boots that power orders end', () => {
  const orders: readonly (readonly [string, (from: number) => readonly Timed[]])[] = [
    [
      'cycle',
      (from) => [
        [from, asked('cycle')],
        [from + 4, done('cycle', from)],
      ],
    ],
    [
      'reset',
      (from) => [
        [from, asked('reset')],
        [from + 4, done('reset', from)],
      ],
    ],
    [
      'forceOff',
      (from) => [
        [from, asked('forceOff')],
        [from + 4, done('forceOff', from, 'off')],
      ],
    ],
    [
      'forceOff, and switched on again',
      (from) => [
        [from, asked('forceOff')],
        [from + 2, asked('on')],
        [from + 4, done('on', from + 2)],
      ],
    ],
    [
      'cycle, told after the next boot was heard',
      (from) => [
        [from, asked('cycle')],
        [from + 3, e.discover(from + 3)],
        [from + 9, done('cycle', from)],
      ],
    ],
    [
      'forceOff, told of a boot that began after it was asked for',
      (from) => [
        [from, asked('forceOff')],
        [from + 25, e.discover(from + 25)],
        [from + 27, done('forceOff', from, 'off')],
      ],
    ],
  ];

  test.each(orders)('are no loop: %s', (_name, order) => {
    const boots = [0, 1, 2, 3, 4, 5].flatMap((n) => [...toScript('local', 10 + 60 * n), ...order(15 + 60 * n)]);
    const { failedBoots, localMissed, health } = stateOf(apply(idle, ...boots));
    expect({ failedBoots, localMissed, health }).toEqual({ failedBoots: [], localMissed: 0, health: { is: 'ok' } });
  });

  test('suspend no job', () => {
    const boots = [0, 1].flatMap((n): readonly Timed[] => [
      ...toScript('install', 10 + 60 * n),
      [14 + 60 * n, e.initrd()],
      [15 + 60 * n, asked('reset')],
      [19 + 60 * n, done('reset', 15 + 60 * n)],
    ]);
    const { job, health } = stateOf(apply(jobOf('install'), ...boots, ...toScript('install', 130)));
    expect([job?.suspended, health]).toEqual([undefined, { is: 'ok' }]);
  });

  test('and a loop of the machine itself is found beside them', () => {
    const own = [1, 2, 3].flatMap((n) => toScript('local', 10 + 300 * n));
    const fleet = apply(idle, ...toScript('local', 10), [15, asked('cycle')], [19, done('cycle', 15)], ...own, [
      1300,
      e.discover(9),
    ]);
    expect(stateOf(fleet).health).toMatchObject({ is: 'failed', code: 'DISK_BOOT_MISSED' });
  });

  test('nothing that was never sent excuses a boot', () => {
    const own = [0, 1, 2].flatMap((n): readonly Timed[] => [
      ...toScript('local', 10 + 300 * n),
      [15 + 300 * n, asked('forceOff')],
      [16 + 300 * n, found('forceOff', 'on')],
    ]);
    expect(stateOf(apply(idle, ...own, [1000, e.discover(9)])).failedBoots).toHaveLength(3);
  });
});

describe('attempts of a job', () => {
  const install = jobOf('install');
  const attemptsOf = (...events: readonly Timed[]) => stateOf(apply(install, ...events)).job?.attempts;
  const reset = (from: number, order = asked('reset')): readonly Timed[] => [
    [from, order],
    [from + 4, done('reset', from)],
  ];
  const toIpxe = (from: number): readonly Timed[] => [
    [from, e.discover(from)],
    [from + 1, e.loader()],
    [from + 2, e.ipxe()],
  ];
  // Each reset begins the boot after it, which is one more.
  const three = (boot: (from: number) => readonly Timed[], order?: EventBody) =>
    [0, 1, 2].flatMap((n) => [...boot(10 + 60 * n), ...reset(20 + 60 * n, order)]);

  test('are not used up by boots that were reset by hand before they had their script', () => {
    expect(attemptsOf(...three(toIpxe))).toBe(1);
    const fleet = apply(install, ...three(toIpxe), ...toScript('install', 300));
    expect(stateOf(fleet)).toMatchObject({ job: { attempts: 1 }, phase: { is: 'script' }, failedBoots: [] });
  });

  test('are not used up by boots that were sent to their disk and reset', () => {
    expect(attemptsOf(...three((from) => toScript('local', from)))).toBe(1);
  });

  test('are used up by boots that had a script that writes, whoever cut them', () => {
    const { job, endedJobs } = stateOf(apply(install, ...three((from) => toScript('install', from))));
    expect([job, endedJobs[0]?.code]).toEqual([undefined, 'ATTEMPTS_SPENT']);
    const wiping = apply(jobOf('wipe'), ...toScript('wipe', 10), ...reset(20));
    expect(stateOf(wiping).job?.attempts).toBe(2);
  });

  test('are used up where the line of that script was lost, and its image was fetched', () => {
    expect(attemptsOf(...toIpxe(10), [13, e.kernel()], ...reset(20))).toBe(2);
  });

  test('are used up by boots that end by themselves', () => {
    expect(attemptsOf(...toIpxe(10), [70, e.script('local')], [400, e.discover(2)], [401, e.ipxe()])).toBe(2);
  });

  test('are used up by a boot after the one that was cut', () => {
    expect(attemptsOf(...toIpxe(10), ...reset(20), ...toIpxe(60), [70, e.script('local')], [400, e.discover(2)])).toBe(
      2,
    );
  });

  test('are used up where the order sent nothing', () => {
    const told: readonly Timed[] = [
      [20, asked('forceOff')],
      [21, found('forceOff', 'on')],
    ];
    expect(attemptsOf(...toScript('local', 10), ...told, [400, e.discover(2)])).toBe(2);
  });

  test('are not used up by a boot that began while a slow BMC had its order, and was cut by it', () => {
    const told: readonly Timed[] = [[5, asked('cycle')], ...toIpxe(10), [40, done('cycle', 5)], [90, e.discover(2)]];
    expect(attemptsOf(...told)).toBe(1);
  });

  test('are not used up by a boot that a BMC cut which had fallen silent over its order', () => {
    const told: readonly Timed[] = [[5, asked('cycle')], ...toIpxe(10), [40, silent]];
    const fleet = apply(install, ...told, [200, e.script('local')], [500, e.discover(2)]);
    expect(stateOf(fleet)).toMatchObject({ job: { attempts: 1 }, failedBoots: [] });
  });

  test('are not given back for a boot that never was one, for the job was suspended when it began', () => {
    const loop = [0, 1, 2].flatMap((n) => toScript('install', 10 + 60 * n));
    const release: EventBody = { type: 'operator.released', node, by: ACTOR };
    const suspended = apply(install, ...loop, ...toIpxe(200));
    expect(stateOf(suspended).job).toMatchObject({ attempts: 3, suspended: { code: 'LOOP' } });
    const { job, endedJobs } = stateOf(apply(suspended, [210, release], ...reset(220)));
    expect([job, endedJobs[0]?.attempts]).toEqual([undefined, 4]);
  });

  test('count in the journal of an older version as they did: its jobs ended by them', () => {
    const order: EventBody = { type: 'bmc.powerAsked', node, action: 'reset' };
    expect(stateOf(apply(install, ...three(toIpxe, order))).endedJobs[0]?.code).toBe('ATTEMPTS_SPENT');
  });
});

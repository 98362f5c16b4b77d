import { describe, expect, test } from 'vitest';
import { ageText } from '../../src/core/bmc-log.ts';
import { progressNow } from '../../src/core/boot-progress.ts';
import { describeEvidence } from '../../src/core/describe-event.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed, withoutBmc } from './kit.ts';

/** What the BMC says of the boot and of its hardware is shown beside the wire, and moves nothing. */

const node = 'node-01';
const e = bodiesOf(node);
const fleet = fleetOf(specOf(node));
const arm: readonly Timed[] = [
  [1, armed('install')],
  [1, stored()],
];
const reset: Timed = [5, { type: 'bmc.resetDone', node, job: 'job-1', action: 'cycle', power: 'on', askedAt: at(2) }];
const told = (seconds: number, progress: string): Timed => [seconds, { type: 'bmc.progressRead', node, progress }];

describe('boot progress', () => {
  test('is evidence in words, and leaves the phase to the wire', () => {
    const now = stateOf(apply(fleet, ...arm, reset, told(20, 'MemoryInitializationStarted')));
    expect(now.phase.is).toBe('powering');
    expect(now.evidence.at(-1)).toMatchObject({ from: 'bmc', text: 'BMC: boot progress: POST: memory' });
    expect(progressNow(now)?.state).toBe('MemoryInitializationStarted');
  });

  test('that names a running system does not make the machine run', () => {
    const before = apply(fleet, ...arm, reset, [20, e.discover(1)]);
    const after = apply(before, told(30, 'OSRunning'));
    expect(stateOf(after).phase).toEqual(stateOf(before).phase);
    expect(stateOf(after).attempt).toEqual(stateOf(before).attempt);
  });

  test('explains a network boot that never came', () => {
    const late = stateOf(apply(fleet, ...arm, reset, told(60, 'SetupEntered'), [2000, { type: 'clock.ticked' }]));
    // The job has expired by then; what was seen stands in the fault before it.
    const stalled = stateOf(apply(fleet, ...arm, reset, told(60, 'SetupEntered'), [906, { type: 'clock.ticked' }]));
    expect(stalled.health).toMatchObject({ code: 'NO_PXE', detail: expect.stringContaining('in its setup menu') });
    expect(late.job).toBeUndefined();
  });

  test('is over when the machine is off', () => {
    const off: Timed = [50, { type: 'bmc.powerRead', node, power: 'off' }];
    expect(stateOf(apply(fleet, told(40, 'OSRunning'), off)).seen.bootProgress).toBeUndefined();
  });

  test('of the boot before counts no more after a reset', () => {
    const now = stateOf(apply(fleet, told(0, 'OSRunning'), ...arm, reset));
    expect(now.seen.bootProgress).toBeUndefined();
  });
});

describe('the log of the BMC', () => {
  const effectsOf = (start: readonly Timed[], [seconds, body]: Timed, spec = specOf(node)) =>
    reduceAt(apply(fleetOf(spec), ...start), seconds, body)[1].map((effect) => effect.type);
  const refused = (code: 'credentials' | 'notTaken'): Timed => [
    5,
    { type: 'bmc.failed', node, job: 'job-1', step: 'override', problem: { code, message: 'HTTP 500', advice: 'x' } },
  ];

  test.each([
    ['when the BMC refuses', arm, refused('notTaken'), true],
    ['when time runs out', [...arm, reset], [906, { type: 'clock.ticked' }] as Timed, true],
    ['not when the BMC lets nobody in', arm, refused('credentials'), false],
    ['not twice for the same fault', [...arm, refused('notTaken')], refused('notTaken'), false],
    ['not without a job', [], refused('notTaken'), false],
    [
      'not when the answer is known',
      [...arm, [9, e.script('install')]],
      [12, { type: 'talos.halted', node }] as Timed,
      false,
    ],
  ] as const satisfies readonly (readonly [string, readonly Timed[], Timed, boolean])[])(
    'is asked for %s',
    (_, start, event, asked) => {
      expect(effectsOf(start, event).includes('bmc.readLog')).toBe(asked);
    },
  );

  test('is asked for after what a failure has to take back', () => {
    const effects = effectsOf(arm, [1802, { type: 'clock.ticked' }]);
    expect(effects.indexOf('bmc.readLog')).toBeGreaterThan(effects.indexOf('bmc.clearOverride'));
  });

  test('of a machine without BMC is not asked for', () => {
    const spec = withoutBmc(specOf(node));
    expect(
      effectsOf([...arm, [9, e.script('install')]], [12, { type: 'talos.panicked', node, message: 'x' }], spec),
    ).not.toContain('bmc.readLog');
  });

  test('is one line of evidence, the worst one with its age, and is kept', () => {
    const lines = [
      { at: at(100), severity: 'OK', text: 'System power on' },
      { at: at(40), severity: 'Critical', text: 'PSU 2 failed' },
      { at: at(20), severity: 'Warning', text: 'Fan 3 slow' },
    ];
    const now = stateOf(apply(fleet, [160, { type: 'bmc.logRead', node, lines }]));
    expect(now.evidence.at(-1)?.text).toBe('BMC log, 3 lines; 2 min ago: Critical: PSU 2 failed');
    expect(now.seen.bmcLog?.lines).toHaveLength(3);
    expect(describeEvidence({ type: 'bmc.logRead', node, lines: [], time: 0 })).toBe('BMC: its log is empty');
  });

  test.each([
    [30, '30 s ago'],
    [600, '10 min ago'],
    [5 * 3600, '5 h ago'],
    [9 * 86_400, '9 days ago'],
    [-3600, /Z by its clock, which is ahead of ours$/],
    [undefined, 'at an unknown time'],
  ] as const)('%s seconds old is told as %s', (seconds, text) => {
    const age = ageText(seconds === undefined ? undefined : at(-seconds), at(0));
    if (typeof text === 'string') expect(age).toBe(text);
    else expect(age).toMatch(text);
  });
});

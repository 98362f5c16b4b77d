import { describe, expect, test } from 'vitest';
import { causeOf } from '../../src/core/cause.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { mayRetry } from '../../src/core/may-retry.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, fleetOf, planOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** A job ends after half an hour. A boot that has its script by then is not broken off, and gets nothing new. */

const e = bodiesOf('node-01');
const IMAGE = { path: 'talos/initrd', sha256: 'a'.repeat(64), sizeBytes: 9 };
const plan = planOf('install', { initrd: IMAGE });
const arm: readonly Timed[] = [
  [0, armed('install', { plan, letsEnd: true })],
  [0, stored()],
];
type Sent = Extract<EventBody, { type: 'image.sent' }>;
const kernel: Sent = { type: 'image.sent', node: 'node-01', image: 'kernel', totalBytes: 9 };
const initrd: Sent = { type: 'image.sent', node: 'node-01', image: 'initrd', totalBytes: 9 };
const late: readonly Timed[] = [
  ...arm,
  [1750, e.discover(1)],
  [1760, e.script('install')],
  [1770, { type: 'image.requested', node: 'node-01', image: 'kernel', totalBytes: 9 }],
  [1772, kernel],
];
const told = (...events: readonly Timed[]): Fleet => apply(fleetOf(specOf('node-01')), ...events);
const believed = (fleet: Fleet) => {
  const { job, health, endedJobs } = stateOf(fleet);
  return { job: job?.id, spent: job?.spentAt !== undefined, health, outcome: endedJobs.at(-1)?.outcome };
};

describe('a job that expires in the middle of a boot', () => {
  test('lives on while that boot moves, to its configuration', () => {
    const fleet = told(...late, [1801, e.tick()], [1802, initrd], [1810, { type: 'http.handedOff', node: 'node-01' }]);
    expect(believed(fleet)).toMatchObject({ job: 'job-1', health: { is: 'ok' } });
    const config = { type: 'http.configServed', node: 'node-01', job: 'job-1', configHash: 'config-1' } as const;
    const begun = apply(fleet, [1900, e.tick()], [1960, config], [1970, e.tick()]);
    expect(believed(begun)).toMatchObject({ job: 'job-1', outcome: undefined });
    const ended = apply(begun, [1990, e.phase('install')], [4000, e.tick()]);
    expect(believed(ended)).toMatchObject({ job: 'job-1', spent: true, outcome: undefined });
  });

  test('ends when the boot was silent for as long as a kernel may be, and says how far it came', () => {
    const before = told(...late, [1801, e.tick()], [1951, e.tick()]);
    expect(believed(before).job).toBe('job-1');
    const fleet = apply(before, [1952, e.tick()]);
    expect(believed(fleet)).toEqual({
      job: undefined,
      spent: false,
      outcome: 'expired',
      health: expect.objectContaining({
        code: 'JOB_EXPIRED',
        detail: 'kernel sent, no initramfs fetched for 180 s',
      }),
    });
  });

  test('ends with that boot: the next one is none of its own', () => {
    const fleet = told(...late, [1805, e.discover(2)], [1806, e.tick()]);
    expect(believed(fleet)).toMatchObject({ job: undefined, outcome: 'expired' });
  });

  test('ends after as long again, however slowly the boot moves', () => {
    const moves = Array.from({ length: 20 }, (_, index): readonly Timed[] => [
      [1800 + index * 95, { ...kernel, image: 'initrd', type: 'image.requested' }],
      [1801 + index * 95, e.tick()],
    ]).flat();
    expect(believed(told(...late, ...moves.slice(0, -4))).job).toBe('job-1');
    expect(believed(told(...late, ...moves, [3601, e.tick()])).job).toBeUndefined();
  });

  test('goes on over a restart of the program in the middle of it', () => {
    expect(believed(told(...late, [1805, e.startEngine()], [1806, e.tick()])).job).toBe('job-1');
    expect(believed(told(...late, [1995, e.startEngine()])).job).toBeUndefined();
  });

  test('orders no other boot', () => {
    const fleet = told(...late, [1801, e.tick()]);
    expect(mayRetry(fleet, stateOf(fleet))).toMatchObject({ ok: false, error: expect.stringMatching(/has expired/) });
    const retried = apply(fleet, [1802, { type: 'operator.retried', node: 'node-01', by: ACTOR }]);
    expect(stateOf(retried)).toEqual(stateOf(fleet));
  });

  test('is cut in a journal of an older version, as it was', () => {
    const [, ...rest] = late;
    const fleet = told([0, armed('install', { plan })], ...rest, [1801, e.tick()]);
    expect(believed(fleet)).toMatchObject({ job: undefined, outcome: 'expired' });
  });
});

describe('a job that expires says how far its machine came', () => {
  test.each<[string, readonly Timed[], RegExp]>([
    ['not seen at all', arm, /^in the 30 minutes that it was armed no network boot of it was seen$/],
    ['only its firmware', [...arm, [1790, e.discover(1)]], /^1 request, offered ipxe.efi; silent for 10 s$/],
    [
      'wiped, and not back for its install',
      [
        [0, armed('reinstall', { plan: planOf('reinstall'), letsEnd: true })],
        [0, stored()],
        [1700, e.discover(1)],
        [1705, e.script('wipe')],
        [1750, e.phase('wipeDisks')],
        [1790, { type: 'talos.restarting', node: 'node-01', how: 'firmware' }],
      ],
      /; its disk had been wiped, or was being wiped before: its disk is to be taken as erased until a system is seen to run from it$/,
    ],
  ])('%s', (_name, events, detail) => {
    const { health } = believed(told(...events, [1800, e.tick()]));
    expect(health).toMatchObject({ code: 'JOB_EXPIRED', detail: expect.stringMatching(detail) });
  });
});

test.each([
  ['an own script', { templateHash: 'b'.repeat(64) }],
  ['an installer', {}],
])('of %s that was handed over nothing is told that was not seen', (_name, more) => {
  const foreign = planOf('reinstall', { foreign: true, profile: 'own', configChecked: false, kernelArgs: [], ...more });
  const { version: _none, ...rest } = foreign;
  const fleet = told(
    [0, armed('reinstall', { plan: rest })],
    [0, stored()],
    [10, e.discover(1)],
    [20, e.script('install')],
    [30, { ...kernel, type: 'image.requested' }],
    [31, kernel],
    [40, { type: 'http.handedOff', node: 'node-01' }],
    [3641, e.tick()],
  );
  expect(believed(fleet)).toMatchObject({
    outcome: 'expired',
    health: { is: 'late', code: 'NOT_SEEN_AGAIN', detail: expect.stringMatching(/^handed over 60 minutes ago/) },
  });
  expect(stateOf(fleet).endedJobs.at(-1)?.code).toBe('NOT_SEEN_AGAIN');
  expect(causeOf('NOT_SEEN_AGAIN')).not.toMatch(/started|configuration/);
});

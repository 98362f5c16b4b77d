import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { NodeState } from '../../src/core/node.ts';
import { failureOf } from '../../src/core/wave.ts';
import { ACTOR, apply, armed, at, fleetOf, planOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** What was noted and not sent after all spent nothing; what went out before it stays spent. */

const node = 'node-01';
const SPEC = specOf(node);
const mac = SPEC.identity.macs[0] ?? '';
const OWN = planOf('reinstall', { foreign: true, profile: 'own', templateHash: 'b'.repeat(64), kernelArgs: [] });
const { templateHash: _own, ...FOREIGN } = OWN;
const ipxe: EventBody = { type: 'dhcp.ipxeAsked', node, mac, address: '10.77.0.1', xid: 5 };

const script = (answer: 'install' | 'wipe'): EventBody => ({
  type: 'http.scriptAsked',
  node,
  mac,
  address: '10.77.0.1',
  answer,
  reason: 'r',
  job: 'job-1',
  hardware: {},
});
const withheld = (seconds: number, change: Partial<Extract<EventBody, { type: 'http.answerWithheld' }>> = {}) =>
  ({
    type: 'http.answerWithheld',
    node,
    job: 'job-1',
    what: 'script',
    askedAt: at(seconds),
    reason: 'why',
    ...change,
  }) as const;
const kernel: EventBody = { type: 'image.requested', node, image: 'kernel', totalBytes: 9 };

const machine = (plan: typeof OWN | typeof FOREIGN | undefined, ...events: readonly Timed[]): NodeState =>
  stateOf(
    apply(
      fleetOf(SPEC),
      [1, armed('reinstall', { ...(plan === undefined ? {} : { plan }), confirmed: node })],
      [1, stored()],
      [8, ipxe],
      ...events,
    ),
  );

describe('an answer that was noted and not sent', () => {
  test.each<readonly [string, typeof OWN | undefined, 'install' | 'wipe']>([
    ['an own script spends no job', OWN, 'install'],
    ['a wipe is still to go out', undefined, 'wipe'],
    ['an install was not offered', undefined, 'install'],
  ])('%s', (_name, plan, answer) => {
    const { job } = machine(plan);
    const taken = machine(plan, [9, script(answer)], [10, withheld(9)]);
    expect(taken.job).toEqual(job);
    expect(taken.attempt?.answered).toBeUndefined();
    expect(taken.attempt?.fetchedAt).toBeUndefined();
    expect(taken.phase).toMatchObject({ is: 'script', answer: 'local', reason: 'why' });
    // It was we who spoke: nothing was heard of the machine.
    expect(taken.seen.lastAt).toBe(at(9));
    expect(taken.health).toEqual({ is: 'ok' });
  });

  test.each<readonly [string, readonly Timed[]]>([
    [
      'that went out before in this boot',
      [
        [9, script('install')],
        [10, script('install')],
        [11, withheld(10, { again: true })],
      ],
    ],
    [
      'of which another went out after it',
      [
        [9, script('install')],
        [10, script('install')],
        [11, withheld(9)],
      ],
    ],
    [
      'of another job',
      [
        [9, script('install')],
        [11, withheld(9, { job: 'job-0' })],
      ],
    ],
  ])('takes back nothing %s', (_name, events) => {
    const { job, attempt, phase } = machine(OWN, ...events);
    expect(job).toMatchObject({ spentAt: at(9), handedOver: 1, scriptOut: { at: at(9) } });
    expect([attempt?.answered, phase]).toEqual([
      'install',
      expect.objectContaining({ is: 'script', answer: 'install' }),
    ]);
  });

  test('takes back no wipe of before', () => {
    const events: readonly Timed[] = [
      [9, script('wipe')],
      [10, script('wipe')],
      [11, withheld(10, { again: true })],
    ];
    const { job, attempt } = machine(undefined, ...events);
    expect(job).toMatchObject({ wipeSentAt: at(9), wipeAttempt: 1 });
    // Its images are still those of the boot that wipes.
    expect(attempt?.answered).toBe('wipe');
  });

  test('is told as what keeps it from its job where our disk is the reason, until it gets what that is for', () => {
    const kept = machine(OWN, [9, script('install')], [10, withheld(9, { unsaved: true })]);
    expect(kept.health).toMatchObject({ is: 'stalled', code: 'NOT_NOTED', detail: 'why' });
    // It asks again in a second: its wave is not stopped for that.
    expect(failureOf(kept.health)).toBeUndefined();
    const given = machine(OWN, [9, script('install')], [10, withheld(9, { unsaved: true })], [11, script('install')]);
    expect(given.health).toEqual({ is: 'ok' });
    expect(given.job).toMatchObject({ spentAt: at(11), scriptOut: { at: at(11), lastAt: at(11) }, attempts: 1 });
  });

  test('a first image that was not sent leaves its boot as one that fetched nothing', () => {
    const events: readonly Timed[] = [
      [9, script('install')],
      [10, kernel],
    ];
    expect(machine(FOREIGN, ...events).attempt?.fetchedAt).toBe(at(10));
    const taken = machine(FOREIGN, ...events, [11, withheld(10, { what: 'image' })]);
    expect(taken.attempt?.fetchedAt).toBeUndefined();
    expect(taken.attempt?.answered).toBe('install');
    const next = machine(FOREIGN, ...events, [11, withheld(10, { what: 'image' })], [60, ipxe]);
    expect(next.job?.spentAt).toBeUndefined();
    expect(machine(FOREIGN, ...events, [60, ipxe]).job?.spentAt).toBe(at(60));
  });

  test('moves nothing of a machine whose job was cancelled meanwhile', () => {
    const cancelled: readonly Timed[] = [
      [9, script('install')],
      [10, { type: 'operator.cancelled', node, by: ACTOR }],
    ];
    const { evidence: _before, ...before } = machine(OWN, ...cancelled);
    const { evidence: _told, ...told } = machine(OWN, ...cancelled, [11, withheld(9, { unsaved: true })]);
    expect(told).toEqual(before);
  });
});

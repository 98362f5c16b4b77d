import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { unsavedText } from '../../src/core/unsaved.ts';
import { nextOfWave, waveWaits } from '../../src/core/wave.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, ACTOR as by, fleetOf, planOf, reduceAt, specOf, stateOf, stored } from './kit.ts';

/** What is ordered and not on disk yet: nothing leaves for it, and whoever was refused finds nothing armed later. */

const names = ['node-01', 'node-02'];
const two = fleetOf(...names.map((name) => specOf(name)));
const start: EventBody = {
  type: 'site.waveStarted',
  wave: 'w',
  kind: 'reinstall',
  nodes: names.map((node) => ({ node, job: `w-${node}`, plan: planOf('reinstall'), confirmed: node })),
  canary: 1,
  width: 1,
  stopAfterFailures: 1,
  savesFirst: true,
  by,
};
const saved: EventBody = { type: 'site.waveSaved', wave: 'w' };
const refused: EventBody = { type: 'site.waveRefused', wave: 'w', reason: 'no space left' };
const started = (changes: object = { endsUnsaved: true }): EventBody => ({
  type: 'engine.started',
  version: '1',
  simulated: false,
  ...changes,
});
const wave = (fleet: Fleet) => fleet.waves['w'];

describe('a wave', () => {
  test('arms nothing before it is known to be on disk, and says so', () => {
    const [fleet, effects] = reduceAt(two, 1, start);
    expect([effects, stateOf(fleet).job]).toEqual([[], undefined]);
    const open = wave(fleet);
    if (open === undefined) throw new Error('no wave');
    expect([nextOfWave(fleet, open, 2), waveWaits(fleet, open)]).toEqual([[], ['nothing starts before it is on disk']]);
    const [on, orders] = reduceAt(fleet, 2, saved);
    expect(orders).toEqual([{ type: 'job.store', node: 'node-01', job: 'w-node-01' }]);
    expect(stateOf(on).job).toMatchObject({ id: 'w-node-01', stored: false });
    expect(reduceAt(on, 3, stored('node-01', 'w-node-01'))[1].map(({ type }) => type)).toEqual(['bmc.bootFromNetwork']);
  });

  test('that was refused is over, also where a word of its saving comes late', () => {
    const fleet = apply(two, [1, start], [2, refused], [3, saved], [4, { type: 'site.waveResumed', wave: 'w', by }]);
    expect(wave(fleet)).toMatchObject({ state: 'cancelled', why: 'it could not be stored: no space left' });
    expect([stateOf(fleet).job, unsavedText(fleet)]).toEqual([undefined, undefined]);
  });

  test('orders each later machine only when what armed that is on disk', () => {
    const e = bodiesOf('node-01');
    let fleet = apply(two, [1, start], [2, saved], [3, stored('node-01', 'w-node-01')]);
    fleet = apply(fleet, [10, e.script('install', 'w-node-01')], [11, e.phase('install')], [12, e.up()]);
    const [after, effects] = reduceAt(fleet, 13, e.stage('running'));
    expect(stateOf(after, 'node-02').job).toMatchObject({ id: 'w-node-02', stored: false });
    expect(effects.filter(({ node }) => node === 'node-02')).toEqual([
      { type: 'job.store', node: 'node-02', job: 'w-node-02' },
    ]);
  });

  test('that nobody was told of when the program ended is ended by the next start; one that was goes on when resumed', () => {
    const open = apply(two, [1, start]);
    expect(unsavedText(open)).toContain('wave w (reinstall of 2)');
    const next = apply(open, [9, started()], [10, { type: 'site.waveResumed', wave: 'w', by }]);
    expect([wave(next)?.state, stateOf(next).job]).toEqual(['cancelled', undefined]);
    const known = apply(two, [1, start], [2, saved]);
    expect(unsavedText(known)).toBeUndefined();
    expect([wave(apply(known, [9, started()]))?.state, stateOf(apply(known, [9, started()])).job?.stored]).toEqual([
      'paused',
      true,
    ]);
  });
});

describe('one machine', () => {
  test('that was refused has no job; where it was taken for stored, what its BMC may have been told is taken back', () => {
    const fleet = apply(two, [1, armed('reinstall')]);
    const refusal: EventBody = { type: 'job.refused', node: 'node-01', job: 'job-1', reason: 'x' };
    const over = ['probe.stop', 'job.ended'];
    const cases: readonly (readonly [Fleet, readonly string[]])[] = [
      [fleet, over],
      [apply(fleet, [2, stored()]), ['bmc.clearOverride', ...over]],
    ];
    for (const [now, want] of cases) {
      const [after, effects] = reduceAt(now, 3, refusal);
      expect(stateOf(after).job).toBeUndefined();
      expect(effects.map(({ type }) => type)).toEqual(want);
    }
    expect(stateOf(apply(fleet, [2, { ...refusal, job: 'job-0' }])).job?.id).toBe('job-1');
  });

  test('whose arming reached the disk though it was refused is not armed by the next start, which says so', () => {
    const fleet = apply(two, [1, armed('reinstall', { savesFirst: true })]);
    expect(unsavedText(fleet)).toBe(
      'ordered in the run before, and refused there or never answered: reinstall of node-01; nothing of that went out, and nothing of it is armed',
    );
    const [next, effects] = reduceAt(fleet, 9, started());
    expect([stateOf(next).job, stateOf(next).phase.is, effects]).toEqual([undefined, 'idle', []]);
    expect(stateOf(next).evidence.at(-1)?.text).toContain('it is not armed');
    // Older versions took it for armed, and their journals replay so.
    expect(stateOf(apply(fleet, [9, started({})])).job?.stored).toBe(true);
    const known = apply(fleet, [2, stored()]);
    expect([unsavedText(known), stateOf(apply(known, [9, started()])).job?.id]).toEqual([undefined, 'job-1']);
  });

  test('that an older version told to be armed, before it said that this is stored, stays armed', () => {
    const fleet = apply(two, [1, armed('reinstall')]);
    const next = apply(fleet, [9, started()]);
    expect([unsavedText(fleet), stateOf(next).job?.id, stateOf(next).job?.stored]).toEqual([undefined, 'job-1', true]);
  });
});

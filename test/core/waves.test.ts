import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { nodesOf } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import { viewWave } from '../../src/core/wave.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, fleetOf, planOf, reduceAt, specOf, stateOf, type Timed } from './kit.ts';

/** Many machines, a few at a time. */

const names = ['node-01', 'node-02', 'node-03', 'node-04', 'node-05'];
const by = ACTOR;

function start(
  changes: Partial<{ canary: number; width: number; stopAfterFailures: number; kind: JobKind }> = {},
): EventBody {
  const kind = changes.kind ?? 'install';
  const nodes = names.map((node, index) => ({ node, job: `w-${index + 1}`, plan: planOf(kind), confirmed: node }));
  return {
    type: 'site.waveStarted',
    wave: 'w',
    canary: 1,
    width: 2,
    stopAfterFailures: 2,
    by,
    ...changes,
    kind,
    nodes,
  };
}

const workers = fleetOf(...names.map((name) => specOf(name)));
const running = (fleet: Fleet): string =>
  nodesOf(fleet)
    .filter((node) => node.job !== undefined)
    .map((node) => node.name.slice(-1))
    .join('');
const wave = (fleet: Fleet) => fleet.waves['w'];

/** The whole install of one machine, as far as the wave is concerned. */
function done(name: string, from: number): readonly Timed[] {
  const e = bodiesOf(name);
  const job = `w-${Number(name.slice(-1))}`;
  return [
    [from, e.script('install', job)],
    [from + 1, e.phase('install')],
    [from + 2, e.up()],
    [from + 3, e.stage('running')],
  ];
}

const failed = (name: string, from: number): Timed => {
  const job = `w-${Number(name.slice(-1))}`;
  const problem = { code: 'credentials', message: 'HTTP 401', advice: 'x' } as const;
  return [from, { type: 'bmc.failed', node: name, job, step: 'override', problem }];
};

test('the canary goes first, and then as many as the width', () => {
  let fleet = apply(workers, [1, start()]);
  expect(running(fleet)).toBe('1');
  fleet = apply(fleet, ...done('node-01', 10));
  expect(running(fleet)).toBe('23');
  fleet = apply(fleet, ...done('node-03', 20));
  expect(running(fleet)).toBe('24');
  fleet = apply(fleet, ...done('node-02', 30), ...done('node-04', 40), ...done('node-05', 50));
  expect(wave(fleet)?.state).toBe('done');
  expect(running(fleet)).toBe('');
});

test('machines of a wave are ordered at once: the wave itself was stored', () => {
  const [fleet, effects] = reduceAt(workers, 1, start());
  expect(effects.map((effect) => effect.type)).toEqual(['bmc.bootFromNetwork']);
  expect(stateOf(fleet).job?.stored).toBe(true);
});

test('the name of a wave that does not exist stores nothing', () => {
  const [fleet, effects] = reduceAt(workers, 1, armed('install', { wave: 'none' }));
  expect(stateOf(fleet).job?.stored).toBe(false);
  expect(effects).toEqual([]);
});

test('a canary that fails stops the wave; resumed, it goes on without it', () => {
  let fleet = apply(workers, [1, start()], failed('node-01', 5));
  expect(wave(fleet)).toMatchObject({
    state: 'stopped',
    why: 'node-01, which went first, failed; the rest is not started',
  });
  expect(running(fleet)).toBe('1');
  fleet = apply(fleet, [9, { type: 'site.waveResumed', wave: 'w', by }]);
  expect(running(fleet)).toBe('123');
});

test('too many failures stop it, whoever notices: a report or the clock', () => {
  let fleet = apply(workers, [1, start({ canary: 0, width: 3 })], failed('node-01', 5));
  expect(running(fleet)).toBe('1234');
  expect(wave(fleet)?.state).toBe('running');
  const turning: EventBody = {
    type: 'bmc.resetDone',
    node: 'node-02',
    job: 'w-2',
    action: 'cycle',
    power: 'turningOn',
    askedAt: 0,
  };
  fleet = apply(fleet, [6, turning], [200, { type: 'clock.ticked' }]);
  expect(wave(fleet)).toMatchObject({
    state: 'stopped',
    why: '2 failed: node-02 was the last; the rest is not started',
  });
  expect(running(fleet)).toBe('1234');
});

test('resumed behind failures, it stops once more where a machine is cancelled, and says so', () => {
  let fleet = apply(workers, [1, start({ canary: 0, width: 1, stopAfterFailures: 1 })], failed('node-01', 5));
  fleet = apply(fleet, [9, { type: 'site.waveResumed', wave: 'w', by }]);
  expect(running(fleet)).toBe('12');
  fleet = apply(fleet, [10, { type: 'operator.cancelled', node: 'node-02', by }]);
  expect(wave(fleet)).toMatchObject({
    state: 'stopped',
    why: '1 failed, and node-02 was cancelled; the rest is not started',
  });
});

test('a wave whose machines have all begun is not stopped any more: nothing would be spared', () => {
  let fleet = apply(workers, [1, start({ canary: 0, width: 9 })], failed('node-01', 5));
  expect(running(fleet)).toBe('12345');
  expect(wave(fleet)?.state).toBe('running');
  fleet = apply(fleet, [6, { type: 'operator.cancelled', node: 'node-02', by }]);
  const view = wave(fleet);
  expect(view === undefined ? undefined : viewWave(view)).toMatchObject({
    done: 0,
    failed: 1,
    cancelled: 1,
    waiting: [],
  });
  expect(view?.state).toBe('running');
});

test('a machine that failed and came up after all is done', () => {
  const fleet = apply(workers, [1, start({ canary: 0 })], failed('node-01', 5), ...done('node-01', 10));
  expect(wave(fleet)?.ended['node-01']?.outcome).toBe('done');
});

test('a conflict counts as a failure', () => {
  const identity = { vendor: 'x', serial: 'OTHER', macs: [], drives: [], bootTargets: [], canInsertMedia: false };
  const fleet = apply(workers, [1, start()], [5, { type: 'bmc.identityRead', node: 'node-01', identity }]);
  expect(wave(fleet)).toMatchObject({
    state: 'stopped',
    ended: { 'node-01': { outcome: 'failed', code: 'IDENTITY_CONFLICT' } },
  });
});

test('an expired job counts as a failure', () => {
  const fleet = apply(workers, [1, start()], [1900, { type: 'clock.ticked' }]);
  expect(wave(fleet)).toMatchObject({
    state: 'stopped',
    ended: { 'node-01': { outcome: 'expired', code: 'JOB_EXPIRED' } },
  });
});

test('paused it starts nothing new, resumed it does', () => {
  let fleet = apply(workers, [1, start()], [2, { type: 'site.wavePaused', wave: 'w', by }], ...done('node-01', 10));
  expect(running(fleet)).toBe('');
  fleet = apply(fleet, [20, { type: 'site.waveResumed', wave: 'w', by }]);
  expect(running(fleet)).toBe('23');
});

test('cancelled it starts nothing any more, and what runs goes on', () => {
  const fleet = apply(
    workers,
    [1, start({ canary: 0 })],
    [2, { type: 'site.waveCancelled', wave: 'w', by }],
    ...done('node-01', 10),
  );
  expect(running(fleet)).toBe('2');
  expect(apply(fleet, [30, { type: 'site.waveResumed', wave: 'w', by }]).waves['w']?.state).toBe('cancelled');
});

test('a machine that cannot be armed is passed over, and comes when it can', () => {
  let fleet = apply(
    workers,
    [0, { type: 'operator.held', node: 'node-02', why: 'burnt', by }],
    [1, start({ canary: 0 })],
  );
  expect(running(fleet)).toBe('13');
  fleet = apply(
    fleet,
    ...done('node-01', 10),
    [20, { type: 'operator.released', node: 'node-02', by }],
    ...done('node-03', 30),
  );
  expect(running(fleet)).toBe('24');
});

test('two control-plane nodes of a cluster are never written together, not even with one armed by hand', () => {
  const control = fleetOf(...names.map((name, index) => specOf(name, { role: index < 3 ? 'controlplane' : 'worker' })));
  let fleet = apply(control, [1, start({ canary: 0, width: 5 })]);
  expect(running(fleet)).toBe('145');
  fleet = apply(fleet, ...done('node-01', 10));
  expect(running(fleet)).toBe('245');
  const byHand = apply(
    control,
    [0, armed('reinstall', { node: 'node-03', job: 'hand' })],
    [1, start({ canary: 0, width: 5 })],
  );
  expect(running(byHand)).toBe('345');
});

describe('what never arms', () => {
  test('a restart: the wave waits until it is resumed', () => {
    let fleet = apply(workers, [1, start()], ...done('node-01', 10).slice(0, 3), [
      20,
      { type: 'engine.started', version: '1', simulated: true },
    ]);
    expect(wave(fleet)).toMatchObject({ state: 'paused', why: 'the program was restarted; resume the wave to go on' });
    fleet = apply(fleet, [30, bodiesOf('node-01').stage('running')]);
    expect(running(fleet)).toBe('');
    expect(running(apply(fleet, [40, { type: 'site.waveResumed', wave: 'w', by }]))).toBe('23');
  });

  test('the end of PANIC: the wave waits until it is resumed', () => {
    const panic = (on: boolean): EventBody => ({ type: 'site.panicSwitched', on, by });
    const fleet = apply(workers, [1, start()], [2, panic(true)], ...done('node-01', 10), [20, panic(false)]);
    expect(wave(fleet)).toMatchObject({ state: 'paused', why: expect.stringContaining('the panic key was pressed') });
    expect(running(fleet)).toBe('');
    expect(running(apply(fleet, [40, { type: 'site.waveResumed', wave: 'w', by }]))).toBe('23');
  });

  test('a restart that finds a job expired tells its wave', () => {
    const fleet = apply(workers, [1, start()], [2000, { type: 'engine.started', version: '1', simulated: true }]);
    expect(wave(fleet)?.ended['node-01']?.outcome).toBe('expired');
  });

  test('a store that fails', () => {
    const fleet = apply(workers, [0, { type: 'store.failed', reason: 'disk full' }], [1, start()]);
    expect(running(fleet)).toBe('');
    expect(running(apply(fleet, [5, { type: 'store.recovered' }]))).toBe('1');
  });

  test('a reload: a machine that left is out of the wave, one whose identity changed too', () => {
    const specs = names
      .slice(1)
      .map((name) => specOf(name, name === 'node-02' ? { identity: { macs: ['52:54:00:77:77:77'] } } : {}));
    const loaded: EventBody = { type: 'inventory.loaded', nodes: specs, site: 'lab', hash: 'x', warnings: [] };
    const fleet = apply(workers, [1, start({ canary: 0 })], [5, loaded]);
    expect(running(fleet)).toBe('');
    expect(wave(fleet)?.ended).toMatchObject({
      'node-01': { outcome: 'cancelled' },
      'node-02': { outcome: 'cancelled', code: 'PLAN_CHANGED' },
    });
  });
});

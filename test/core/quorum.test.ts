import { describe, expect, test } from 'vitest';
import { otherControlPlane } from '../../src/core/arm-node.ts';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, nodesOf, putNode } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { JobKind } from '../../src/core/job.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { waveWaits } from '../../src/core/wave.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, fleetOf, planOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** Of a cluster's control-plane nodes one at a time stands without its system, whatever became of the job that erased it. */

const names = ['node-01', 'node-02', 'node-03'] as const;
const specs = names.map((name) => specOf(name, { role: 'controlplane' }));
const rack = fleetOf(...specs);
const by = ACTOR;

function start(kind: JobKind = 'reinstall', changes: object = { waitsForErased: true }): Timed {
  const nodes = names.map((node, at) => ({ node, job: `w-${at + 1}`, plan: planOf(kind), confirmed: node }));
  return [
    1,
    {
      type: 'site.waveStarted',
      wave: 'w',
      kind,
      nodes,
      canary: 0,
      width: 1,
      stopAfterFailures: 3,
      by,
      ...changes,
    } as EventBody,
  ];
}

const load = (seconds: number, ...nodes: readonly NodeSpec[]): Timed => [
  seconds,
  {
    type: 'inventory.loaded',
    nodes,
    site: 'lab',
    hash: 'x',
    warnings: [],
    remembers: true,
    follows: true,
    keepsOrders: true,
  },
];
const tick = (seconds: number): Timed => [seconds, bodiesOf('node-01').tick()];
const cancel = (seconds: number, node = 'node-01'): Timed => [seconds, { type: 'operator.cancelled', node, by }];

/** Its wipe has gone out whole, and was seen. */
function wiped(node: string, job: string, from: number): readonly Timed[] {
  const e = bodiesOf(node);
  return [
    [from, e.discover(from)],
    [from + 1, e.script('wipe', job)],
    [from + 2, e.kernel()],
    [from + 3, e.initrd()],
    [from + 4, e.sent()],
    [from + 5, e.phase('wipeDisks')],
  ];
}

function installs(node: string, job: string, from: number): readonly Timed[] {
  const e = bodiesOf(node);
  return [
    [from, e.discover(from)],
    [from + 1, e.script('install', job)],
    [from + 2, e.phase('install')],
  ];
}

const fails = (node: string, from: number): readonly Timed[] => [
  [from, { type: 'talos.failed', node, message: 'exit status 1' }],
  [from + 1, bodiesOf(node).discover(from + 1)],
];

function runs(node: string, from: number): readonly Timed[] {
  const e = bodiesOf(node);
  return [
    [from, e.up()],
    [from + 1, e.stage('running')],
  ];
}

const inWave = [start(), ...wiped('node-01', 'w-1', 10)];
const failing = [...inWave, ...installs('node-01', 'w-1', 30), ...fails('node-01', 40)];
const jobs = (fleet: Fleet) => nodesOf(fleet).flatMap(({ name, job }) => (job === undefined ? [] : [name]));
const waits = (fleet: Fleet) => waveWaits(fleet, fleet.waves['w'] as never);

describe('a wave goes on to no other one while one stands erased', () => {
  test.each<readonly [string, readonly Timed[]]>([
    ['its installation failed', failing],
    ['its job was cancelled', [...inWave, cancel(20)]],
    ['its file is gone', [...inWave, load(20, ...specs.slice(1)), tick(25)]],
    [
      'its file is gone after its installation failed',
      [...failing, load(50, ...specs.slice(1)), tick(55), load(60, ...specs.slice(1)), tick(65)],
    ],
  ])('%s', (_, events) => {
    const fleet = apply(rack, ...events);
    expect(jobs(fleet)).toEqual([]);
    expect(fleet.waves['w']?.state).toBe('running');
    expect(waits(fleet)).toEqual([
      expect.stringMatching(
        /^2 wait for node-01, another control-plane node of prod: an order erased its disk, or may have, and no system was seen to run from it since.*reinstall node-01.*`crashcart wave cancel w`/,
      ),
    ]);
    const saved = parseFleet(JSON.parse(fleetText(fleet)));
    expect(saved.ok && jobs(apply(saved.value, tick(100)))).toEqual([]);
  });

  test('until it was installed by an order for itself', () => {
    const again = apply(rack, ...failing, [60, armed('reinstall', { job: 'again' })], [60, stored('node-01', 'again')]);
    expect(jobs(again)).toEqual(['node-01']);
    expect(waits(again)).toEqual(['2 wait for another control-plane node of prod']);
    const there = apply(again, ...wiped('node-01', 'again', 70), ...installs('node-01', 'again', 80));
    expect(jobs(apply(there, ...runs('node-01', 90)))).toEqual(['node-02']);
  });

  test('and an installation of it that fails again leaves it so', () => {
    const again = apply(
      rack,
      ...failing,
      [60, armed('install', { job: 'again' })],
      [60, stored('node-01', 'again')],
      ...installs('node-01', 'again', 70),
      ...fails('node-01', 80),
    );
    expect(jobs(again)).toEqual([]);
  });

  test('until a system runs from its disk after all', () => {
    expect(jobs(apply(rack, ...inWave, cancel(20), ...runs('node-01', 30), tick(40)))).toEqual(['node-02']);
  });

  test('that left, until another one is installed in its place', () => {
    const four = specOf('node-04', { role: 'controlplane' });
    const gone = apply(rack, ...inWave, load(20, ...specs.slice(1), four), tick(25));
    expect(jobs(gone)).toEqual([]);
    expect(otherControlPlane(gone, stateOf(gone, 'node-04'), 'install')).toBeUndefined();
    const added = apply(
      gone,
      [30, armed('install', { node: 'node-04', job: 'new' })],
      [30, stored('node-04', 'new')],
      ...installs('node-04', 'new', 40),
    );
    expect(jobs(added)).toEqual(['node-04']);
    expect(jobs(apply(added, ...runs('node-04', 50)))).toEqual(['node-02']);
  });

  test('unless they may go together', () => {
    const fleet = apply(rack, start('reinstall', { waitsForErased: true, together: true }), ...failing.slice(1));
    expect(jobs(fleet)).toEqual(['node-02']);
  });
});

test('a first installation that fails stops no other one', () => {
  const fleet = apply(rack, start('install'), ...installs('node-01', 'w-1', 10), ...fails('node-01', 20));
  expect(jobs(fleet)).toEqual(['node-02']);
  const cancelled = apply(rack, start('install'), ...installs('node-01', 'w-1', 10), cancel(20));
  expect(jobs(cancelled)).toEqual(['node-02']);
});

describe('an order for one of them, while another one stands erased', () => {
  const wipedOne: readonly Timed[] = [
    [1, armed('wipe')],
    [1, stored()],
    ...wiped('node-01', 'job-1', 10),
    [20, bodiesOf('node-01').discover(20)],
  ];
  const fleet = apply(rack, ...wipedOne);
  const other = (kind: JobKind, name = 'node-02', now = fleet) => otherControlPlane(now, stateOf(now, name), kind);

  test('by a wipe that was done', () => {
    expect(stateOf(fleet).endedJobs.at(-1)?.outcome).toBe('done');
    expect(other('reinstall')).toEqual({ name: 'node-01', is: 'erased' });
    expect(other('wipe')).toEqual({ name: 'node-01', is: 'erased' });
  });

  test('is another thing where it takes no member away', () => {
    expect(other('install')).toBeUndefined();
    expect(other('reinstall', 'node-01')).toBeUndefined();
    const running = apply(fleet, ...runs('node-02', 30));
    expect(other('install', 'node-02', running)).toEqual({ name: 'node-01', is: 'erased' });
  });

  test('and of two that stand erased each may be installed', () => {
    const both = apply(
      fleet,
      [30, armed('wipe', { node: 'node-02' })],
      [30, stored('node-02')],
      ...wiped('node-02', 'job-1', 40),
      [50, bodiesOf('node-02').discover(50)],
    );
    expect(other('reinstall', 'node-01', both)).toBeUndefined();
    expect(other('reinstall', 'node-02', both)).toBeUndefined();
    expect(other('reinstall', 'node-03', both)).toEqual({ name: 'node-01', is: 'erased' });
  });

  test('by a reset that may have gone out, until it is known that it did not', () => {
    const plan = planOf('reinstall', { resetFirst: true });
    const begun = apply(rack, ...runs('node-01', 1), [5, armed('reinstall', { plan })], [6, stored()], cancel(7));
    expect(other('reinstall', 'node-02', begun)).toEqual({ name: 'node-01', is: 'erased' });
    const unsent = apply(begun, [8, { type: 'talos.resetEnded', node: 'node-01', job: 'job-1', problem: 'no' }]);
    expect(other('reinstall', 'node-02', unsent)).toBeUndefined();
  });

  test('a worker is no member', () => {
    const workers = apply(fleetOf(specOf('node-01'), ...specs.slice(1)), ...wipedOne);
    expect(stateOf(workers).erased).toBeUndefined();
    expect(other('reinstall', 'node-02', workers)).toBeUndefined();
  });
});

describe('a wave of an older version', () => {
  const old = apply(rack, start('reinstall', {}), ...failing.slice(1));

  test('replays as it went: who was armed by it is not armed once more', () => {
    expect(jobs(old)).toEqual(['node-02']);
  });

  test('waits for whoever stands erased as soon as it is resumed', () => {
    const at = apply(old, [60, { type: 'site.wavePaused', wave: 'w', by }], cancel(61, 'node-02'));
    const resume: EventBody = { type: 'site.waveResumed', wave: 'w', by };
    expect(jobs(apply(at, [70, resume]))).toEqual(['node-03']);
    expect(jobs(apply(at, [70, { ...resume, waitsForErased: true }]))).toEqual([]);
  });

  test('has what was doubted alone in its snapshots', () => {
    const now = apply(rack, ...inWave, cancel(20));
    const { erased: _none, ...before } = stateOf(now);
    expect(before.diskDoubt?.kind).toBe('reinstall');
    expect(jobs(apply(putNode(now, before), tick(30)))).toEqual([]);
  });
});

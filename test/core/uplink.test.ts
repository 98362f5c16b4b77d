import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { type Fleet, nodesOf } from '../../src/core/fleet.ts';
import type { UplinkSpec } from '../../src/core/spec.ts';
import { waveWaits } from '../../src/core/wave.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, fleetOf, planOf, specOf, stateOf, type Timed } from './kit.ts';

/** A wave boots no more machines at a time than the way to them feeds. */

const by = ACTOR;
const names = ['node-01', 'node-02', 'node-03', 'node-04', 'node-05', 'node-06'];
/** The last three stand in another rack. */
const specs = names.map((name, index) => specOf(name, { place: { rack: index < 3 ? 'r1' : 'r2', height: 1 } }));

const load = (uplink: UplinkSpec | undefined, seconds = 0): Timed => [
  seconds,
  {
    type: 'inventory.loaded',
    nodes: specs,
    site: 'lab',
    hash: 'u',
    warnings: [],
    ...(uplink === undefined ? {} : { uplink }),
  },
];
const start = (width = 6): EventBody => ({
  type: 'site.waveStarted',
  wave: 'w',
  kind: 'install',
  nodes: names.map((node, index) => ({ node, job: `w-${index + 1}`, plan: planOf('install') })),
  canary: 0,
  width,
  stopAfterFailures: 9,
  by,
});
const running = (fleet: Fleet): string =>
  nodesOf(fleet)
    .filter((node) => node.job !== undefined)
    .map((node) => node.name.slice(-1))
    .join('');
const waits = (fleet: Fleet) => {
  const wave = fleet.waves['w'];
  return wave === undefined ? [] : waveWaits(fleet, wave);
};

/** Its images are here: it needs the way no more. */
function fetched(name: string, from: number): readonly Timed[] {
  const e = bodiesOf(name);
  return [
    [from, e.script('install', `w-${Number(name.slice(-1))}`)],
    [from + 1, e.initrd()],
    [from + 2, { type: 'image.sent', node: name, image: 'initrd', totalBytes: 1000 }],
  ];
}

describe('a declared uplink', () => {
  test.each([
    ['is no limit where there is none', undefined, '123456'],
    ['of the site bounds the wave', { site: 200e6, racks: {} }, '12'],
    ['of each rack bounds what boots in it', { rack: 100e6, racks: {} }, '14'],
    ['of a rack that is named goes before', { rack: 100e6, racks: { r2: 200e6 } }, '145'],
    ['feeds one machine, however thin it is', { site: 1e6, racks: {} }, '1'],
    ['and the site bound together', { site: 300e6, rack: 200e6, racks: {} }, '124'],
  ] as const)('%s', (_, uplink, expected) => {
    expect(running(apply(fleetOf(...specs), load(uplink), [1, start()]))).toBe(expected);
  });

  test('never lets more boot than the width', () => {
    expect(running(apply(fleetOf(...specs), load({ site: 10e9, racks: {} }), [1, start(2)]))).toBe('12');
  });

  test('is free for the next as soon as the images are out, long before the job ends', () => {
    let fleet = apply(fleetOf(...specs), load({ site: 100e6, racks: {} }), [1, start()]);
    expect(running(fleet)).toBe('1');
    expect(waits(fleet)).toEqual(['5 wait for the uplink (100 Mbit/s: 1 boots at a time)']);
    fleet = apply(fleet, ...fetched('node-01', 10), [14, { type: 'clock.ticked' }]);
    expect(running(fleet)).toBe('12');
  });

  const erase = (): EventBody => ({
    type: 'site.waveStarted',
    wave: 'w',
    kind: 'reinstall',
    nodes: names.map((node, index) => ({ node, job: `w-${index + 1}`, plan: planOf('reinstall'), confirmed: node })),
    canary: 0,
    width: 6,
    stopAfterFailures: 9,
    by,
  });
  const fetchedFor = (answer: 'wipe' | 'install', xid: number, from: number): readonly Timed[] => {
    const e = bodiesOf('node-01');
    return [
      [from, e.discover(xid)],
      [from + 1, e.script(answer, 'w-1')],
      [from + 2, e.initrd()],
      [from + 3, { type: 'image.sent', node: 'node-01', image: 'initrd', totalBytes: 1000 }],
    ];
  };

  test('is kept for the second download of a machine that is wiped first', () => {
    const e = bodiesOf('node-01');
    const seen: string[] = [];
    let fleet = apply(fleetOf(...specs), load({ site: 100e6, racks: {} }), [1, erase()]);
    const then = (...events: readonly Timed[]) => {
      fleet = apply(fleet, ...events);
      seen.push(`${stateOf(fleet).phase.is} ${running(fleet)}`);
    };
    then(...fetchedFor('wipe', 1, 10));
    then([20, e.up()]);
    then([30, e.phase('wipeDisks')]);
    then([60, e.stage('rebooting')]);
    then([100, e.discover(2)]);
    then(...fetchedFor('install', 2, 101), [105, { type: 'clock.ticked' }]);
    expect(seen).toEqual(['handoff 1', 'up 1', 'wiping 1', 'rebooting 1', 'firmware 1', 'handoff 12']);
  });

  test('is not wanted by a machine whose disk is written already, whatever it asks for', () => {
    const e = bodiesOf('node-01');
    const begun = apply(
      fleetOf(...specs),
      load({ site: 100e6, racks: {} }),
      [1, start()],
      ...fetched('node-01', 10),
      [14, { type: 'clock.ticked' }],
      [20, e.up()],
      [21, e.phase('install', 'install')],
      [300, e.discover(9)],
      [301, { type: 'operator.cancelled', node: 'node-02', by }],
    );
    expect(stateOf(begun).phase.is).toBe('firmware');
    expect(running(begun)).toBe('13');
  });

  test('is not held by a machine that waits for a person', () => {
    const problem = { code: 'credentials', message: 'HTTP 401', advice: 'x' } as const;
    const failed: Timed = [5, { type: 'bmc.failed', node: 'node-01', job: 'w-1', step: 'override', problem }];
    const fleet = apply(fleetOf(...specs), load({ site: 100e6, racks: {} }), [1, start()], failed);
    expect(running(fleet)).toBe('12');
  });

  test('is taken from the inventory as it is now', () => {
    const fleet = apply(fleetOf(...specs), load({ site: 100e6, racks: {} }), [1, start()], load(undefined, 5), [
      6,
      { type: 'clock.ticked' },
    ]);
    expect(running(fleet)).toBe('123456');
  });
});

describe('a link that is measured', () => {
  const loading = (name: string, from: number, bytesPerSecond: number): readonly Timed[] => [
    [from, bodiesOf(name).script('install', `w-${Number(name.slice(-1))}`)],
    [from + 1, { type: 'image.requested', node: name, image: 'initrd', totalBytes: 90e6 }],
    [
      from + 2,
      { type: 'image.progressed', node: name, image: 'initrd', sentBytes: 9e6, totalBytes: 90e6, bytesPerSecond },
    ],
  ];
  const four = (bytesPerSecond: number) =>
    ['node-01', 'node-02', 'node-03', 'node-04'].flatMap((name) => loading(name, 10, bytesPerSecond));
  // One of the four ends, which makes room by the width.
  const room: Timed = [13, { type: 'operator.cancelled', node: 'node-06', by }];

  test.each([
    ['full: nothing more starts, and it is said', 0.8e6, '1234', ['the downloads that run: 4 get 0.8 MB/s each']],
    ['free: the wave goes on', 40e6, '123456', []],
  ] as const)('%s', (_, rate, expected, said) => {
    // Two were on hold when the wave began.
    const held: readonly Timed[] = ['node-05', 'node-06'].map((node) => [
      0,
      { type: 'operator.held', node, why: 'x', by },
    ]);
    const freed: readonly Timed[] = ['node-05', 'node-06'].map((node) => [13, { type: 'operator.released', node, by }]);
    const fleet = apply(fleetOf(...specs), load(undefined), ...held, [1, start()], ...four(rate), ...freed);
    expect(running(fleet)).toBe(expected);
    expect(waits(fleet)).toEqual(said.map((why) => `2 wait for ${why}`));
  });

  test('by three machines alone proves nothing: they may have old cards', () => {
    const fleet = apply(fleetOf(...specs), load(undefined), [1, start(3)], ...four(0.1e6).slice(0, 9), room);
    expect(waits(fleet)).toEqual([]);
  });

  test('long ago counts no more', () => {
    const held: readonly Timed[] = ['node-05', 'node-06'].map((node) => [
      0,
      { type: 'operator.held', node, why: 'x', by },
    ]);
    const fleet = apply(fleetOf(...specs), load(undefined), ...held, [1, start()], ...four(0.8e6), [
      40,
      { type: 'operator.released', node: 'node-05', by },
    ]);
    expect(running(fleet)).toBe('12345');
  });
});

test('what a wave waits for is told: quorums, and machines that cannot start', () => {
  const control = specs.map((spec) => (spec.name < 'node-03' ? { ...spec, role: 'controlplane' } : spec));
  const fleet = apply(
    fleetOf(...control),
    [0, { type: 'operator.held', node: 'node-06', why: 'burnt', by }],
    [1, start()],
  );
  expect(running(fleet)).toBe('1345');
  expect(waits(fleet)).toEqual(['node-02 waits for another control-plane node of prod', 'node-06 is on hold: burnt']);
});

test('told so, control-plane nodes of one cluster go together', () => {
  const control = specs.map((spec) => ({ ...spec, role: 'controlplane' }));
  expect(running(apply(fleetOf(...control), [1, start()]))).toBe('1');
  expect(running(apply(fleetOf(...control), [1, { ...start(), together: true } as EventBody]))).toBe('123456');
});

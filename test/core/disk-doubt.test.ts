import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { diskDoubtText, endingDoubt } from '../../src/core/disk-doubt.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { orderMachines } from '../../src/engine/act-machines.ts';
import { reasonOf } from '../../src/ui/select/node-look.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, planOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** What had gone out when a job was ended goes on by itself: whoever ends it is told, and the machine says so after it. */

const node = 'node-01';
const e = bodiesOf(node);
const image = (type: 'image.requested' | 'image.sent', which: 'kernel' | 'initrd'): EventBody => ({
  type,
  node,
  image: which,
  totalBytes: 9,
});
const beacon: EventBody = { type: 'http.handedOff', node };
const config: EventBody = { type: 'http.configServed', node, job: 'job-1', configHash: 'config-1' };
const cancelled: EventBody = { type: 'operator.cancelled', node, by: ACTOR };
const held: EventBody = { type: 'operator.held', node, why: 'x', by: ACTOR };

const arm = (kind: 'install' | 'reinstall' | 'wipe', change: Parameters<typeof planOf>[1] = {}): readonly Timed[] => [
  [0, armed(kind, { plan: planOf(kind, change), letsEnd: true })],
  [0, stored()],
  [5, e.discover(1)],
];
const script = (answer: 'install' | 'wipe'): readonly Timed[] => [[10, e.script(answer)]];
const kernel: readonly Timed[] = [
  [11, image('image.requested', 'kernel')],
  [12, image('image.sent', 'kernel')],
];
const images: readonly Timed[] = [
  ...kernel,
  [13, image('image.requested', 'initrd')],
  [14, image('image.sent', 'initrd')],
  [15, beacon],
];
const wiping: readonly Timed[] = [...arm('reinstall'), ...script('wipe'), ...images];
const told = (...events: readonly Timed[]): Fleet => apply(fleetOf(specOf(node)), ...events);
const ERASED = 'its disk is to be taken as erased until a system is seen to run from it';
const STOP = `power it off now to stop that; ${ERASED}`;
const own = { foreign: true, profile: 'own', templateHash: 'b'.repeat(64), kernelArgs: [] } as const;
const other = { foreign: true, profile: 'debian', kernelArgs: [] } as const;

describe('who ends a job is told what goes on without it', () => {
  test.each<readonly [string, readonly Timed[], string | undefined]>([
    ['nothing was asked for yet', arm('reinstall'), undefined],
    ['an install that has its script alone', [...arm('install'), ...script('install')], undefined],
    [
      'a wipe that has its script alone',
      [...arm('reinstall'), ...script('wipe')],
      'its wipe script went out, and none of its images: nothing is erased, and they are refused from now on',
    ],
    [
      'a wipe that has no initramfs',
      [...arm('reinstall'), ...script('wipe'), ...kernel],
      'its wipe script went out, and no more of its images than the kernel: nothing is erased, and they are refused from now on',
    ],
    [
      'a wipe in the middle of its initramfs',
      [...arm('wipe'), ...script('wipe'), ...kernel, [13, image('image.requested', 'initrd')]],
      'the images of its wipe are cut off on their way: if they had reached it whole, it erases its disk; `status` says so when that is seen, and to power it off stops it',
    ],
    [
      'a wipe that has all of it',
      wiping,
      `its wipe went out whole 6 s ago: it erases its disk, or has erased it, and the machine goes on by itself: ${STOP}`,
    ],
    [
      'a wipe that was seen',
      [...wiping, [18, e.phase('wipeDisks')]],
      `its disk is being wiped, and the machine goes on by itself: ${STOP}`,
    ],
    [
      'a boot after the wipe',
      [
        ...wiping,
        [18, e.phase('wipeDisks')],
        [19, { type: 'talos.restarting', node, how: 'firmware' }],
        [60, e.discover(2)],
      ],
      `this job had its disk wiped before: ${ERASED}`,
    ],
    [
      'an install that took its configuration',
      [...arm('install'), ...script('install'), ...images, [18, config]],
      `it took its configuration 2 s ago: its disk may be written, and the machine goes on by itself: ${STOP}`,
    ],
    [
      'one whose configuration was refused',
      [
        ...arm('install'),
        ...script('install'),
        ...images,
        [18, config],
        [19, { type: 'talos.configFailed', node, message: 'bad' }],
      ],
      undefined,
    ],
    [
      'an install that began',
      [...arm('install'), ...script('install'), ...images, [18, config], [19, e.phase('install')]],
      `its disk is already being written, and the machine goes on by itself: ${STOP}`,
    ],
    [
      'an own script',
      [...arm('reinstall', own), ...script('install')],
      `its own script went out 10 s ago, and nothing was heard of it since: if it took that, its disk may be written, and the machine goes on by itself: ${STOP}`,
    ],
    [
      'another system that was handed over',
      [...arm('reinstall', other), ...script('install'), ...images],
      `its disk may be written, and the machine goes on by itself: ${STOP}`,
    ],
    [
      'another system of which only the kernel went out',
      [
        ...arm('reinstall', { ...other, initrd: { path: 'i', sha256: 'a'.repeat(64), sizeBytes: 9 } }),
        ...script('install'),
        ...kernel,
      ],
      undefined,
    ],
    [
      'an inspection, whatever it fetched',
      [[0, armed('inspect')], [0, stored()], [10, e.script('inspect')], ...images],
      undefined,
    ],
  ])('%s', (_name, events, text) => {
    const fleet = told(...events);
    const now = Math.max(20, (fleet.at - at(0)) / 1000);
    expect(endingDoubt(stateOf(fleet), at(now))).toBe(text);
  });

  test('Talos that was told to reset itself', () => {
    const runs: Timed = [0, { type: 'talos.stageChanged', node, stage: 'running', ready: true, unmet: [] }];
    const reset = told(
      runs,
      [1, armed('reinstall', { plan: planOf('reinstall', { resetFirst: true }) })],
      [1, stored()],
    );
    const ended = (more: { readonly problem?: string; readonly sent?: true }): Timed => [
      3,
      { type: 'talos.resetEnded', node, job: 'job-1', ...more },
    ];
    const MAY = `Talos on it may have been told already to reset itself, which erases its disk; ${ERASED}`;
    const TOLD = `Talos on it was told 1 s ago to reset itself, which erases its disk: ${ERASED}`;
    expect(endingDoubt(stateOf(reset), at(4))).toBe(MAY);
    expect(endingDoubt(stateOf(apply(reset, ended({}))), at(4))).toBe(TOLD);
    expect(endingDoubt(stateOf(apply(reset, ended({ problem: 'no answer', sent: true }))), at(4))).toBe(TOLD);
    expect(endingDoubt(stateOf(apply(reset, ended({ problem: 'refused' }))), at(4))).toBeUndefined();
    const gone = apply(reset, [2, cancelled]);
    expect(diskDoubtText(stateOf(gone))).toContain('when its Talos may have been told to reset itself: ');
    expect(diskDoubtText(stateOf(apply(gone, ended({}))))).toContain('when its Talos had been told to reset itself: ');
    expect(diskDoubtText(stateOf(apply(gone, ended({ problem: 'not armed any more' }))))).toBeUndefined();
  });
});

describe('the machine says so after it', () => {
  const NOTE = `its reinstall job was ended when its wipe had gone out whole: ${ERASED}`;
  const row = (fleet: Fleet) => toRow(stateOf(fleet), { fleet, nowMs: fleet.at });

  test.each([
    ['cancelled', cancelled, /node-01 .* disk\? .*its reinstall job was ended/],
    ['held', held, /node-01 .* on hold .*on hold by ada: x; its reinstall job was ended/],
    ['protected', { type: 'operator.protected', node, by: ACTOR } as const, /its reinstall job .*; protected by ada/],
  ])('%s', (_how, event, line) => {
    const fleet = told(...wiping, [20, event]);
    expect(row(fleet).diskDoubt).toBe(`${NOTE}; to power it off stops what it still does`);
    expect(renderRows([row(fleet)])).toMatch(line);
    expect(reasonOf(stateOf(fleet))).toContain(NOTE);
    // In its next boot there is nothing of that to stop any more.
    expect(row(apply(fleet, [60, e.discover(2)], [61, e.script('local')])).diskDoubt).toBe(NOTE);
  });

  test('beside what else is wrong with it: it misses its disk, or was not heard of since a start', () => {
    const again = [60, 90, 120].map((seconds, index): Timed => [seconds, e.discover(2 + index)]);
    const asks = again.flatMap(([seconds, body]): readonly Timed[] => [
      [seconds, body],
      [seconds + 1, e.script('local')],
    ]);
    const missed = stateOf(told(...wiping, [20, cancelled], ...asks));
    expect([missed.health.is, reasonOf(missed)]).toEqual(['stalled', expect.stringContaining(NOTE)]);
    const started = stateOf(told(...wiping, [20, cancelled], [9000, e.startEngine()]));
    expect(reasonOf(started)).toMatch(/^not heard of since the program restarted; its reinstall job was ended/);
  });

  test('until a system runs from that disk', () => {
    const fleet = told(
      ...wiping,
      [20, cancelled],
      [60, e.discover(2)],
      [61, e.script('local')],
      [90, e.stage('running')],
    );
    expect(diskDoubtText(stateOf(fleet))).toBeUndefined();
    expect(diskDoubtText(stateOf(apply(fleet, [200, e.discover(3)])))).toBeUndefined();
  });

  test('over another job that came to nothing, and not beside one that is open', () => {
    const again = told(
      ...wiping,
      [20, cancelled],
      [30, armed('install', { job: 'job-2' })],
      [30, stored(node, 'job-2')],
    );
    expect(diskDoubtText(stateOf(again))).toBeUndefined();
    expect(diskDoubtText(stateOf(apply(again, [40, cancelled])))).toBe(NOTE);
  });

  test('where its images came through all the same, and not where they were cut off', () => {
    const cut = told(
      ...arm('wipe'),
      ...script('wipe'),
      ...kernel,
      [13, image('image.requested', 'initrd')],
      [14, cancelled],
    );
    expect(diskDoubtText(stateOf(cut))).toBeUndefined();
    expect(diskDoubtText(stateOf(apply(cut, [14, image('image.sent', 'initrd')])))).toMatch(/^its wipe job was ended/);
  });

  test('also when its file comes and goes', () => {
    const load = (...names: readonly string[]): EventBody => {
      const nodes = names.map((name) => specOf(name));
      return { type: 'inventory.loaded', nodes, site: 'lab', hash: 'h', warnings: [], remembers: true };
    };
    const back = told(...wiping, [20, cancelled], [30, load('node-02')], [40, load(node, 'node-02')]);
    expect(diskDoubtText(stateOf(back))).toContain(NOTE);
    const taken = told(...wiping, [30, load('node-02')], [40, load(node, 'node-02')]);
    expect(reasonOf(stateOf(taken))).toMatch(
      /^its reinstall job was ended: its file was gone .*; its reinstall job was ended when/,
    );
  });

  test('where another system was cut off on its way, of which nothing more would be heard', () => {
    const fleet = told(
      ...arm('reinstall', other),
      ...script('install'),
      [11, image('image.requested', 'kernel')],
      [12, cancelled],
    );
    expect(diskDoubtText(stateOf(fleet))).toMatch(
      /^its reinstall job was ended when a system that writes its disk was on its way to it: /,
    );
  });

  test('and not where nothing of it can write', () => {
    expect(stateOf(told(...arm('reinstall'), ...script('wipe'), ...kernel, [20, cancelled])).diskDoubt).toBeUndefined();
  });
});

describe('a job that ends by itself says it with how it ended', () => {
  test('expired after its wipe, and before its machine came back', () => {
    const events: readonly Timed[] = [
      [0, armed('reinstall', { plan: planOf('reinstall'), letsEnd: true })],
      [0, stored()],
      [1770, e.discover(1)],
      [1771, e.script('wipe')],
      ...images.map(([seconds, body]): Timed => [1761 + seconds, body]),
    ];
    const fleet = told(...events, [1801, e.discover(2)], [1803, e.script('local')], [1804, e.tick()]);
    const { health } = stateOf(fleet);
    expect(health).toMatchObject({
      code: 'JOB_EXPIRED',
      detail: `it came back for its next boot script 3 s after that, and was sent to its disk; its wipe had gone out whole before: ${ERASED}`,
    });
    expect(diskDoubtText(stateOf(fleet))).toBeUndefined();
    expect(diskDoubtText(stateOf(apply(fleet, [1900, { type: 'operator.released', node, by: ACTOR }])))).toContain(
      ERASED,
    );
  });

  test('out of attempts after its wipe', () => {
    const boots: Timed[] = [20, 300, 2100, 4200, 6300].map((seconds, index) => [seconds, e.discover(10 + index)]);
    const quick = armed('reinstall', { plan: planOf('reinstall'), expiresAt: at(9000) });
    const fleet = told([0, quick], [0, stored()], [5, e.discover(1)], ...script('wipe'), ...images, ...boots);
    expect(stateOf(fleet).health).toMatchObject({
      code: 'ATTEMPTS_SPENT',
      detail: `all 4 boots of this job ended before a system was installed; its wipe had gone out whole before: ${ERASED}`,
    });
  });
});

describe('where the events that told of it were lost with a full disk', () => {
  const orders = [
    { type: 'cancel', nodes: [node] },
    { type: 'hold', nodes: [node], why: 'x' },
    { type: 'protect', nodes: [node] },
  ] as const;

  test.each(orders)('the order itself tells the next start: $type', (action) => {
    const done = orderMachines(told(...wiping), at(20), action, ACTOR);
    if (!done.ok) throw new Error(done.error);
    expect(done.value.bodies).toMatchObject([{ doubt: { by: 'wipe', kind: 'reinstall' } }]);
    const ended = (...known: readonly Timed[]) =>
      stateOf(told(...known, ...done.value.bodies.map((body): Timed => [60, body])));
    const kept = ended(...arm('reinstall'), ...script('wipe'), [
      50,
      { type: 'engine.started', version: '1', simulated: false },
    ]);
    expect(kept.job).toBeUndefined();
    expect(diskDoubtText(kept)).toContain(`its reinstall job was ended when its wipe had gone out whole: ${ERASED}`);
    expect(diskDoubtText(ended(...wiping))).toBe(diskDoubtText(kept));
    expect(ended().diskDoubt).toBeUndefined();
  });

  test('of what has gone nowhere it tells nothing', () => {
    const done = orderMachines(told(...arm('reinstall')), at(20), { type: 'cancel', nodes: [node] }, ACTOR);
    expect(done.ok && done.value.bodies).toEqual([{ ...cancelled, leavesWaves: true }]);
  });
});

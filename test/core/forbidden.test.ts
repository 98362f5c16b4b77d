import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { forbiddenText } from '../../src/core/forbidden.ts';
import { orderSite } from '../../src/engine/act-site.ts';
import { newsBetween } from '../../src/ui/select/plain-news.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, planOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** PANIC, or a file that protects it, while a machine boots: it gets nothing more, and what it has is told. */

const node = 'node-01';
const e = bodiesOf(node);
const image = (type: 'image.requested' | 'image.sent', which: 'kernel' | 'initrd'): EventBody => ({
  type,
  node,
  image: which,
  totalBytes: 9,
});
const script: readonly Timed[] = [
  [0, armed('reinstall', { plan: planOf('reinstall'), letsEnd: true })],
  [0, stored()],
  [5, e.discover(1)],
  [10, e.script('wipe')],
  [11, image('image.requested', 'kernel')],
  [12, image('image.sent', 'kernel')],
];
const onItsWay: readonly Timed[] = [...script, [13, image('image.requested', 'initrd')]];
const whole: readonly Timed[] = [
  ...onItsWay,
  [14, image('image.sent', 'initrd')],
  [15, { type: 'http.handedOff', node }],
];
const cutOff: EventBody = {
  type: 'image.aborted',
  node,
  image: 'initrd',
  sentBytes: 4,
  reason: 'it may not have it any more',
};
const panic: EventBody = { type: 'site.panicSwitched', on: true, by: ACTOR };
const inFile: EventBody = {
  type: 'inventory.loaded',
  nodes: [specOf(node, { protected: true }), specOf('node-02')],
  site: 'lab',
  hash: 'x',
  warnings: [],
  guards: true,
};

const fleet = fleetOf(specOf(node), specOf('node-02'));
const told = (...events: readonly Timed[]): Fleet => apply(fleet, ...events);
const textOf = (now: Fleet): string | undefined => forbiddenText(now, stateOf(now));
const ERASED = 'its disk is to be taken as erased until a system is seen to run from it';
const WHOLE = `its wipe had gone out whole: ${ERASED}; to power it off stops what it still does`;
const PARTLY = /^the images of its wipe are cut off on their way: if they had reached it whole, it erases its disk/;

describe('what a machine has that is given nothing more', () => {
  test.each<readonly [string, readonly Timed[], string | RegExp | undefined]>([
    ['nothing forbids it', whole, undefined],
    ['PANIC came before its initramfs', [...script, [20, panic]], undefined],
    ['PANIC came in the middle of that', [...onItsWay, [20, panic]], PARTLY],
    ['PANIC cut that off', [...onItsWay, [20, panic], [20, cutOff]], PARTLY],
    ['it asked for its script since', [...onItsWay, [20, panic], [20, cutOff], [24, e.script('local')]], undefined],
    ['PANIC came after all of it', [...whole, [20, panic]], WHOLE],
    ['it was there before it could be cut off', [...onItsWay, [13, panic], [14, image('image.sent', 'initrd')]], WHOLE],
    ['its file protects it since', [...whole, [20, inFile]], WHOLE],
    ['its file protects it in the middle', [...onItsWay, [20, inFile]], PARTLY],
    [
      'its plan is another one since',
      [...whole, [20, { type: 'job.compared', node, job: 'job-1', differs: 'another configuration' }]],
      WHOLE,
    ],
    [
      'PANIC came while it was seen to wipe',
      [...whole, [18, e.phase('wipeDisks')], [20, panic]],
      /^its disk had been wiped, or/,
    ],
    ['PANIC is over', [...whole, [20, panic], [21, { ...panic, on: false }]], undefined],
  ])('where %s', (_, events, text) => {
    const now = textOf(told(...events));
    if (text instanceof RegExp) expect(now).toMatch(text);
    else expect(now).toBe(text);
  });

  test('stands on its row, beside what forbids it', () => {
    const rowsOf = (now: Fleet) => renderRows([toRow(stateOf(now), { fleet: now, nowMs: at(30) })]);
    expect(rowsOf(told(...whole, [20, inFile]))).toContain(`${WHOLE}; protected in the inventory`);
    expect(rowsOf(told(...whole, [20, panic]))).toContain(WHOLE);
  });
});

describe('who presses PANIC', () => {
  const said = (...events: readonly Timed[]) => {
    const done = orderSite(told(...events, [20, { type: 'clock.ticked' }]), at(20), { type: 'panic', on: true }, ACTOR);
    return done.ok ? done.value.said : done.error;
  };
  const PANIC = 'PANIC: every answer is now `local`';

  test('is told whom it does not stop any more', () => {
    expect(said(...script)).toBe(PANIC);
    expect(said(...whole)).toBe(
      `${PANIC}; node-01: its wipe went out whole 6 s ago: it erases its disk, or has erased it, and the machine goes on by itself: power it off now to stop that; ${ERASED}`,
    );
    expect(said(...onItsWay)).toContain(`${PANIC}; node-01: the images of its wipe are cut off on their way`);
  });

  test('and so is whoever hears only what changes', () => {
    const before = told(...whole);
    const news = newsBetween(before, apply(before, [20, panic]));
    expect(news).toEqual([{ node, text: WHOLE }]);
    expect(newsBetween(before, apply(before, [20, inFile]))).toEqual([{ node, text: WHOLE }]);
  });
});

test('who closes the lock is told what was armed through it', () => {
  const glass: Timed = [1, { type: 'site.glassBroken', reason: 'it must be', until: at(900), by: ACTOR }];
  const guarded: Timed = [0, { type: 'operator.protected', node, endsAll: true, by: ACTOR }];
  const arming: readonly Timed[] = [
    [2, armed('reinstall', { plan: planOf('reinstall') })],
    [2, stored()],
  ];
  const mend = (...events: readonly Timed[]) => {
    const done = orderSite(told(...events), at(20), { type: 'mendGlass' }, ACTOR);
    return done.ok ? done.value.said : done.error;
  };
  expect(mend(glass, ...arming)).toBe('locked again');
  expect(mend(guarded, glass, ...arming)).toBe(
    'locked again; node-01 stays armed (reinstall), as that was confirmed before: `crashcart cancel node-01` ends it',
  );
});

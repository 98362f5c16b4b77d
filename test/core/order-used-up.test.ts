import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BmcStatus, BootOverride } from '../../src/core/bmc.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { type BmcOrder, mayPower } from '../../src/core/may-power.ts';
import { findOrder, type OrderFound } from '../../src/core/order-found.ts';
import type { BmcSpec } from '../../src/core/spec.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed, withoutBmc } from './kit.ts';

/** A boot order that firmware uses up in POST: read first, given again at most twice, and nobody's POST is cut off. */

const node = 'node-01';
const spec = specOf(node);
const e = bodiesOf(node);
const MINUTE = 60;
const once: BootOverride = { target: 'pxe', enabled: 'once' };
const disabled: BootOverride = { target: 'none', enabled: 'disabled' };
const later = { expiresAt: at(600 * MINUTE) };
const ordered: readonly Timed[] = [
  [0, armed('install', later)],
  [0, stored()],
  [2, { type: 'bmc.overrideSet', node, job: 'job-1', read: once }],
  [4, { type: 'bmc.resetDone', node, job: 'job-1', action: 'cycle', power: 'on', askedAt: at(3) }],
];
const tick: EventBody = { type: 'clock.ticked' };
const told = (found: OrderFound): EventBody => ({ type: 'bmc.orderRead', node, job: 'job-1', found, read: disabled });
const again = (from: number): readonly Timed[] => [
  [from, told('usedUp')],
  [from + 3, { type: 'bmc.overrideSet', node, job: 'job-1', read: once }],
  [from + 9, { type: 'bmc.resetDone', node, job: 'job-1', action: 'on', power: 'on', askedAt: at(from + 8) }],
];
const looks = (effects: readonly Effect[]) => effects.filter((one) => one.type === 'bmc.bootFromNetwork');

/** Every minute a tick; which minutes a look was ordered in. */
function minutesOfLooks(fleet: Fleet, from: number, to: number): readonly (readonly [number, boolean])[] {
  const found: (readonly [number, boolean])[] = [];
  let now = fleet;
  for (let minute = from; minute <= to; minute += 1) {
    const [next, effects] = reduceAt(now, minute * MINUTE + 5, tick);
    now = next;
    for (const look of looks(effects)) {
      expect(look).toMatchObject({ power: 'offThenOn', fullPayload: true, onlyIfUsedUp: { since: at(4) } });
      if (look.type === 'bmc.bootFromNetwork') found.push([minute, look.onlyIfUsedUp?.trustsSilence ?? false]);
    }
  }
  return found;
}

describe('what became of an order', () => {
  const on = (progress?: string): BmcStatus => ({ power: 'on', ...(progress === undefined ? {} : { progress }) });
  test.each<readonly [string, BootOverride, BmcStatus, OrderFound, OrderFound]>([
    ['used up, and POST is over', disabled, on('OSBootStarted'), 'usedUp', 'usedUp'],
    [
      'used up, and all that an X13 ever tells',
      disabled,
      on('SystemHardwareInitializationComplete'),
      'usedUp',
      'usedUp',
    ],
    ['used up, by an iLO', disabled, on('FinishedPost'), 'usedUp', 'usedUp'],
    ['in POST', disabled, on('MemoryInitializationStarted'), 'inPost', 'inPost'],
    ['in POST by an iLO', disabled, on('InPostDiscoveryStart'), 'inPost', 'inPost'],
    ['in POST with an order that stands', once, on('MemoryInitializationStarted'), 'inPost', 'inPost'],
    ['a person in the setup menu', disabled, on('SetupEntered'), 'inPost', 'inPost'],
    ['a word of the vendor', disabled, on('Updating BIOS'), 'inPost', 'inPost'],
    ['nothing told of POST', disabled, on(), 'unclear', 'usedUp'],
    ['nothing told in words of None', disabled, on('None'), 'unclear', 'usedUp'],
    ['the order stands', once, on('OSBootStarted'), 'stands', 'stands'],
    ['somebody set another', { target: 'other', enabled: 'continuous' }, on(), 'stands', 'stands'],
    ['no word of Enabled', { ...disabled, unclear: true }, on('OSRunning'), 'unclear', 'unclear'],
    ['off', disabled, { power: 'off' }, 'notOn', 'notOn'],
    ['going off', disabled, { power: 'turningOff', progress: 'OSRunning' }, 'notOn', 'notOn'],
  ])('%s', (_name, read, status, early, late) => {
    expect(findOrder(read, status, false)).toBe(early);
    expect(findOrder(read, status, true)).toBe(late);
  });
});

describe('a machine that stays silent after power', () => {
  test('is looked at after fifteen minutes and every five, and its silence alone is trusted after twenty', () => {
    expect(minutesOfLooks(apply(fleetOf(spec), ...ordered), 1, 31)).toEqual([
      [15, false],
      [20, true],
      [25, true],
      [30, true],
    ]);
  });

  test('is asked of a person at once, and not while its BMC tells of POST', () => {
    const silent = apply(fleetOf(spec), ...ordered, [905, tick]);
    expect(stateOf(silent)).toMatchObject({
      health: { is: 'stalled', code: 'NO_PXE' },
      ask: expect.stringMatching(/F12/),
    });
    const inPost = apply(silent, [906, { ...told('inPost'), progress: 'MemoryInitializationStarted' } as EventBody]);
    expect(stateOf(inPost).ask).toBeUndefined();
    expect(stateOf(inPost).health).toMatchObject({
      detail: 'silent for 15 min; its BMC says: still in POST (POST: memory): it is not cut off',
    });
    expect(stateOf(inPost).job?.orderedAgain).toBeUndefined();
    expect(stateOf(apply(inPost, [1210, told('stands')])).ask).toMatch(/F12/);
  });

  test('gets its order again twice at most; then it is for a person', () => {
    const first = apply(fleetOf(spec), ...ordered, [905, tick], ...again(906));
    expect(stateOf(first)).toMatchObject({ phase: { is: 'powering' }, health: { is: 'ok' }, job: { orderedAgain: 1 } });
    const second = apply(first, [1900, tick], ...again(1901));
    expect(stateOf(second).job).toMatchObject({ orderedAgain: 2, override: 'set' });
    const [third, effects] = reduceAt(second, 2900, tick);
    expect(looks(effects)).toEqual([]);
    expect(stateOf(third)).toMatchObject({ health: { code: 'NO_PXE' }, ask: expect.stringMatching(/F12/) });
    expect(looks(reduceAt(third, 9000, tick)[1])).toEqual([]);
  });

  test.each<readonly [string, readonly Timed[]]>([
    ['was heard', [[100, e.discover(1)]]],
    ['has an order that was never read back', []],
    ['is not armed any more', [[890, { type: 'operator.cancelled', node, by: ACTOR }]]],
    ['is held', [[890, { type: 'operator.held', node, why: 'x', by: ACTOR }]]],
  ])('is not looked at when it %s', (name, events) => {
    const from = name.includes('never') ? ordered.filter(([, body]) => body.type !== 'bmc.overrideSet') : ordered;
    expect(minutesOfLooks(apply(fleetOf(spec), ...from, ...events), 2, 40)).toEqual([]);
  });

  test('is not looked at where there is no BMC, nor after a restart of the program', () => {
    const alone = fleetOf(withoutBmc(spec));
    expect(minutesOfLooks(apply(alone, [0, armed('install', later)], [0, stored()]), 1, 40)).toEqual([]);
    const restarted: Timed = [1200, { type: 'engine.started', version: '1', simulated: false }];
    expect(minutesOfLooks(apply(fleetOf(spec), ...ordered, restarted), 21, 60)).toEqual([]);
  });

  test('is not looked at while an order is under way', () => {
    const asked = apply(fleetOf(spec), ...ordered, [905, tick], [906, told('usedUp')]);
    expect(minutesOfLooks(asked, 16, 60)).toEqual([]);
  });
});

describe('before power goes off for it', () => {
  const order: BmcOrder = { wants: 'power', job: 'job-1', bmc: spec.bmc as BmcSpec, silentSince: at(4) };
  const silent = apply(fleetOf(spec), ...ordered, [905, tick]);
  test.each<readonly [string, readonly Timed[], string | undefined]>([
    ['a machine that is silent may be', [[906, told('usedUp')]], undefined],
    ['one that was heard meanwhile may not', [[907, e.discover(1)]], 'held'],
    ['one that was switched on anew may not', again(906), 'held'],
    ['one whose job was cancelled may not', [[907, { type: 'operator.cancelled', node, by: ACTOR }]], 'held'],
    [
      'one whose BMC names another machine may not',
      [
        [
          907,
          {
            type: 'bmc.identityRead',
            node,
            identity: {
              vendor: 'x',
              uuid: '11111111-2222-3333-4444-555555555555',
              macs: [],
              drives: [],
              bootTargets: [],
              canInsertMedia: false,
            },
          },
        ],
      ],
      'notOurs',
    ],
  ])('%s', (_name, events, code) => {
    const may = mayPower(apply(silent, ...events), node, order);
    expect(may.ok ? undefined : may.error.code).toBe(code);
  });
});

test('a look that fails is told, and fails no job', () => {
  const problem = { code: 'timeout', message: 'The BMC took too long.', advice: 'x' } as const;
  const failed: Timed = [907, { type: 'bmc.failed', node, job: 'job-1', step: 'readOrder', problem }];
  const state = stateOf(apply(fleetOf(spec), ...ordered, [905, tick], failed));
  expect(state).toMatchObject({ health: { is: 'stalled', code: 'NO_PXE' }, seen: { bmcProblem: problem.message } });
});

/** A machine and its BMC, minute by minute. */
interface Firmware {
  readonly postMinutes: number;
  /** In which of its starts the order is lost in POST. */
  readonly loses: readonly boolean[];
  readonly takesEarly: boolean;
  readonly tells: boolean;
}

const firmware = fc.record({
  postMinutes: fc.integer({ min: 1, max: 60 }),
  loses: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  takesEarly: fc.boolean(),
  tells: fc.boolean(),
});

/** Follows one job for two hours. Gives how often the power was ordered, and whether it booted from the network. */
function follow({ postMinutes, loses, takesEarly, tells }: Firmware): { orders: number; heard: boolean } {
  let fleet = apply(fleetOf(spec), ...ordered);
  let start = 0;
  let orders = 1;
  for (let minute = 1; minute <= 120; minute += 1) {
    const inPost = minute - start < postMinutes;
    const lost = loses[orders - 1] === true;
    if (!inPost && !lost) return { orders, heard: true };
    const [ticked, effects] = reduceAt(fleet, minute * MINUTE + 10, tick);
    fleet = ticked;
    const read = lost || (takesEarly && inPost) || !inPost ? disabled : once;
    const progress = inPost ? 'MemoryInitializationStarted' : 'OSBootStarted';
    for (const look of looks(effects)) {
      if (look.type !== 'bmc.bootFromNetwork' || look.onlyIfUsedUp === undefined) throw new Error(look.type);
      const { since, trustsSilence } = look.onlyIfUsedUp;
      const found = findOrder(read, { power: 'on', ...(tells ? { progress } : {}) }, trustsSilence);
      const base = { node, job: 'job-1' } as const;
      const second = minute * MINUTE + 11;
      fleet = apply(fleet, [second, { type: 'bmc.orderRead', ...base, found, read }]);
      if (found !== 'usedUp') continue;
      // What must never be: power off in a POST that is told of, or before an order that stands.
      expect([inPost && tells, read.enabled]).toEqual([false, 'disabled']);
      if (inPost) expect(minute - start).toBeGreaterThanOrEqual(20);
      const order: BmcOrder = { wants: 'power', job: 'job-1', bmc: spec.bmc as BmcSpec, silentSince: since };
      expect(mayPower(fleet, node, order)).toMatchObject({ ok: true });
      orders += 1;
      start = minute;
      fleet = apply(
        fleet,
        [second + 1, { type: 'bmc.overrideSet', ...base, read: once }],
        [second + 2, { type: 'bmc.resetDone', ...base, action: 'on', power: 'on', askedAt: at(second + 1) }],
      );
    }
  }
  return { orders, heard: false };
}

test('whatever firmware does, its power is ordered three times at most, and no POST that is told of is cut off', () => {
  fc.assert(
    fc.property(firmware, (one) => {
      const { orders, heard } = follow(one);
      expect(orders).toBeLessThanOrEqual(3);
      // An order that POST keeps is given once, unless nothing tells that POST goes on.
      if (one.loses[0] === false && (one.tells || !one.takesEarly))
        expect({ orders, heard }).toEqual({ orders: 1, heard: true });
      if (!heard)
        expect(one.loses.every((lost) => lost) || (!one.tells && one.takesEarly) || one.postMinutes > 20).toBe(true);
    }),
    { seed: 7, numRuns: 400 },
  );
});

import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { mayPower } from '../../src/core/may-power.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, fleetOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** What PANIC kept from a machine neither comes by itself when it ends, nor is it lost without a word. */

const node = 'node-01';
const e = bodiesOf(node);
const spec = specOf(node);
const panic = (on: boolean): EventBody => ({ type: 'site.panicSwitched', on, by: ACTOR });
const ready: readonly Timed[] = [
  [1, armed('install')],
  [2, stored()],
];

/** The order comes to its BMC: it is asked whether it may go, and how that ended is told. */
function atItsBmc(fleet: Fleet, seconds: number, step: 'override' | 'power' | 'readOrder'): Fleet {
  if (spec.bmc === undefined) throw new Error('no BMC');
  const may = mayPower(fleet, node, { wants: 'power', job: 'job-1', bmc: spec.bmc });
  return may.ok ? fleet : apply(fleet, [seconds, { type: 'bmc.failed', node, job: 'job-1', step, problem: may.error }]);
}

const underPanic = apply(fleetOf(spec), ...ready, [20, panic(true)]);
const heldBack = { is: 'stalled', code: 'HELD_BACK' };

describe('an order that PANIC held back', () => {
  test.each(['override', 'power', 'readOrder'] as const)('at its %s is told with the machine', (step) => {
    const { health } = stateOf(atItsBmc(underPanic, 30, step));
    expect(health).toMatchObject({
      ...heldBack,
      detail: 'Nothing more was sent to its BMC: the panic key was pressed.',
    });
  });

  test('is not given again by the end of PANIC, nor by time: the machine says so until it is retried', () => {
    const [released, onRelease] = reduceAt(atItsBmc(underPanic, 30, 'power'), 40, panic(false));
    expect([onRelease, stateOf(released).health]).toMatchObject([[], heldBack]);
    let fleet = released;
    for (let seconds = 41; seconds < 1700; seconds += 60) {
      const [next, effects] = reduceAt(fleet, seconds, e.tick());
      expect(effects).toEqual([]);
      fleet = next;
    }
    expect(stateOf(fleet).health).toMatchObject(heldBack);
    const [again, orders] = reduceAt(fleet, 1700, e.retry());
    expect(orders).toMatchObject([{ type: 'bmc.bootFromNetwork', job: 'job-1', power: 'cycle' }]);
    expect(stateOf(again).health).toEqual({ is: 'ok' });
  });

  test('is told until the machine is on its way by the wire', () => {
    const fleet = apply(atItsBmc(underPanic, 30, 'power'), [40, panic(false)], [50, e.discover(1)]);
    expect(stateOf(fleet).health).toEqual({ is: 'ok' });
  });

  test('is not forgotten by a release of the machine', () => {
    const fleet = apply(atItsBmc(underPanic, 30, 'power'), [40, { type: 'operator.released', node, by: ACTOR }]);
    expect(stateOf(fleet)).toMatchObject({ health: { is: 'ok' }, ask: expect.stringContaining('crashcart retry') });
  });

  test('explains nothing where the disk is being written by now, or where the machine failed itself', () => {
    const install: readonly Timed[] = [
      [9, e.discover(1)],
      [10, e.script('install')],
      [12, e.initrd()],
      [13, e.sent()],
    ];
    const writing = apply(fleetOf(spec), ...ready, ...install, [14, e.phase('install')], [20, panic(true)]);
    expect(stateOf(atItsBmc(writing, 30, 'power')).health).toEqual({ is: 'ok' });
    const fell = apply(fleetOf(spec), ...ready, ...install, [14, e.panic()], [20, panic(true)]);
    expect(stateOf(atItsBmc(fell, 30, 'power')).health).toMatchObject({ code: 'KERNEL_PANIC' });
  });
});

test('an order for a BMC that the inventory has changed meanwhile is told as well', () => {
  const bmc = { url: 'https://10.0.0.77', username: 'admin', password: { from: 'env', name: 'X' } } as const;
  const nodes = [specOf(node, { bmc })];
  const moved = apply(fleetOf(spec), ...ready, [
    20,
    { type: 'inventory.loaded', nodes, site: 'lab', hash: 'j', warnings: [] },
  ]);
  expect(stateOf(atItsBmc(moved, 30, 'power')).health).toMatchObject(heldBack);
});

test('a retry under PANIC changes nothing, so that nothing says it was retried', () => {
  const stuck = apply(underPanic, [30, e.bmcFailed('unreachable', 'power')]);
  const [after, effects] = reduceAt(stuck, 40, e.retry());
  expect(effects).toEqual([]);
  expect(stateOf(after)).toBe(stateOf(stuck));
  expect(reduceAt(apply(stuck, [50, panic(false)]), 60, e.retry())[1]).toMatchObject([{ type: 'bmc.bootFromNetwork' }]);
});

describe('a machine that asked for its boot under PANIC and was sent to its disk', () => {
  const asks = (xid: number): EventBody => {
    const { offered: _none, ...body } = e.discover(xid) as Extract<EventBody, { type: 'dhcp.firmwareAsked' }>;
    return body;
  };
  const local: EventBody = {
    type: 'http.scriptAsked',
    node,
    address: '10.77.0.1',
    answer: 'local',
    reason: 'panic',
    hardware: {},
  };
  test.each<readonly [string, readonly Timed[], boolean]>([
    [
      'by no offer, is told when PANIC ends',
      [
        [20, panic(true)],
        [30, asks(1)],
      ],
      true,
    ],
    [
      'by its script, is told when PANIC ends',
      [
        [10, e.discover(1)],
        [20, panic(true)],
        [30, local],
      ],
      true,
    ],
    [
      'and asked again once it was over, is not',
      [
        [20, panic(true)],
        [30, asks(1)],
        [45, e.discover(2)],
      ],
      false,
    ],
    [
      'and began before it with an offer, is not',
      [
        [10, e.discover(1)],
        [20, panic(true)],
      ],
      false,
    ],
    [
      'and has no job any more, is not',
      [
        [20, panic(true)],
        [30, asks(1)],
        [35, e.cancel()],
      ],
      false,
    ],
  ])('%s', (_, events, isTold) => {
    const before = events.filter(([seconds]) => seconds < 40);
    const [released, effects] = reduceAt(apply(fleetOf(spec), ...ready, ...before), 40, panic(false));
    expect(effects).toEqual([]);
    const after = apply(released, ...events.filter(([seconds]) => seconds > 40));
    const { health } = stateOf(after);
    expect('code' in health && health.code === 'HELD_BACK').toBe(isTold);
  });
});

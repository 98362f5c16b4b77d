import { describe, expect, test } from 'vitest';
import type { Fleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { createDisarmLog } from '../../src/engine/disarm-log.ts';
import { ACTOR, apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** A machine left, and several files have a name of it: what forbids stands for all that may be it. */

const named = (name: string, mac: number, serial: string): NodeSpec => {
  const { bmc: _bmc, ...spec } = specOf(name, { identity: { macs: [`52:54:00:00:00:0${mac}`], serial } });
  return spec;
};
const gone = named('c6', 6, 'S6');
const other = named('c7', 7, 'S7');
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
    guards: true,
    keepsOrders: true,
  },
];
const PROTECTED: Timed = [
  1,
  { type: 'operator.protected', node: 'c6', why: 'only copy', leavesWaves: true, by: ACTOR },
];
const HELD: Timed = [2, { type: 'operator.held', node: 'c6', why: 'smoke', leavesWaves: true, by: ACTOR }];
const [x1, x2] = [named('x1', 6, 'S-new'), named('x2', 8, 'S6')];
const standing = (fleet: Fleet, name: string) => [stateOf(fleet, name).intent.is, stateOf(fleet, name).guard?.why];
const BOTH = ['hold', 'only copy'];
const FREE = ['observe', undefined];
const lift = (seconds: number, node: string): Timed[] => [
  [seconds, { type: 'operator.unprotected', node, by: ACTOR }],
  [seconds, { type: 'operator.released', node, by: ACTOR }],
];
const base = apply(fleetOf(gone, other), PROTECTED, HELD, load(5, other));
const shared = apply(base, load(8, other, x1, x2));

test('two files that share its names out have it both, say so, and nothing else of it', () => {
  expect([standing(shared, 'x1'), standing(shared, 'x2'), standing(shared, 'c7')]).toEqual([BOTH, BOTH, FREE]);
  const text =
    'inventory: it may be c6, which left it (so may x2): it is held and protected as that was, until somebody lifts it here';
  expect(stateOf(shared, 'x1').evidence.map((line) => line.text)).toEqual([text]);
  const lines: string[] = [];
  const [, body] = load(8, other, x1, x2);
  createDisarmLog(base, ({ node, text: said }) => lines.push(`${node} ${said}`))(
    { ...body, time: at(8) },
    reduceAt(base, 8, body)[0],
  );
  expect(lines.sort()).toEqual([`x1 ${text}`, `x2 ${text.replace('x2', 'x1')}`]);
});

test('so it is where they come in the load by which it leaves', () => {
  const fleet = apply(fleetOf(gone, other), PROTECTED, HELD, load(5, other, x1, x2));
  expect([standing(fleet, 'x1'), standing(fleet, 'x2')]).toEqual([BOTH, BOTH]);
});

test('what was lifted from one stands for the other, and comes back by no load, no new name and no restart', () => {
  const lifted = apply(shared, ...lift(9, 'x2'), load(10, other, x1, x2));
  expect([standing(lifted, 'x1'), standing(lifted, 'x2')]).toEqual([BOTH, FREE]);
  const saved = parseFleet(JSON.parse(fleetText(lifted)));
  if (!saved.ok) throw new Error(saved.error);
  const renamed = apply(
    saved.value,
    load(11, other, { ...x2, name: 'x3' }),
    load(12, other, x1, { ...x2, name: 'x3' }),
  );
  expect([standing(renamed, 'x1'), standing(renamed, 'x3')]).toEqual([BOTH, FREE]);
});

test('one that comes later has it as well, and so has the machine itself when its file is back', () => {
  const third = apply(shared, ...lift(9, 'x1'), ...lift(9, 'x2'), load(10, other, x1, x2, named('x4', 4, 's6')));
  expect([standing(third, 'x1'), standing(third, 'x2'), standing(third, 'x4')]).toEqual([FREE, FREE, BOTH]);
  const back = apply(shared, load(9, other, gone));
  expect(standing(back, 'c6')).toEqual(BOTH);
});

describe('a single one that may be it', () => {
  test('as its file was copied before it was removed, has it too, and it is remembered of nobody else', () => {
    const copy = { ...gone, name: 'x9' };
    const fleet = apply(fleetOf(gone, other), PROTECTED, HELD, load(5, gone, copy, other), load(6, copy, other));
    expect([standing(fleet, 'x9'), fleet.left]).toEqual([BOTH, undefined]);
    expect(standing(apply(fleet, ...lift(7, 'x9'), load(8, copy, other)), 'x9')).toEqual(FREE);
  });

  test('and was armed by then, is refused by its protection', () => {
    const before = apply(base, [6, armed('wipe', { node: 'c7', job: 'j' })], [6, stored('c7', 'j')]);
    const fleet = apply(before, load(8, { ...other, identity: { ...other.identity, serial: 'S6' } }));
    expect(standing(fleet, 'c7')).toEqual(BOTH);
    expect(stateOf(fleet, 'c7').job).toBeUndefined();
  });

  test('of two that left, has what forbids of both', () => {
    const held: Timed = [3, { type: 'operator.held', node: 'c7', why: 'smoke', leavesWaves: true, by: ACTOR }];
    const fleet = apply(fleetOf(gone, other), PROTECTED, held, load(5), load(8, named('x5', 6, 'S7')));
    expect([standing(fleet, 'x5'), fleet.left]).toEqual([BOTH, undefined]);
  });
});

test('an older version that lost it has it again by the first load of this one', () => {
  const { keepsOrders: _new, ...old } = load(8, other, x1, x2)[1] as Extract<
    ReturnType<typeof load>[1],
    { readonly type: 'inventory.loaded' }
  >;
  const lost = apply(base, [8, old]);
  expect([standing(lost, 'x1'), standing(lost, 'x2')]).toEqual([FREE, FREE]);
  const again = apply(lost, load(9, other, x1, x2));
  expect([standing(again, 'x1'), standing(again, 'x2')]).toEqual([BOTH, BOTH]);
});

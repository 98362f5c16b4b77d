import { expect, test } from 'vitest';
import { mayReset } from '../../src/core/arm-node.ts';
import { emptyFleet, type Fleet, nodeOf } from '../../src/core/fleet.ts';
import type { Plan } from '../../src/core/job.ts';
import { type NodeState, newNode } from '../../src/core/node.ts';
import { reduce } from '../../src/core/reduce.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import { specOf } from '../talos/specs.ts';

const plan: Plan = {
  hash: 'h',
  kind: 'reinstall',
  profile: 'talos',
  arch: 'amd64',
  configHash: 'c',
  configChecked: true,
  disk: { sure: true, why: '' },
  kernelArgs: [],
  resetFirst: true,
};
const by = { user: 'u', from: 'test' };
const node = (changes: Partial<NodeState>): NodeState => ({
  ...newNode(specOf({ name: 'a', network: { ip: '10.0.0.1' } }), 0),
  ...changes,
});
const armed = {
  type: 'operator.armed',
  node: 'a',
  job: 'j',
  kind: 'reinstall',
  plan,
  confirmed: 'a',
  expiresAt: 9e6,
  by,
} as const;

function arm(start: NodeState): readonly [Fleet, readonly string[]] {
  const fleet: Fleet = { ...emptyFleet(0), nodes: shardMapOf([['a', start]]) };
  const [one, first] = reduce(fleet, { ...armed, time: 1 });
  const [two, second] = reduce(one, { type: 'job.stored', node: 'a', job: 'j', time: 2 });
  return [two, [...first, ...second].map((effect) => effect.type)];
}

test('a node that runs is told to reset, and its network boot is ordered when that has ended, well or not', () => {
  const [fleet, orders] = arm(node({ phase: { is: 'ready', since: 0 } }));
  expect(orders).toEqual(['talos.reset']);
  expect(mayReset(fleet, 'a', 'j', 3).ok).toBe(true);
  const [after, effects] = reduce(fleet, { type: 'talos.resetEnded', node: 'a', job: 'j', problem: 'no', time: 4 });
  expect(effects.map((one) => one.type)).toEqual(['wake.send']);
  expect(reduce(after, { type: 'talos.resetEnded', node: 'a', job: 'j', time: 5 })[1]).toEqual([]);
});

test('a node that does not run is wiped by its network boot alone', () => {
  expect(arm(node({}))[1]).toEqual(['wake.send']);
});

test('nothing is reset that is not armed by name any more', () => {
  const [fleet] = arm(node({ phase: { is: 'ready', since: 0 } }));
  expect(mayReset(fleet, 'a', 'other', 3)).toMatchObject({ ok: false });
  expect(mayReset(fleet, 'a', 'j', 9e6)).toMatchObject({ ok: false });
  const panic = { ...fleet, switches: { panic: { since: 0, by } } };
  expect(mayReset(panic, 'a', 'j', 3)).toMatchObject({ ok: false });
  const [cancelled] = reduce(fleet, { type: 'operator.cancelled', node: 'a', by, time: 3 });
  expect(nodeOf(cancelled, 'a')?.job).toBeUndefined();
  expect(mayReset(cancelled, 'a', 'j', 3)).toMatchObject({ ok: false });
});

import { expect, test } from 'vitest';
import { dueAt, passTime } from '../../src/core/deadline.ts';
import { type NodeState, newNode } from '../../src/core/node.ts';
import { at, jobOf, planOf, specOf } from './kit.ts';

const MINUTES = 60;

/** A rescue of a system that reports nothing: it asked for an address 100 s in, and last fetched something at 130 s. */
function otherRescue(cameUp: boolean): NodeState {
  const { version: _talos, ...plan } = planOf('rescue');
  return {
    ...newNode(specOf('node-01'), at(0)),
    phase: { is: 'up', since: at(100), by: 'wire' },
    job: jobOf('rescue', { plan }),
    attempt: { number: 1, openedAt: at(60), way: [], cameUp, lastActivityAt: at(130), answered: 'rescue' },
  };
}

test('a rescue of another system is done when it was up and asked for nothing more in five minutes', () => {
  const node = otherRescue(true);
  expect(dueAt(node)).toBe(at(130 + 5 * MINUTES));
  expect(passTime(node, at(130 + 5 * MINUTES - 1)).node.job).toBeDefined();
  const done = passTime(node, at(130 + 5 * MINUTES)).node;
  expect([done.job, done.endedJobs.at(-1)?.outcome, done.health.is]).toEqual([undefined, 'done', 'ok']);
});

test('and is not late for a configuration that it never asks for, however long it runs', () => {
  const done = passTime(otherRescue(true), at(130 + 5 * MINUTES)).node;
  expect(dueAt(done)).toBeUndefined();
});

test('one that never came up keeps its job until that expires', () => {
  const node = otherRescue(false);
  expect(dueAt(node)).toBe(node.job?.expiresAt);
});

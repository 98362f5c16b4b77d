import { describe, expect, test } from 'vitest';
import { mayReset } from '../../src/core/arm-node.ts';
import { diskDoubtText, endingDoubt } from '../../src/core/disk-doubt.ts';
import type { EventBody } from '../../src/core/event.ts';
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

describe('a retry orders the network boot without the reset', () => {
  const retried = { type: 'operator.retried', node: 'a', by } as const;
  const ended = { type: 'talos.resetEnded', node: 'a', job: 'j' } as const;
  const cancelled = { type: 'operator.cancelled', node: 'a', by } as const;
  const MAY = 'Talos on it may have been told already to reset itself, which erases its disk; ';
  const then = (fleet: Fleet, time: number, event: EventBody) => reduce(fleet, { ...event, time });
  const doubt = (fleet: Fleet) => {
    const one = nodeOf(fleet, 'a');
    return one === undefined ? undefined : endingDoubt(one, 1006);
  };
  const afterCancel = (fleet: Fleet) => {
    const one = nodeOf(then(fleet, 1007, cancelled)[0], 'a');
    return one === undefined ? undefined : diskDoubtText(one);
  };
  const [pending] = arm(node({ phase: { is: 'ready', since: 0 } }));
  const [again, orders] = then(pending, 4, retried);

  test('what was not sent by then is not sent any more, and leaves no doubt', () => {
    expect(orders.map((one) => one.type)).toEqual(['wake.send']);
    expect(mayReset(again, 'a', 'j', 5)).toEqual({
      ok: false,
      error: 'its network boot was ordered without it, which wipes by itself',
    });
    const [known, none] = then(again, 5, { ...ended, problem: 'refused' });
    expect([none, doubt(known), afterCancel(known)]).toEqual([[], undefined, undefined]);
    expect(mayReset(known, 'a', 'j', 6).ok).toBe(false);
  });

  test('what was sent before is told, also where its end comes late, or never', () => {
    expect(doubt(again)).toContain(MAY);
    expect(afterCancel(again)).toContain('when its Talos may have been told to reset itself: ');
    const [restarted] = then(again, 5, { type: 'engine.started', version: '1', simulated: false });
    expect(doubt(restarted)).toContain(MAY);
    const [late] = then(pending, 4, { type: 'engine.started', version: '1', simulated: false });
    expect(doubt(then(late, 5, retried)[0])).toContain(MAY);
    for (const how of [ended, { ...ended, problem: 'no answer', sent: true as const }]) {
      const [known, none] = then(again, 1005, how);
      expect([none, doubt(known)]).toEqual([
        [],
        expect.stringContaining('Talos on it was told 0 s ago to reset itself'),
      ]);
      expect(afterCancel(known)).toContain('when its Talos had been told to reset itself: ');
      // A second retry forgets nothing of it.
      expect(afterCancel(then(known, 1006, retried)[0])).toContain('when its Talos had been told to reset itself: ');
    }
  });

  test('also where it boots already when that is known', () => {
    const one = nodeOf(again, 'a');
    if (one === undefined) throw new Error('no machine');
    const down: NodeState = { ...one, phase: { is: 'down', since: 5, why: 'off' } };
    const booting: Fleet = { ...again, nodes: shardMapOf([['a', down]]) };
    expect(afterCancel(then(booting, 6, { ...ended, problem: 'refused' })[0])).toBeUndefined();
    expect(afterCancel(then(booting, 6, ended)[0])).toContain('when its Talos had been told to reset itself: ');
  });

  test('before its arming is on disk nothing was sent', () => {
    const ready = node({ phase: { is: 'ready', since: 0 } });
    const fleet: Fleet = { ...emptyFleet(0), nodes: shardMapOf([['a', ready]]) };
    const [early] = then(then(fleet, 1, armed)[0], 2, retried);
    const [stored, first] = then(early, 3, { type: 'job.stored', node: 'a', job: 'j' });
    expect([doubt(stored), first.map((effect) => effect.type)]).toEqual([undefined, ['wake.send']]);
  });
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

import { expect, test } from 'vitest';
import { renderWave } from '../../src/cli/follow-jobs.ts';
import { emptyFleet, type Wave } from '../../src/core/fleet.ts';
import { ACTOR, at, planOf } from '../core/kit.ts';

const entries = ['node-01', 'node-02'].map((node) => ({ node, job: `j-${node}`, plan: planOf('install') }));

test.each([
  ['running', /0 running, 2 waiting/],
  ['cancelled', /0 running, 2 never begun \(node-01, node-02\): said/],
  ['stopped', /0 running, 2 waiting \(node-01, node-02\): said/],
] as const)('machines of a wave that is %s, and that were not armed', (state, expected) => {
  const wave = {
    id: 'w1',
    kind: 'install',
    state,
    entries,
    canary: 1,
    width: 8,
    stopAfterFailures: 3,
    by: ACTOR,
    startedAt: at(0),
    started: [],
    ended: {},
    why: 'said',
  };
  expect(renderWave(emptyFleet(at(0)), wave as unknown as Wave)).toMatch(expected);
});

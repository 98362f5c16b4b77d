import { expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, at, fleetOf, planOf, specOf } from './kit.ts';

const e = bodiesOf('node-01');

test('a machine that halted says since when, however often Talos says it again', () => {
  const fleet = apply(
    fleetOf(specOf('node-01')),
    [
      0,
      {
        type: 'operator.armed',
        node: 'node-01',
        job: 'j',
        kind: 'install',
        plan: planOf('install'),
        expiresAt: at(9000),
        by: ACTOR,
      },
    ],
    [0, { type: 'job.stored', node: 'node-01', job: 'j' }],
    [10, e.script('install', 'j')],
    [20, { type: 'talos.halted', node: 'node-01' }],
    [25, { type: 'talos.halted', node: 'node-01' }],
    [300, { type: 'talos.halted', node: 'node-01' }],
  );
  expect(nodeOf(fleet, 'node-01')?.health).toMatchObject({ is: 'stalled', code: 'HALTED', since: at(20) });
});

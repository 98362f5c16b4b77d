import { expect, test } from 'vitest';
import { mayArm } from '../../src/core/arm-node.ts';
import { diskRuleNamesOne } from '../../src/talos/disk-rule.ts';
import { ACTOR, at, fleetOf, planOf, specOf, stateOf } from './kit.ts';

const fleet = fleetOf(specOf('node-01'));

function refusal(why: string): string {
  const plan = planOf('install', { disk: { sure: false, why } });
  const ask = {
    node: 'node-01',
    job: 'job-1',
    kind: 'install',
    plan,
    expiresAt: at(600),
    time: at(1),
    by: ACTOR,
  } as const;
  const may = mayArm(fleet, stateOf(fleet), ask);
  return may.ok ? '' : may.error;
}

test.each<readonly [string, Parameters<typeof diskRuleNamesOne>]>([
  ['nothing is recorded', [{ type: 'nvme' }, undefined, false]],
  ['a path alone', [{ path: '/dev/sda' }, undefined, false]],
  ['none that is recorded matches', [{ serial: 'X' }, [{ name: 'sda', sizeBytes: 1, serial: 'Y' }], false]],
])('whoever is refused for his disk is told once to inspect the machine: %s', (_, [rule, disks, allows]) => {
  const named = diskRuleNamesOne(rule, disks, allows);
  const text = refusal(named.ok ? '' : named.error);
  expect(text).toContain('the install disk is not sure: ');
  expect(text.match(/inspect/g)).toHaveLength(1);
});

test('and where the reason does not say it, it is said', () => {
  expect(refusal('it moved')).toBe('the install disk is not sure: it moved; inspect it first');
});

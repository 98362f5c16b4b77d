import { expect, test } from 'vitest';
import type { BmcFailure } from '../../src/core/bmc.ts';
import type { CauseCode } from '../../src/core/cause.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, fleetOf, specOf, stateOf, stored } from './kit.ts';

test.each<readonly [string, BmcFailure, CauseCode | 'none']>([
  ['TLS that is too old, or a CA that did not sign it, is no other certificate', 'tls', 'BMC_TLS'],
  ['a certificate that nobody confirmed is about the pin', 'pinMissing', 'BMC_PIN'],
  ['another certificate is about the pin', 'pinChanged', 'BMC_PIN'],
  ['an order that was stopped from here is no fault of the BMC', 'stopped', 'none'],
  ['an order that is held from here is none either', 'held', 'none'],
  ['a BMC of another machine is a conflict', 'notOurs', 'IDENTITY_CONFLICT'],
  ['silence is silence', 'unreachable', 'BMC_UNREACHABLE'],
  ['a medium that we do not have is no refusal of the BMC', 'noMedium', 'NO_MEDIUM'],
])('%s', (_, code, expected) => {
  const fleet = apply(
    fleetOf(specOf('node-01')),
    [1, armed('install')],
    [2, stored()],
    [
      3,
      {
        type: 'bmc.failed',
        node: 'node-01',
        job: 'job-1',
        step: 'override',
        problem: { code, message: 'seen.', advice: 'try.' },
      },
    ],
  );
  const { health, seen } = stateOf(fleet);
  expect('code' in health ? health.code : 'none').toBe(expected);
  expect(seen.bmcProblem).toBe(code === 'stopped' ? undefined : 'seen.');
});

test('what the BMC refuses now is told where it was the BMC that failed before, and not where the machine did', () => {
  const failed = (code: BmcFailure, step: 'override' | 'power') =>
    ({
      type: 'bmc.failed',
      node: 'node-01',
      job: 'job-1',
      step,
      problem: { code, message: `${code}.`, advice: 'try.' },
    }) as const;
  const armedFleet = apply(fleetOf(specOf('node-01')), [1, armed('install')], [2, stored()]);
  const ofBmc = apply(armedFleet, [3, failed('unreachable', 'override')], [4, failed('credentials', 'override')]);
  expect(stateOf(ofBmc).health).toMatchObject({ code: 'BMC_CREDENTIALS' });
  const e = bodiesOf('node-01');
  const looping = apply(armedFleet, ...[1, 2, 3, 4].map((boot) => [boot * 100, e.discover(boot)] as const));
  expect(stateOf(looping).health).toMatchObject({ code: 'LOOP' });
  for (const late of [failed('notTaken', 'override'), failed('unreachable', 'power')]) {
    const after = stateOf(apply(looping, [500, late]));
    expect(after.health).toEqual(stateOf(looping).health);
    expect(after.seen.bmcProblem).toBe(late.problem.message);
  }
});

import { expect, test } from 'vitest';
import type { BmcFailure } from '../../src/core/bmc.ts';
import type { CauseCode } from '../../src/core/cause.ts';
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
  expect(seen.bmcProblem).toBe('seen.');
});

import { expect, test } from 'vitest';
import { emptyFleet } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';

const at = '/redfish/v1/SessionService/Sessions/1';
const event = (what: 'opened' | 'closed', bmc: string) =>
  ({ type: `session.${what}`, time: 1, bmc, location: at }) as const;

test('two BMCs that count their sessions alike do not hide each other', () => {
  let fleet = emptyFleet(0);
  for (const one of [event('opened', 'https://a'), event('opened', 'https://b'), event('closed', 'https://a')])
    [fleet] = reduce(fleet, one);
  expect(fleet.bmcSessions).toEqual({ [`https://b${at}`]: 'https://b' });
});

test('a session from an older snapshot is closed as well', () => {
  const [fleet] = reduce({ ...emptyFleet(0), bmcSessions: { [at]: 'https://a' } }, event('closed', 'https://a'));
  expect(fleet.bmcSessions).toEqual({});
});

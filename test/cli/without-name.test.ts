import { expect, test } from 'vitest';
import { radarState, withoutName } from '../../src/cli/service-state.ts';

test.each([
  ['TFTP', 'TFTP: UDP 0.0.0.0:69 is taken by another program', 'UDP 0.0.0.0:69 is taken by another program'],
  ['proxyDHCP', 'UDP 0.0.0.0:4011 is taken', 'UDP 0.0.0.0:4011 is taken'],
  ['HTTP', 'HTTPS: no permission', 'HTTPS: no permission'],
])('the name of %s is said once: %s', (name, why, said) => {
  expect(withoutName(name, why)).toBe(said);
});

const ears = [{ address: 'eth1', port: 68 }];
const deaf = 'no ears on eth1 port 68';
const nowhere = 'no network names an interface; other servers are found only by what machines say';
const relayed = 'DHCP port (simulated segments)';
test.each([
  ['with ears is what it listens on', { listens: ears, warnings: [] }, false, { is: 'ok', listens: 'eth1:68' }],
  ['without an interface is off', { listens: [], warnings: [] }, false, { is: 'off', why: nowhere }],
  ['of a simulated rack hears by its relays', { listens: [], warnings: [] }, true, { is: 'ok', listens: relayed }],
  [
    'with an ear too few says so as well',
    { listens: ears, warnings: [deaf] },
    false,
    { is: 'ok', listens: 'eth1:68', warning: deaf },
  ],
  [
    'that got no socket says so, and what comes of it',
    { listens: [], warnings: [deaf] },
    false,
    { is: 'off', why: deaf, advice: 'it is tried again every 10 s, and listens by itself when it can' },
  ],
])('a radar %s', (_, radar, simulated, said) => expect(radarState(radar, simulated)).toEqual(said));

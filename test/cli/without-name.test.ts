import { expect, test } from 'vitest';
import { withoutName } from '../../src/cli/start-servers.ts';

test.each([
  ['TFTP', 'TFTP: UDP 0.0.0.0:69 is taken by another program', 'UDP 0.0.0.0:69 is taken by another program'],
  ['proxyDHCP', 'UDP 0.0.0.0:4011 is taken', 'UDP 0.0.0.0:4011 is taken'],
  ['HTTP', 'HTTPS: no permission', 'HTTPS: no permission'],
])('the name of %s is said once: %s', (name, why, said) => {
  expect(withoutName(name, why)).toBe(said);
});

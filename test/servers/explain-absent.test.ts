import { expect, test } from 'vitest';
import { explainAbsent, isInterfaceThere } from '../../src/servers/explain-absent.ts';
import { findLostAddresses } from '../../src/servers/lost-addresses.ts';
import { bootSite, siteSpec, subnet } from '../netboot/boot-fixture.ts';

const { relay: _relay, ...local } = subnet({ interface: 'none77', subnet: '10.9.77.0/24', address: '10.9.77.1' });

test('an interface that is not there is named, and with it those that are', () => {
  expect(isInterfaceThere('none77')).toBe(false);
  expect(explainAbsent(local, '10.9.77.1')).toMatch(
    /^interface none77 is not there, machines of 10\.9\.77\.0\/24 are not served until it comes; this machine has \S/,
  );
});

test('an interface without the address of its network is told with how it gets it, and which it has', () => {
  expect(explainAbsent({ ...local, interface: 'lo' }, '10.9.77.1')).toBe(
    'lo does not have the address 10.9.77.1, machines of 10.9.77.0/24 are not served: ip addr add 10.9.77.1/24 dev lo',
  );
  expect(explainAbsent({ ...local, interface: 'lo', subnet: '127.0.0.0/24' }, '127.0.0.77')).toBe(
    'lo does not have the address 127.0.0.77, machines of 127.0.0.0/24 are not served: ip addr add 127.0.0.77/24 dev lo, or write address: 127.0.0.1 in _site.yaml, which it has now',
  );
});

test('what nobody listens at is not there yet; a relay reaches us at what this machine has', async () => {
  const site = bootSite(
    siteSpec([
      local,
      subnet({ relay: '10.1.0.1', subnet: '10.1.0.0/16', address: '127.0.0.1' }),
      subnet({ relay: '10.2.0.1', subnet: '10.2.0.0/16', address: '192.0.2.77' }),
    ]),
  );
  const second = { ...local, interface: 'lo', address: '192.0.2.1', subnet: '192.0.2.0/24' };
  const first = { ...local, interface: 'lo', address: '127.0.0.1', subnet: '127.0.0.0/24' };
  const heard = [{ address: '127.0.0.1', port: 67 }];
  expect(await findLostAddresses(bootSite(siteSpec([first, second])), heard)).toEqual([
    'lo does not have the address 192.0.2.1, machines of 192.0.2.0/24 are not served: ip addr add 192.0.2.1/24 dev lo',
  ]);
  expect(await findLostAddresses(site, [])).toEqual([
    expect.stringContaining('interface none77 is not there'),
    '192.0.2.77 is no address of this machine, machines behind the relay 10.2.0.1 are not served: give it to an interface, or correct address: in _site.yaml',
  ]);
});

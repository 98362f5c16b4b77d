import { expect, test } from 'vitest';
import { type Interfaces, withoutLabels } from '../../src/servers/interfaces-here.ts';

test('an address with a label is on the interface itself', () => {
  const of = (address: string) => ({
    address,
    netmask: '255.255.255.0',
    family: 'IPv4' as const,
    mac: '52:54:00:00:00:01',
    internal: false,
    cidr: `${address}/24`,
  });
  const listed: Interfaces = { eth1: [of('10.9.0.1')], 'eth1:0': [of('10.9.5.1')], 'eth2:pxe': [of('10.9.6.1')] };
  expect(withoutLabels(listed)).toEqual({ eth1: [of('10.9.0.1'), of('10.9.5.1')], eth2: [of('10.9.6.1')] });
  expect(withoutLabels({ eth1: [of('10.9.0.1')] })).toEqual({ eth1: [of('10.9.0.1')] });
});

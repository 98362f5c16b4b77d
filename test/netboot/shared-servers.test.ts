import { expect, test } from 'vitest';
import type { NetworkSpec } from '../../src/core/spec.ts';
import { nodeSpec } from './boot-fixture.ts';
import { ip } from './client-packets.ts';
import { createDhcpBench } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const elsewhere = { ip: '10.77.0.33', dns: ['10.77.0.53'], ntp: ['10.77.0.123'] };

test.each<readonly [string, NetworkSpec, string, string]>([
  ['of the network where it asks', { ...elsewhere, ofNetwork: ['dns', 'ntp'] }, '10.9.0.53', '10.9.0.123'],
  ['that it names itself', elsewhere, '10.77.0.53', '10.77.0.123'],
  ['of both', { ...elsewhere, ofNetwork: ['ntp'] }, '10.77.0.53', '10.9.0.123'],
])('a machine whose address is of another network gets the servers %s', (_, network, dns, ntp) => {
  const on = createDhcpBench([nodeSpec('n1', MAC, { network })]);
  expect(on.ask('os', MAC).reply?.packet.options).toMatchObject({ dnsServers: [ip(dns)], ntpServers: [ip(ntp)] });
});

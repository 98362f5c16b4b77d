import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { explainNarrow } from '../../src/servers/explain-narrow.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

const HEAD = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (iface: string, to: string, via: string, flags: string, mask: string) =>
  `${HEAD}${iface}\t${to}\t${via}\t${flags}\t0\t0\t0\t${mask}\t0\t0\t0   \n`;

const on = (cidr: string): NetworkInterfaceInfo => ({
  address: cidr.split('/')[0] ?? '',
  cidr,
  family: 'IPv4',
  netmask: '',
  mac: '',
  internal: false,
});

const explain = (subnet: string, own: readonly string[], routes = '') =>
  explainNarrow(localSubnet({ interface: 'eth1', subnet }), '10.77.0.1', { eth1: own.map(on) }, () => routes);

test('an interface with a longer prefix than its network does not reach all of it: told with both ways out', () => {
  expect(explain('10.77.0.0/24', ['10.77.0.1/28'])).toEqual({
    what: 'eth1 has 10.77.0.1/28 and the network is 10.77.0.0/24: machines outside of 10.77.0.0/28 are not reached by it, and get no boot files',
    advice: 'ip addr replace 10.77.0.1/24 dev eth1, or correct subnet: in _site.yaml',
  });
  expect(explain('10.77.0.0/20', ['10.77.0.1/24'])?.advice).toContain('10.77.0.1/20 dev eth1');
});

test('an interface of another network is told as such: what it has already would not help', () => {
  expect(explain('10.99.0.0/24', ['10.77.0.1/24'])).toEqual({
    what: 'eth1 has 10.77.0.1/24, which is not in 10.99.0.0/24: machines of that network are not reached by it, and get no boot files',
    advice: 'correct subnet: or interface: in _site.yaml, or give eth1 an address of 10.99.0.0/24',
  });
});

const DIRECT = route('eth1', '00004D0A', '00000000', '0001', '00FFFFFF');

test.each<readonly [string, string, readonly string[], string]>([
  ['has the same prefix', '10.77.0.0/24', ['10.77.0.1/24'], ''],
  ['has a wider one', '10.77.0.0/24', ['10.77.0.1/16'], ''],
  ['has another address that reaches the rest', '10.77.0.0/24', ['10.77.0.1/32', '10.77.0.2/24'], ''],
  ['reaches it in two halves', '10.77.0.0/24', ['10.77.0.129/25', '10.77.0.1/25'], ''],
  ['has a route to the network', '10.77.0.0/24', ['10.77.0.1/32'], DIRECT],
  ['has not our address, which is told elsewhere', '10.77.0.0/24', ['10.77.0.9/28'], ''],
  ['is not listed', '10.77.0.0/24', [], ''],
])('an interface that %s is no fault', (_name, subnet, own, routes) => {
  expect(explain(subnet, own, routes)).toBeUndefined();
});

test.each<readonly [string, string]>([
  ['of another interface', route('eth2', '00004D0A', '00000000', '0001', '00FFFFFF')],
  ['by way of a router', route('eth1', '00000000', '024D4D0A', '0003', '00000000')],
  ['to a part', route('eth1', '00004D0A', '00000000', '0001', 'C0FFFFFF')],
  ['that nobody can read', 'nonsense\neth1\t\t00000000\t0001'],
])('a route %s does not make up for it', (_name, routes) => {
  expect(explain('10.77.0.0/24', ['10.77.0.1/28'], routes)).toBeDefined();
});

test('a network behind a relay has no interface of ours', () => {
  const { interface: _none, ...relayed } = localSubnet({ relay: '10.20.0.1', subnet: '10.20.0.0/16' });
  expect(explainNarrow(relayed, '10.77.0.1', { eth1: [on('10.77.0.1/28')] }, () => '')).toBeUndefined();
});

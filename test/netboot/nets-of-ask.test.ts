import { expect, test } from 'vitest';
import type { DhcpArrival } from '../../src/netboot/dhcp-ask.ts';
import { netsOf } from '../../src/netboot/nets-of-ask.ts';
import { arm, bootSite, nodeSpec, siteSpec, subnet } from './boot-fixture.ts';
import { ip, packet, received } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const [SERVER, SECOND, RELAY] = ['10.9.0.1', '10.9.5.1', '10.20.0.1'] as const;
const networks = [
  localSubnet(),
  localSubnet({ address: SECOND, subnet: '10.9.5.0/24', pool: { from: '10.9.5.100', to: '10.9.5.110' } }),
  subnet({ relay: RELAY, address: SERVER, subnet: '10.20.0.0/24' }),
];
const site = bootSite(siteSpec(networks));
const namesOf = (arrival: Partial<DhcpArrival>, giaddr = 0) =>
  netsOf(site, received(packet('uefi', MAC, { giaddr })), { iface: 'eth1', address: 0, port: 68, ...arrival }).map(
    ({ spec }) => spec.subnet,
  );
const away = new Set([ip(SERVER)]);

test('where our address of a network is on another interface, nothing heard is of that network', () => {
  expect(namesOf({})).toEqual(['10.9.0.0/24', '10.9.5.0/24']);
  expect(namesOf({ away })).toEqual(['10.9.5.0/24']);
  expect(namesOf({ away, iface: undefined })).toEqual(['10.9.5.0/24']);
});

test('a relay names its link, wherever our address is', () => {
  expect(namesOf({ away }, ip(RELAY))).toEqual(['10.20.0.0/24']);
  expect(namesOf({ away }, ip('10.9.0.9'))).toEqual(['10.9.0.0/24']);
});

test('an armed machine there is not answered, and told why', () => {
  const on = createDhcpBench([nodeSpec('n1', MAC)], [localSubnet()]);
  arm(on.engine, 'n1', 'install');
  const answer = on.send(packet('uefi', MAC), { away });
  const why = 'its request came in on eth1, which did not have the address 10.9.0.1 that `_site.yaml` names for it';
  expect([answer.reply, answer.silence]).toEqual([undefined, 'network']);
  expect(answer.events).toEqual([{ type: 'dhcp.leftUnanswered', node: 'n1', mac: MAC, why }]);
});

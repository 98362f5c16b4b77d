import { expect, test } from 'vitest';
import type { DhcpArrival } from '../../src/netboot/dhcp-ask.ts';
import { netsOf } from '../../src/netboot/nets-of-ask.ts';
import { arm, bootSite, nodeSpec, siteSpec, subnet } from './boot-fixture.ts';
import { ip, packet, received } from './client-packets.ts';
import { createDhcpBench, localSubnet, shown } from './dhcp-bench.ts';

const [MAC, OTHER] = ['52:54:00:00:00:01', '52:54:00:00:00:02'] as const;
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

test.each(['os', 'uefi'] as const)(
  'what the %s has in a network that is away is neither refused nor replaced',
  (kind) => {
    const on = createDhcpBench([nodeSpec('n1', MAC), nodeSpec('n2', OTHER)], networks);
    const had = on.dora(kind, MAC);
    expect(had).toBe(ip('10.9.0.100'));
    const asks = [
      packet(kind, MAC, { ciaddr: had }, { messageType: 'request' }),
      packet(kind, MAC, {}, { messageType: 'request', requestedAddress: had }),
      packet(kind, MAC, {}, { messageType: 'request', requestedAddress: had, serverId: ip(SERVER) }),
      packet(kind, MAC),
    ];
    for (const ask of asks) expect(on.send(ask, { away })).toMatchObject({ silence: 'network', events: [], pool: [] });
    // Who has nothing there may have an address of the other, and keeps it while the first is away again.
    expect(shown(on.send(packet(kind, OTHER), { away }))).toBe('offer 10.9.5.100 -> broadcast');
    const requestedAddress = ip('10.9.5.100');
    const takes = packet(kind, OTHER, {}, { messageType: 'request', requestedAddress, serverId: ip(SECOND) });
    expect(shown(on.send(takes, { away }))).toBe('ack 10.9.5.100 -> broadcast');
    const again = packet(kind, OTHER, {}, { messageType: 'request', requestedAddress });
    expect(shown(on.send(again, { away }))).toBe('ack 10.9.5.100 -> broadcast');
    // Back, it is as it was.
    expect(asks.map((ask) => shown(on.send(ask)))).toEqual([
      expect.stringMatching(/^ack 10\.9\.0\.100 /),
      'ack 10.9.0.100 -> broadcast',
      'ack 10.9.0.100 -> broadcast',
      'offer 10.9.0.100 -> broadcast',
    ]);
  },
);

test('an `ip:` in a network that is away is waited for; one in the other is given', () => {
  const [here, there] = ['10.9.5.50', '10.9.0.50'].map((at) => ({ network: { ip: at, dns: [], ntp: [] } }));
  const on = createDhcpBench([nodeSpec('n1', MAC, there), nodeSpec('n2', OTHER, here)], networks);
  arm(on.engine, 'n1', 'install');
  const answer = on.send(packet('uefi', MAC), { away });
  expect([answer.reply, answer.silence]).toEqual([undefined, 'network']);
  const why = 'its request came in on eth1, which did not have the address 10.9.0.1 that `_site.yaml` names for it';
  expect(answer.events).toEqual([{ type: 'dhcp.leftUnanswered', node: 'n1', mac: MAC, why }]);
  expect(shown(on.send(packet('uefi', OTHER), { away }))).toBe('offer 10.9.5.50 -> broadcast');
});

test('a relay is answered for an address of a network whose wire here is away', () => {
  const on = createDhcpBench([nodeSpec('n1', MAC)], networks);
  const had = on.dora('os', MAC);
  const rebind = packet('os', MAC, { ciaddr: had, giaddr: ip('10.9.0.9') }, { messageType: 'request' });
  expect(shown(on.send(rebind, { away }))).toMatch(/^ack 10\.9\.0\.100 /);
});

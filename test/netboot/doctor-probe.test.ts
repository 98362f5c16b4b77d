import { expect, test } from 'vitest';
import { DOCTOR_NAME } from '../../src/netboot/doctor-probe.ts';
import type { DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { nodeSpec, subnet } from './boot-fixture.ts';
import { ip, packet } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const PROBE = '02:77:00:00:00:99';
const OWN = '10.9.0.1';
const nodes = [nodeSpec('n1', '52:54:00:00:00:01')];
const relayed = subnet({ relay: '10.20.0.1', subnet: '10.20.0.0/24', pool: { from: '10.20.0.5', to: '10.20.0.9' } });
const probe = (change: Partial<DhcpPacket> = {}, options: DhcpOptions = {}) =>
  packet('uefi', PROBE, change, { hostName: DOCTOR_NAME, ...options });

const bench = (isDiscovering: boolean, net = localSubnet()) => {
  const on = createDhcpBench(nodes, [net, relayed]);
  const by = { user: 'u', from: 'f', screen: 's' };
  if (isDiscovering) on.engine.emit({ type: 'site.discoverySwitched', by, until: on.engine.now() + 60_000 });
  on.engine.events.length = 0;
  return on;
};

test('what doctor asks on this host is no machine: it is not noted, and counted as what it is', () => {
  const on = bench(false);
  const answer = on.send(probe(), { from: OWN });
  expect(answer).toMatchObject({ silence: 'probe', events: [], pool: [] });
  expect(answer.reply).toBeUndefined();
  expect(on.engine.fleet().strangers.size).toBe(0);
});

test('while discovery is on it is answered as a machine is, and keeps no address', () => {
  const on = bench(true);
  const offer = on.send(probe(), { from: OWN }).reply?.packet;
  expect([offer?.options.messageType, offer?.yiaddr, offer?.siaddr]).toEqual(['offer', ip('10.9.0.100'), ip(OWN)]);
  expect(on.engine.events).toEqual([]);
  expect(on.pool.counts(on.engine.now())).toEqual({ offered: 0, leased: 0, declined: 0 });
  // The same firmware from elsewhere gets the same.
  expect(on.ask('uefi', PROBE).reply?.packet).toMatchObject({ yiaddr: offer?.yiaddr, file: offer?.file });
});

test('beside another server too', () => {
  const { pool: _pool, ...proxied } = localSubnet({ dhcp: 'proxy' });
  const on = bench(true, proxied);
  expect(on.send(probe(), { from: OWN }).reply?.packet.options.messageType).toBe('offer');
  expect(on.engine.events).toEqual([]);
});

test.each<readonly [string, DhcpPacket, string]>([
  ['that takes its name', probe(), '0.0.0.0'],
  ['that takes its name and has another address', probe(), '10.9.0.7'],
  ['that sends from our address without its name', probe({}, { hostName: 'talos' }), OWN],
  ['that comes by a relay', probe({ giaddr: ip('10.20.0.1') }), OWN],
  ['that wants an address', probe({}, { messageType: 'request', requestedAddress: ip('10.9.0.100') }), OWN],
])('a stranger %s is listed', (_name, sent, from) => {
  const on = bench(false);
  expect(on.send(sent, { from }).silence).toBe('stranger');
  expect(on.engine.fleet().strangers.size).toBe(1);
});

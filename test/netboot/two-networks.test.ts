import { expect, test } from 'vitest';
import { leasesOfMac } from '../../src/core/lease.ts';
import { createMachineId } from '../../src/protocols/dhcp/structured-codecs.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { nodeSpec, subnet } from './boot-fixture.ts';
import { ip } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, localSubnet, shown } from './dhcp-bench.ts';

/** One MAC in two networks: VLANs of one NIC, or a bond with a tagged and an untagged network. */

const MAC = '52:54:00:00:00:03';
const OTHER = '52:54:00:00:00:02';
const RELAY = '10.20.0.1';
const BEHIND = { giaddr: ip(RELAY) };
const US = ip('10.9.0.1');
const THIRD = '52:54:00:00:00:01';
const machines = [nodeSpec('n3', MAC), nodeSpec('n2', OTHER), nodeSpec('n1', THIRD)];
const networks = [
  localSubnet(),
  subnet({
    relay: RELAY,
    address: '10.9.0.1',
    subnet: '10.20.0.0/24',
    gateway: RELAY,
    pool: { from: '10.20.0.100', to: '10.20.0.101' },
  }),
];

function doraBehind(on: DhcpBench, mac: string): string {
  const requestedAddress = on.ask('os', mac, BEHIND).reply?.packet.yiaddr;
  if (requestedAddress === undefined) return 'no offer';
  return shown(on.ask('os', mac, BEHIND, { messageType: 'request', requestedAddress, serverId: US }));
}

const leased = (on: DhcpBench, mac = MAC) => leasesOfMac(on.engine.fleet(), mac).map(({ address }) => address);

test('what was acknowledged in one network is given to nobody because its MAC asks in another one', () => {
  const on = createDhcpBench(machines, networks);
  expect(doraBehind(on, MAC)).toBe('ack 10.20.0.100 -> 10.20.0.1:67');
  expect(shown(on.ask('os', MAC))).toBe('offer 10.9.0.100 -> broadcast');
  expect(doraBehind(on, OTHER)).toBe('ack 10.20.0.101 -> 10.20.0.1:67');
  // Two addresses are all that the pool has.
  expect(doraBehind(on, THIRD)).toBe('no offer');
  expect(leased(on)).toEqual(['10.20.0.100']);
});

test('renewals in both are acknowledged in turn, and both addresses are known as its own', () => {
  const on = createDhcpBench(machines, networks);
  const here = on.dora('os', MAC);
  doraBehind(on, MAC);
  const there = ip('10.20.0.100');
  for (let round = 0; round < 3; round += 1) {
    const keeps = { messageType: 'request' } as const;
    expect(shown(on.ask('os', MAC, { ciaddr: here }, keeps))).toBe('ack 10.9.0.100 -> 10.9.0.100:68');
    expect(shown(on.ask('os', MAC, { ...BEHIND, ciaddr: there }, keeps))).toMatch(/^ack 10\.20\.0\.100 /);
    // Who was seen at either is no unknown machine.
    for (const address of [here, there]) expect(on.pool.slotAt(address)).toMatchObject({ key: MAC, state: 'leased' });
  }
  expect(leased(on)).toEqual(['10.9.0.100', '10.20.0.100']);
});

const ends: readonly (readonly ['release' | 'decline', (address: number) => readonly [object, object]])[] = [
  ['release', (ciaddr) => [{ ciaddr }, {}]],
  ['decline', (requestedAddress) => [{}, { requestedAddress }]],
];
test.each(ends)('a %s ends the lease that it names, and not the other one', (messageType, naming) => {
  const on = createDhcpBench(machines, networks);
  const here = on.dora('os', MAC);
  doraBehind(on, MAC);
  const [change, options] = naming(here);
  on.ask('os', MAC, change, { messageType, serverId: US, ...options });
  expect(leased(on)).toEqual(['10.20.0.100']);
  expect(on.pool.heldBy(MAC, here, on.engine.now())).toBeUndefined();
  expect(on.pool.heldBy(MAC, ip('10.20.0.100'), on.engine.now())?.leased).toBe(true);
});

test('an offer that is refused in one network leaves what was offered in another', () => {
  const on = createDhcpBench(machines, networks);
  const here = on.ask('os', MAC).reply?.packet.yiaddr ?? 0;
  const wrong = { messageType: 'request', requestedAddress: ip('10.99.0.9') } as const;
  expect(shown(on.ask('os', MAC, BEHIND, wrong))).toMatch(/^nak/);
  expect(on.pool.heldIn(on.site.nets[0] ?? expect.fail('no net'), MAC, on.engine.now())).toBe(here);
});

test('a machine that the inventory knows by its UUID is itself in the second network too', () => {
  const uuid = '07070707-0707-0707-0707-070707070707';
  const on = createDhcpBench([nodeSpec('n1', MAC, { identity: { macs: [], uuid } })], networks);
  const machineId = createMachineId(uuid);
  for (const where of [{}, BEHIND]) {
    const requestedAddress = on.ask('uefi', MAC, where, { machineId }).reply?.packet.yiaddr ?? 0;
    on.ask('uefi', MAC, where, { machineId, messageType: 'request', requestedAddress, serverId: US });
  }
  expect(leasesOfMac(on.engine.fleet(), MAC)).toMatchObject([
    { address: '10.9.0.100', node: 'n1' },
    { address: '10.20.0.100', node: 'n1' },
  ]);
});

test('with a second subnet on one link it goes on in the one that it has, or wishes where it has both', () => {
  const second = localSubnet({ subnet: '10.9.10.0/24', pool: { from: '10.9.10.100', to: '10.9.10.110' } });
  const on = createDhcpBench(machines, [localSubnet(), second]);
  const wish = ip('10.9.10.107');
  const offered = (requestedAddress?: number) =>
    renderIpv4(
      on.ask('os', MAC, {}, requestedAddress === undefined ? {} : { requestedAddress }).reply?.packet.yiaddr ?? 0,
    );
  expect(offered(wish)).toBe('10.9.10.107');
  on.ask('os', MAC, {}, { messageType: 'request', requestedAddress: wish, serverId: US });
  expect(offered()).toBe('10.9.10.107');
  // Where the link has both, say after a reload, its own word decides.
  const [net] = on.site.nets;
  const first = ip('10.9.0.120');
  const ask = { node: 'n3', fixed: undefined, wish: undefined, key: MAC, at: on.engine.now() };
  on.pool.apply({ do: 'lease', address: first, ask: { ...ask, net: net ?? expect.fail('no net') }, until: 9e15 });
  expect([offered(wish), offered(first)]).toEqual(['10.9.10.107', '10.9.0.120']);
});

import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import type { NodeState } from '../../src/core/node.ts';
import { addressTrouble, notAtIpText } from '../../src/core/not-at-ip.ts';
import { nodeSpec, subnet } from './boot-fixture.ts';
import { ip, packet } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, localSubnet, shown } from './dhcp-bench.ts';

/** A machine whose `ip:` somebody else had when it asked. */

const [MAC, SECOND, HOLDER] = ['52:54:00:00:00:01', '52:54:00:00:00:11', '52:54:00:00:00:02'] as const;
const OWN = '10.9.0.100';
const n1 = nodeSpec('n1', MAC, { identity: { macs: [MAC, SECOND] }, network: { ip: OWN, dns: [], ntp: [] } });
const n2 = nodeSpec('n2', HOLDER);

function benchWhereAnotherHasIt(): DhcpBench {
  const on = createDhcpBench([n2]);
  expect(on.dora('os', HOLDER)).toBe(ip(OWN));
  on.engine.load([n1, n2]);
  return on;
}

function machine(on: DhcpBench): NodeState {
  const node = nodeOf(on.engine.fleet(), 'n1');
  if (node === undefined) throw new Error('no n1');
  return node;
}
const told = (on: DhcpBench) => notAtIpText(on.engine.fleet(), machine(on), on.engine.now());

test('it is told on its page who has it, and in its log, until it is there', () => {
  const on = benchWhereAnotherHasIt();
  on.dora('uefi', MAC);
  const why = `it is leased to ${HOLDER} (n2)`;
  expect(told(on)).toBe(`it has 10.9.0.101 and not its ip ${OWN}: ${why}`);
  expect(addressTrouble(on.engine.fleet(), machine(on), on.engine.now())).toBe(told(on));
  const renewed = on.ask('os', MAC, { ciaddr: ip('10.9.0.101') }, { messageType: 'request' });
  expect(renewed.reason).toContain(`leased 10.9.0.101 for`);
  expect(renewed.reason).toContain(`, and not its ip ${OWN}: ${why}`);
  on.ask('os', HOLDER, { ciaddr: ip(OWN) }, { messageType: 'release' });
  on.ask('os', MAC, { ciaddr: ip('10.9.0.101') }, { messageType: 'request' });
  expect(told(on)).toContain('that is free by now, and it gets it when it asks anew');
  expect(on.dora('os', MAC)).toBe(ip(OWN));
  expect(told(on)).toBeUndefined();
});

test('whatever stands there unknown is named by its MAC, where that was seen', () => {
  const on = createDhcpBench([n1]);
  const [net] = on.site.nets;
  if (net === undefined) throw new Error('no network');
  const at = on.engine.now();
  on.pool.markSeen({ net, address: ip(OWN), mac: '52:54:00:99:99:99', at });
  on.dora('os', MAC);
  expect(told(on)).toBe(`it has 10.9.0.101 and not its ip ${OWN}: an unknown machine uses it (52:54:00:99:99:99)`);
});

test('its other NIC, that has it or takes another one, is nothing to tell', () => {
  const on = createDhcpBench([n1]);
  expect(on.dora('os', MAC)).toBe(ip(OWN));
  expect(on.dora('os', SECOND)).not.toBe(ip(OWN));
  expect(told(on)).toBeUndefined();
});

test('it is over when that lease is, and when its file names another address', () => {
  const on = benchWhereAnotherHasIt();
  on.dora('os', MAC);
  const node = machine(on);
  const spec = { ...node.spec, network: { ip: '10.9.0.150', dns: [], ntp: [] } };
  const fleet = on.engine.fleet();
  expect(notAtIpText(fleet, { ...node, spec }, on.engine.now())).toBeUndefined();
  expect(notAtIpText(fleet, node, on.engine.now() + 365 * 86_400_000)).toBeUndefined();
});

describe('its other NIC, that keeps an address of another network outside of the pool there', () => {
  const far = subnet({
    relay: '10.20.0.1',
    gateway: '10.20.0.1',
    subnet: '10.20.0.0/24',
    pool: { from: '10.20.0.100', to: '10.20.0.199' },
  });
  const renews = (on: DhcpBench) =>
    shown(
      on.send(packet('os', SECOND, { ciaddr: ip('10.20.0.9') }, { messageType: 'request' }), { from: '10.20.0.9' }),
    );

  test('is no reason to write another `ip:` into its file', () => {
    const on = createDhcpBench([n1], [localSubnet(), far]);
    expect(on.dora('os', MAC)).toBe(ip(OWN));
    expect(renews(on)).toBe('ack 10.20.0.9 -> 10.20.0.9:68');
    expect(told(on)).toBeUndefined();
  });

  test('leaves what is told of the first one', () => {
    const on = createDhcpBench([n2], [localSubnet(), far]);
    on.dora('os', HOLDER);
    on.engine.load([n1, n2]);
    on.dora('os', MAC);
    const before = told(on);
    expect(renews(on)).toBe('ack 10.20.0.9 -> 10.20.0.9:68');
    expect(told(on)).toBe(before);
    expect(before).toContain(`and not its ip ${OWN}`);
  });

  test('is told of a machine that has no `ip:`, until its file names one', () => {
    const plain = nodeSpec('n1', MAC, { identity: { macs: [MAC, SECOND] } });
    const on = createDhcpBench([plain], [localSubnet(), far]);
    renews(on);
    expect(told(on)).toContain('to let it keep it, write `ip: 10.20.0.9` into its file');
    on.engine.load([n1]);
    expect(told(on)).toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { notAtIpText } from '../../src/core/not-at-ip.ts';
import type { DhcpAnswer } from '../../src/netboot/dhcp-ask.ts';
import { nodeSpec, subnet } from './boot-fixture.ts';
import { ip, packet } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, shown } from './dhcp-bench.ts';

/** A machine that runs at an address which another server gave it, when this one takes over. */

const [MAC, OTHER, STRANGER] = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:77'] as readonly [
  string,
  string,
  string,
];
const OLD = '10.9.0.54';
const WHY =
  'outside of the pool (10.9.0.100-10.9.0.199): it keeps that while it renews it, and gets another one when it asks anew';
const n1 = nodeSpec('n1', MAC);
const withIp = (name: string, mac: string, address: string) =>
  nodeSpec(name, mac, { network: { ip: address, dns: [], ntp: [] } });

const renew = (on: DhcpBench, address = OLD, { from = address, mac = MAC, giaddr = 0 } = {}): DhcpAnswer =>
  on.send(packet('os', mac, { ciaddr: ip(address), giaddr }, { messageType: 'request' }), { from });
const told = (on: DhcpBench) => {
  const node = nodeOf(on.engine.fleet(), 'n1') ?? expect.fail('no n1');
  return notAtIpText(on.engine.fleet(), node, on.engine.now());
};

describe('a machine of the inventory that renews where it runs', () => {
  test('keeps that outside of the pool, and its row says so', () => {
    const on = createDhcpBench([n1]);
    const answer = renew(on);
    expect(shown(answer)).toBe(`ack ${OLD} -> ${OLD}:68`);
    expect(answer.reason).toContain(`leased ${OLD} for 3600 s, ${WHY}`);
    expect(told(on)).toBe(`it has ${OLD}, ${WHY}; to let it keep it, write \`ip: ${OLD}\` into its file`);
    expect(shown(renew(on))).toBe(`ack ${OLD} -> ${OLD}:68`);
    expect(on.dora('os', MAC)).toBe(ip('10.9.0.100'));
    expect(told(on)).toBeUndefined();
  });

  test('is told no more when its file names that address', () => {
    const on = createDhcpBench([n1]);
    renew(on);
    on.engine.load([withIp('n1', MAC, OLD)]);
    expect(told(on)).toBeUndefined();
    expect(renew(on).reason).not.toContain('outside');
  });

  test('keeps it beside an `ip:` too, which it gets when it asks anew', () => {
    const on = createDhcpBench([withIp('n1', MAC, '10.9.0.12')]);
    expect(shown(renew(on))).toBe(`ack ${OLD} -> ${OLD}:68`);
    expect(told(on)).toBe(
      `it has ${OLD} and not its ip 10.9.0.12: that is free by now, and it gets it when it asks anew`,
    );
    expect(on.dora('os', MAC)).toBe(ip('10.9.0.12'));
  });

  test.each<readonly [string, (on: DhcpBench) => DhcpAnswer]>([
    ['its router', (on) => renew(on, '10.9.0.254')],
    ['our own address', (on) => renew(on, '10.9.0.1')],
    ['the broadcast address', (on) => renew(on, '10.9.0.255')],
    ['what the inventory gives to another one', (on) => renew(on, '10.9.0.20')],
    ['where it does not speak from', (on) => renew(on, OLD, { from: '0.0.0.0' })],
    [
      'another one than it has from us',
      (on) => {
        on.dora('os', MAC);
        return renew(on);
      },
    ],
    [
      'what another machine has from us',
      (on) => {
        renew(on, OLD, { mac: OTHER });
        return renew(on);
      },
    ],
  ])('is refused %s', (_, answer) => {
    const on = createDhcpBench([n1, nodeSpec('n2', OTHER), withIp('n3', '52:54:00:00:00:03', '10.9.0.20')]);
    expect(shown(answer(on))).toBe('nak -> broadcast');
  });

  test.each([60, 1])('keeps it beside an offer of %i s ago that it did not take', (seconds) => {
    const on = createDhcpBench([n1]);
    expect(shown(on.ask('uefi', MAC))).toMatch(/^offer 10\.9\.0\.100/);
    on.engine.advance(seconds * 1000);
    expect(shown(renew(on))).toBe(`ack ${OLD} -> ${OLD}:68`);
    expect(on.pool.counts(on.engine.now())).toMatchObject({ offered: 0, leased: 1 });
  });

  test('keeps what it has from us outside of the pool beside one', () => {
    const on = createDhcpBench([n1]);
    renew(on);
    expect(shown(on.ask('uefi', MAC))).toMatch(/^offer 10\.9\.0\.100/);
    expect(shown(renew(on))).toBe(`ack ${OLD} -> ${OLD}:68`);
  });

  test('keeps it beside an offer behind a relay', () => {
    const far = subnet({
      relay: '10.20.0.1',
      gateway: '10.20.0.1',
      subnet: '10.20.0.0/24',
      pool: { from: '10.20.0.100', to: '10.20.0.199' },
    });
    const on = createDhcpBench([n1], [far]);
    const asks = packet('os', MAC, { giaddr: ip('10.20.0.1') }, { messageType: 'discover' });
    expect(shown(on.send(asks, { from: '10.20.0.1' }))).toMatch(/^offer/);
    expect(shown(renew(on, '10.20.0.9'))).toBe('ack 10.20.0.9 -> 10.20.0.9:68');
  });

  test('keeps it behind a relay', () => {
    const far = subnet({ relay: '10.20.0.1', gateway: '10.20.0.1', subnet: '10.20.0.0/24' });
    const on = createDhcpBench([n1], [far]);
    expect(shown(renew(on, '10.20.0.9'))).toBe('ack 10.20.0.9 -> 10.20.0.9:68');
    const rebinds = createDhcpBench([n1], [far]);
    expect(shown(renew(rebinds, '10.20.0.9', { from: '10.20.0.1', giaddr: ip('10.20.0.1') }))).toContain('ack');
  });
});

test('a stranger is left alone, and one that a UUID alone names must ask anew', () => {
  const uuid = '4c4c4544-0042-3510-8052-b9c04f4e3732';
  const on = createDhcpBench([nodeSpec('n1', MAC, { identity: { macs: [MAC], uuid } })]);
  expect(shown(renew(on, OLD, { mac: STRANGER }))).toMatch(/^silence: a stranger/);
  const named = on.send(
    packet(
      'uefi',
      STRANGER,
      { ciaddr: ip(OLD) },
      { messageType: 'request', machineId: { raw: new Uint8Array(17), uuid } },
    ),
    { from: OLD },
  );
  expect(shown(named)).not.toContain('ack');
});

import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { readAnswer, readRival } from '../../src/netboot/read-rival.ts';
import type { DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { nodeSpec } from './boot-fixture.ts';
import { type ClientKind, ip, packet, received } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

/** What is told of a machine whose address is another server's to give. */

const MAC = '52:54:00:00:00:01';
const nodes = [nodeSpec('n1', MAC)];
const bench = (dhcp: 'authoritative' | 'proxy' = 'proxy') => createDhcpBench(nodes, [localSubnet({ dhcp })]);

test.each<
  readonly [string, ClientKind, 'authoritative' | 'proxy', Partial<DhcpPacket>, 'heard' | 'unheard' | undefined]
>([
  ['firmware that wants its answer by broadcast', 'uefi', 'proxy', {}, 'heard'],
  ['iPXE', 'ipxe', 'proxy', {}, 'heard'],
  ['firmware that takes it alone', 'uefi', 'proxy', { broadcast: false }, 'unheard'],
  ['behind a relay', 'uefi', 'proxy', { giaddr: ip('10.9.0.254') }, 'unheard'],
  ['where addresses are ours', 'uefi', 'authoritative', {}, undefined],
])('whether an offer to it would be heard: %s', (_, kind, dhcp, change, expected) => {
  const [event] = bench(dhcp).ask(kind, MAC, change).events;
  expect(event).toMatchObject({ node: 'n1' });
  expect(event !== undefined && 'beside' in event ? event.beside : undefined).toBe(expected);
});

describe('who took its address', () => {
  const takes = { messageType: 'request', serverId: ip('10.9.0.2'), requestedAddress: ip('10.9.0.150') } as const;
  test.each([
    ['uefi', false],
    ['http', undefined],
    ['bios', undefined],
  ] as const)('%s has not come to port 4011 yet, where its firmware does', (kind, port4011) => {
    const [event] = bench().ask(kind, MAC, {}, takes).events;
    expect(event).toMatchObject({ type: 'dhcp.firmwareTook', via: 'proxy' });
    expect(event !== undefined && 'port4011' in event ? event.port4011 : undefined).toBe(port4011);
  });

  test.each(['uefi', 'bios'] as const)('%s came there', (kind) => {
    const sent = packet(kind, MAC, { ciaddr: ip('10.9.0.150') }, { messageType: 'request' });
    const [event] = bench().send(sent, { port: 4011, from: '10.9.0.150' }).events;
    expect(event).toMatchObject({ type: 'dhcp.firmwareTook', via: 'proxy', port4011: true });
  });
});

describe('the offer of the server that gives the addresses', () => {
  const on = (dhcp: 'authoritative' | 'proxy' = 'proxy') => bench(dhcp);
  const heard = (
    { engine, site }: Pick<ReturnType<typeof bench>, 'engine' | 'site'>,
    change: Partial<DhcpPacket> = {},
    options: Parameters<typeof packet>[3] = {},
    mac = MAC,
  ): readonly EventBody[] => {
    const told = { messageType: 'offer', serverId: ip('10.9.0.2'), ...options } as const;
    const answer = readAnswer(received(packet('os', mac, { op: 'reply', yiaddr: ip('10.9.0.150'), ...change }, told)));
    if (answer === undefined) return [];
    return readRival(engine.fleet(), site, answer, { address: '10.9.0.2', mac: '', iface: 'eth1' });
  };
  const OFFERED = { type: 'dhcp.addressOffered', node: 'n1', server: '10.9.0.2', address: '10.9.0.150' };
  const asking = (dhcp: 'authoritative' | 'proxy' = 'proxy') => {
    const one = on(dhcp);
    for (const event of one.ask('uefi', MAC).events) one.engine.emit(event);
    return one;
  };

  test('is told once, while its machine asks', () => {
    const one = asking();
    expect(heard(one)).toEqual([OFFERED]);
    for (const event of heard(one)) one.engine.emit(event);
    expect(heard(one)).toEqual([]);
  });

  test.each<readonly [string, () => readonly EventBody[]]>([
    ['of a machine that does not ask', () => heard(on())],
    ['its ACK', () => heard(asking(), {}, { messageType: 'ack' })],
    ['an offer without an address', () => heard(asking(), { yiaddr: 0 })],
    ['to somebody unknown', () => heard(asking(), {}, {}, '52:54:00:00:00:99')],
  ])('is not told: %s', (_, events) => {
    expect(events()).toEqual([]);
  });

  test('is told of a rival too, who gives an address beside his boot file', () => {
    const types = heard(asking(), { file: 'pxelinux.0' }).map(({ type }) => type);
    expect(types).toEqual(['dhcp.addressOffered', 'rival.heard', 'dhcp.rivalAnswered']);
  });

  test('and of none where the addresses are ours to give', () => {
    const types = heard(asking('authoritative')).map(({ type }) => type);
    expect(types).toEqual(['rival.heard', 'dhcp.rivalAnswered']);
  });
});

import { describe, expect, test } from 'vitest';
import type { DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { nodeSpec, subnet } from './boot-fixture.ts';
import { ip } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, shown } from './dhcp-bench.ts';

/** Each of two relays forwards what a machine broadcasts, and puts itself in our place (RFC 5107, sub-option 11). */

const MAC = '52:54:00:00:00:03';
const [A, B, C] = ['10.20.0.1', '10.20.0.2', '10.20.0.3'];
const net = subnet({ relay: A, subnet: '10.20.0.0/24', pool: { from: '10.20.0.50', to: '10.20.0.60' }, gateway: A });
const site = (): DhcpBench => createDhcpBench([nodeSpec('n3', MAC)], [net]);

const via = (relay: string, options: DhcpOptions = {}): readonly [Partial<DhcpPacket>, DhcpOptions] => [
  { giaddr: ip(relay), hops: 1 },
  { ...options, relayInfo: { raw: Uint8Array.from([11, 4, ...relay.split('.').map(Number)]) } },
];
const takes = (id: string): DhcpOptions => ({
  messageType: 'request',
  serverId: ip(id),
  requestedAddress: ip('10.20.0.50'),
});
/** What was said to it, under which id, and what of other servers. */
const said = (on: DhcpBench, change: Partial<DhcpPacket>, options: DhcpOptions) => {
  const answer = on.ask('uefi', MAC, change, options);
  const id = renderIpv4(answer.reply?.packet.options.serverId ?? 0);
  const rivals = answer.events.filter(({ type }) => type === 'rival.heard' || type === 'dhcp.rivalAnswered');
  return [`${shown(answer)} by ${id}`, ...rivals.map(({ type }) => type)];
};
const leased = (relay: string, id: string) => [`ack 10.20.0.50 -> ${relay}:67 by ${id}`];

describe('a REQUEST that names one relay and comes by both', () => {
  test.each([
    ['the one that it names first', [A, B], A],
    ['the other one first', [B, A], A],
    ['the other one first, and neither is written down', [C, B], B],
  ])('%s: both get the lease, under the id that it named', (_, relays, named) => {
    const on = site();
    for (const relay of relays.toSorted()) on.ask('uefi', MAC, ...via(relay));
    for (const relay of relays) expect(said(on, ...via(relay, takes(named)))).toEqual(leased(relay, named));
    expect(on.engine.fleet().rivals).toEqual({});
  });

  test('and again in its next boot, while the lease runs', () => {
    const on = site();
    on.ask('uefi', MAC, ...via(C));
    expect(said(on, ...via(C, takes(C)))).toEqual(leased(C, C));
    for (const relay of [B, C]) on.ask('uefi', MAC, ...via(relay));
    expect(said(on, ...via(C, takes(B)))).toEqual(leased(C, B));
  });

  test('or comes once without what its relay puts in', () => {
    const on = site();
    on.ask('uefi', MAC, ...via(C));
    expect(said(on, ...via(C, takes(C)))).toEqual(leased(C, C));
    expect(said(on, { giaddr: ip(C), hops: 1 }, takes(C))).toEqual(leased(C, C));
  });

  test('of a start before this one: the relay of the site is in our place here', () => {
    expect(said(site(), ...via(B, takes(A)))).toEqual(leased(B, A));
  });

  test('what it gives back or declines is ours too', () => {
    const on = site();
    for (const relay of [B, C]) on.ask('uefi', MAC, ...via(relay));
    on.ask('uefi', MAC, ...via(C, takes(B)));
    const declined = on.ask('uefi', MAC, ...via(C, { ...takes(B), messageType: 'decline' }));
    expect(declined.reason).toBe('10.20.0.50 is in use by somebody else: kept back for 10 minutes');
  });
});

describe('another server is one still', () => {
  test('that none of our offers was under, behind relays that put themselves in our place', () => {
    const on = site();
    for (const relay of [A, B]) on.ask('uefi', MAC, ...via(relay));
    const [answer, ...rivals] = said(on, ...via(A, takes('9.9.9.9')));
    expect([answer, rivals]).toEqual([
      'silence: it took the offer of 9.9.9.9 by 0.0.0.0',
      ['dhcp.rivalAnswered', 'rival.heard'],
    ]);
  });

  test('that is the relay itself, where it leaves our place to us: a router with a DHCP server of its own', () => {
    const on = site();
    on.ask('uefi', MAC, { giaddr: ip(A), hops: 1 });
    expect(said(on, { giaddr: ip(A), hops: 1 }, takes(A)).slice(1)).toEqual(['dhcp.rivalAnswered', 'rival.heard']);
  });
});

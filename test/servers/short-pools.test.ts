import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpOptions } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createDhcpDesk } from '../../src/servers/dhcp-desk.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

const macOf = (index: number): string => `52:54:00:00:00:${index.toString(16).padStart(2, '0')}`;
const FIRST = '10.9.0.100';
const IP_OF_N7 = { ip: '10.9.0.44', dns: [], ntp: [] };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Six machines and one with two NICs and an `ip:`, none of them armed, and a pool of one address until it is made larger. */
function openDesk(hasPool = true) {
  const nodes = [1, 2, 3, 4, 5, 6].map((index) => nodeSpec(`n${index}`, macOf(index)));
  nodes.push(nodeSpec('n7', macOf(7), { identity: { macs: [macOf(7), macOf(8)] }, network: IP_OF_N7 }));
  const engine = createTestEngine(nodes);
  const siteWith = (to: string) => bootSite(siteSpec([localSubnet({ pool: { from: FIRST, to } })]), '10.9.0.1');
  const { pool: _pool, ...bare } = localSubnet();
  let site = hasPool ? siteWith(FIRST) : bootSite(siteSpec([bare]), '10.9.0.1');
  let offered = 0;
  const socket = {
    send: (bytes: Uint8Array, at: number, size: number) => {
      const reply = decodeDhcp(bytes.subarray(at, at + size));
      if (reply.ok) offered = reply.value.yiaddr;
    },
    getSendQueueCount: () => 0,
  };
  const roads = { broadcast: socket, routed: socket, neighbour: socket };
  const desk = createDhcpDesk({
    engine,
    site: () => site,
    ...NOBODY_ARMED,
    addresses: createAddressBook(engine.fleet()),
    onLog: () => undefined,
  });
  const send = (mac: string, options: DhcpOptions = {}): void => {
    const sent = packet('os', mac);
    const bytes = encodeDhcp({ ...sent, options: { ...sent.options, ...options } });
    desk.receive({ iface: 'eth1', asked: undefined, roadsFrom: () => roads }, bytes, '0.0.0.0', 68);
    vi.advanceTimersByTime(1);
  };
  return {
    desk,
    engine,
    net: () => site.nets[0] ?? expect.fail('no network'),
    discover: (mac: string) => send(mac),
    dora: (mac: string) => {
      send(mac);
      send(mac, { messageType: 'request', requestedAddress: offered, serverId: ip('10.9.0.1') });
    },
    enlarge: () => {
      site = siteWith('10.9.0.120');
    },
  };
}

const MORE = ': give that network a larger pool: in _site.yaml, or machines an ip: outside of it';

test('machines of the inventory that get no address are counted and named, until there is room', () => {
  const on = openDesk();
  on.dora(macOf(1));
  expect(on.desk.short()).toBeUndefined();
  on.discover(macOf(2));
  on.discover(macOf(2));
  const used = 'the pool of 10.9.0.0/24 is used up, ';
  expect(on.desk.short()).toBe(`${used}1 machine of the inventory got no address (n2)${MORE}`);
  for (const index of [3, 4, 5, 6]) on.discover(macOf(index));
  expect(on.desk.short()).toBe(`${used}5 machines of the inventory got no address (n2, n3, n4, n5 and 1 more)${MORE}`);
  on.discover('52:54:00:99:99:99');
  expect(on.desk.short()).toContain('5 machines');
  on.enlarge();
  on.dora(macOf(2));
  expect(on.desk.short()).toContain('4 machines of the inventory got no address (n3, n4, n5, n6)');
  on.engine.advance(10_000);
  expect(on.desk.short()).toBeUndefined();
});

test('of a network without a pool it is said what is missing', () => {
  const on = openDesk(false);
  on.discover(macOf(2));
  expect(on.desk.short()).toBe(
    '10.9.0.0/24 has no pool, 1 machine of the inventory got no address (n2): write pool: for that network in _site.yaml, or ip: in their files',
  );
  on.enlarge();
  on.engine.advance(10_000);
  expect(on.desk.short()).toBeUndefined();
});

test('of machines whose own ip: cannot be given it is said that, and not to write one', () => {
  const on = openDesk(false);
  const net = on.net();
  on.desk.pool.markSeen({ net, address: ip(IP_OF_N7.ip), mac: macOf(99), at: on.engine.now() });
  on.discover(macOf(7));
  const own =
    '1 machine of the inventory got no address (n7): its `ip:` in 10.9.0.0/24 cannot be given, and there is no pool to help out: find who is there, or write pool: for that network in _site.yaml';
  expect(on.desk.short()).toBe(own);
  on.discover(macOf(2));
  expect(on.desk.short()).toBe(
    `10.9.0.0/24 has no pool, 1 machine of the inventory got no address (n2): write pool: for that network in _site.yaml, or ip: in their files; ${own}`,
  );
});

test.each([
  ['without a pool', false],
  ['whose pool is used up', true],
])('on a network %s the second NIC of a machine that has an address is no news', (_, hasPool) => {
  const on = openDesk(hasPool);
  if (hasPool) on.dora(macOf(1));
  on.dora(macOf(7));
  on.discover(macOf(8));
  expect(on.desk.short()).toBeUndefined();
  on.discover(macOf(2));
  expect(on.desk.short()).toContain('1 machine of the inventory got no address (n2)');
});

test('who asks no more is no news for long', () => {
  const on = openDesk();
  on.dora(macOf(1));
  on.discover(macOf(2));
  on.engine.advance(9 * 60_000);
  expect(on.desk.short()).toContain('(n2)');
  on.engine.advance(60_000);
  expect(on.desk.short()).toBeUndefined();
});

import { expect, test } from 'vitest';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createCaptureRing } from '../../src/servers/capture-ring.ts';
import { createDhcpDesk } from '../../src/servers/dhcp-desk.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';

const MAC = '52:54:00:1a:bd:0a';
const SERVER = '127.0.0.1';

test.each([
  ['a broadcast', undefined, '0.0.0.0', '255.255.255.255', SERVER],
  ['a broadcast of a machine that has an address', undefined, '127.77.0.150', '255.255.255.255', SERVER],
  [
    'a unicast, to another address of ours than its network names,',
    ip('127.0.0.9'),
    '127.77.0.150',
    '127.0.0.9',
    '127.0.0.9',
  ],
])('%s is kept as what it was', (_, asked, from, to, by) => {
  const engine = createTestEngine([nodeSpec('n1', MAC)], true);
  const { relay: _relay, ...net } = subnet({ interface: 's0', address: SERVER });
  const site = bootSite(siteSpec([net]));
  const kept: (readonly [number, number])[] = [];
  const desk = createDhcpDesk({
    engine,
    site: () => site,
    ...NOBODY_ARMED,
    addresses: createAddressBook(engine.fleet()),
    onLog: () => undefined,
    captures: {
      ...createCaptureRing(),
      keep: (_node, { source, destination }) => kept.push([source.address, destination.address]),
    },
  });
  const socket = { send: () => undefined, getSendQueueCount: () => 0 };
  const roads = { broadcast: socket, routed: socket, neighbour: socket };
  desk.receive({ iface: 's0', asked, roadsFrom: () => roads }, encodeDhcp(packet('uefi', MAC)), from, 68);
  expect(kept).toEqual([
    [ip(from), ip(to)],
    [ip(by), ip('255.255.255.255')],
  ]);
});

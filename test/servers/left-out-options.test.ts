import { expect, test } from 'vitest';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createCaptureRing } from '../../src/servers/capture-ring.ts';
import { createDhcpDesk } from '../../src/servers/dhcp-desk.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { packet } from '../netboot/client-packets.ts';

/** Options of the inventory for which a machine has no room. */

const MAC = '52:54:00:1a:bd:0a';
const { relay: _relay, ...NET } = subnet({ interface: 's0', address: '127.0.0.1' });
const site = bootSite(siteSpec([{ ...NET, options: [{ code: 224, hex: '41'.repeat(250) }] }]));

function saidAfter(...sizes: readonly number[]): readonly string[] {
  const engine = createTestEngine([nodeSpec('n1', MAC)], true);
  const said: string[] = [];
  const desk = createDhcpDesk({
    engine,
    site: () => site,
    ...NOBODY_ARMED,
    addresses: createAddressBook(engine.fleet()),
    onLog: ({ node, level, text }) => {
      if (level === 'warn') said.push(`${node}: ${text}`);
    },
    captures: createCaptureRing(),
  });
  const socket = { send: () => undefined, getSendQueueCount: () => 0 };
  const roads = { broadcast: socket, routed: socket, neighbour: socket };
  for (const maxMessageSize of sizes) {
    const asked = packet('uefi', MAC, {}, { maxMessageSize, requestedCodes: Uint8Array.of(1, 3, 6, 224) });
    desk.receive({ iface: 's0', asked: undefined, roadsFrom: () => roads }, encodeDhcp(asked), '0.0.0.0', 68);
  }
  return said;
}

test('are told by their codes, once for many requests, with the way out; none takes less than 576 bytes', () => {
  expect(saidAfter(300, 300, 300)).toEqual([
    `n1: ${MAC} got its answer without option 224: it takes 576 bytes; shorten what \`options:\` gives it`,
  ]);
  expect(saidAfter(1500)).toEqual([]);
});

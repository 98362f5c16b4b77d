import { expect, test } from 'vitest';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createDhcpDesk } from '../../src/servers/dhcp-desk.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { packet } from '../netboot/client-packets.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** Option 82 that a switch of our own wire wrote, where the site does not say that it does. */

const MAC = '52:54:00:1a:bd:0a';

function saidAfter(circuits: readonly string[], snooping = false, mac = '52:54:00:99:99:99'): readonly string[] {
  const engine = createTestEngine([
    nodeSpec('n1', MAC),
    nodeSpec('n2', '52:54:00:00:00:02', { identity: { macs: [], switchPort: 'ge-2' } }),
  ]);
  const site = bootSite(siteSpec([localSubnet(snooping ? { snooping } : {})]));
  const said: string[] = [];
  const desk = createDhcpDesk({
    engine,
    site: () => site,
    ...NOBODY_ARMED,
    addresses: createAddressBook(engine.fleet()),
    onLog: ({ level, text }) => {
      if (text.includes('82')) said.push(`${level} ${text}`);
    },
  });
  const socket = { send: () => undefined, getSendQueueCount: () => 0 };
  const roads = { broadcast: socket, routed: socket, neighbour: socket };
  for (const circuit of circuits) {
    const raw = Buffer.concat([Buffer.from([1, circuit.length]), Buffer.from(circuit)]);
    const asked = packet('uefi', mac, {}, { relayInfo: { raw } });
    desk.receive({ iface: 'eth1', asked: undefined, roadsFrom: () => roads }, encodeDhcp(asked), '0.0.0.0', 68);
  }
  return said;
}

const WAY_OUT =
  'it is not believed there, as they could write it themselves: if the switches write it (DHCP snooping), `snooping: true` for that network in _site.yaml believes it';

test('is told once of an interface, and as a warning once where a machine is on record at that port', () => {
  expect(saidAfter(['ge-1', 'ge-3', 'ge-2', 'ge-2'])).toEqual([
    `info what machines ask on eth1 names a switch port (option 82: ge-1); ${WAY_OUT}`,
    `warn what machines ask on eth1 names a switch port (option 82: ge-2, where a machine of the inventory is on record); ${WAY_OUT}`,
  ]);
});

test('is no news where it is believed, and of a machine that is known without', () => {
  expect(saidAfter(['ge-1', 'ge-2'], true)).toEqual([]);
  expect(saidAfter(['ge-1', 'ge-2'], false, MAC)).toEqual([]);
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LogLine } from '../../src/core/ports.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { decodeDhcp } from '../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpType } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createDhcpDesk } from '../../src/servers/dhcp-desk.ts';
import { arm, bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { type ClientKind, packet } from '../netboot/client-packets.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A desk with one machine, and what it told since it was last asked. */
function openDesk() {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const net = localSubnet();
  const site = bootSite(siteSpec([net]), '10.9.0.1');
  const lines: LogLine[] = [];
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
    onLog: (line) => lines.push(line),
  });
  const from = engine.events.length;
  const told = () => engine.events.slice(from).map(({ type }) => type);
  const ask = (kind: ClientKind, messageType: DhcpType, xid = 7) => {
    const asked = packet(kind, MAC, { xid });
    const taking = messageType === 'request' ? { requestedAddress: offered, serverId: site.nets[0]?.server ?? 0 } : {};
    const bytes = encodeDhcp({ ...asked, xid, options: { ...asked.options, ...taking, messageType } });
    desk.receive({ iface: net.interface, asked: undefined, roadsFrom: () => roads }, bytes, '0.0.0.0', 68);
    // What this turn of the loop has to send and to tell.
    vi.advanceTimersByTime(0);
  };
  return { engine, desk, ask, told, lines };
}

test.each<readonly [ClientKind, string, string]>([
  [
    'uefi',
    'dhcp.firmwareTook',
    'firmware 52:54:00:00:00:01 arch=7: leased 10.9.0.100 for 3600 s, ipxe.efi (local: not armed)',
  ],
  [
    'ipxe',
    'dhcp.ipxeAsked',
    'iPXE 52:54:00:00:00:01: leased 10.9.0.100 for 3600 s, http://10.9.0.1/boot.ipxe (local: not armed)',
  ],
  ['os', 'dhcp.osAsked', 'system 52:54:00:00:00:01: leased 10.9.0.100 for 3600 s'],
])('an offer to %s that is taken at once is told with the lease, as one event and one line', (kind, event, line) => {
  const { ask, told, lines, engine } = openDesk();
  ask(kind, 'discover');
  ask(kind, 'request');
  vi.runAllTimers();
  expect(told()).toEqual([event]);
  expect(lines.map(({ text }) => text)).toEqual([line]);
  expect(engine.events.at(-1)).toMatchObject(
    kind === 'uefi' ? { asked: { arch: 7, xid: 7, offered: 'ipxe.efi' } } : {},
  );
});

test('an offer that nobody takes is told within 50 ms', () => {
  const { ask, told } = openDesk();
  ask('uefi', 'discover');
  vi.advanceTimersByTime(24);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(26);
  expect(told()).toEqual(['dhcp.firmwareAsked']);
});

test('what is asked again, or taken in another transaction, is answered in the light of what was asked before', () => {
  const { ask, told } = openDesk();
  ask('uefi', 'discover', 1);
  ask('uefi', 'discover', 2);
  expect(told()).toEqual(['dhcp.firmwareAsked']);
  ask('uefi', 'request', 3);
  expect(told()).toEqual(['dhcp.firmwareAsked', 'dhcp.firmwareAsked', 'dhcp.firmwareTook']);
});

test('of an armed machine each word is told at once, also where it was armed between the two', () => {
  const armed = openDesk();
  arm(armed.engine, 'n1', 'install');
  const begun = armed.told().length;
  armed.ask('uefi', 'discover');
  expect(armed.told().slice(begun)).toEqual(['dhcp.firmwareAsked']);
  const meanwhile = openDesk();
  meanwhile.ask('uefi', 'discover');
  arm(meanwhile.engine, 'n1', 'install');
  meanwhile.ask('uefi', 'request');
  expect(meanwhile.told().slice(-2)).toEqual(['dhcp.firmwareAsked', 'dhcp.firmwareTook']);
});

test('a server that stops tells what it has not told', () => {
  const { ask, told, desk } = openDesk();
  ask('uefi', 'discover');
  desk.stop();
  expect(told()).toEqual(['dhcp.firmwareAsked']);
});
